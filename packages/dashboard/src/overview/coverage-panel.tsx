import { useQuery } from '@tanstack/react-query'
import type { Coverage, CoverageStatus } from '../api.ts'
import { count, counted } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { coverageQuery } from '../queries.ts'
import styles from './overview.module.css'

const MEANING: Record<CoverageStatus, string> = {
  undeclared:
    'Not every source numbers its records, so a decision that never arrived may leave no gap to see. What arrived is counted; what did not is unknown.',
  complete: 'Every source numbers its records, and no number between its first and its last is missing.',
  gaps: 'Sources numbered records that never arrived here.',
}

/** Whether missing decisions would be noticed. */
export function CoveragePanel() {
  const { data, error } = useQuery(coverageQuery)
  return (
    <Panel title="Coverage" aside="all entries">
      {error !== null && <Failed error={error} />}
      {error === null && data === undefined && <Waiting lines={2} />}
      {data !== undefined && (
        <div className={styles['said']}>
          <Status status={data.status} />
          <p>{MEANING[data.status]}</p>
        </div>
      )}
      {data !== undefined && <Systems coverage={data} />}
      {data !== undefined && data.emitters.length > 0 && <Emitters coverage={data} />}
    </Panel>
  )
}

function Status({ status }: { readonly status: CoverageStatus }) {
  return (
    <span className={styles['status']} data-status={status}>
      {status}
    </span>
  )
}

function Systems({ coverage: { systems } }: { readonly coverage: Coverage }) {
  return (
    <ul className={styles['sources']}>
      {systems.map(({ system, status, entries, unnumbered }) => (
        <li key={system}>
          <span>{system}</span>
          <span>
            {unnumbered === 0
              ? `${counted(entries, 'entry', 'entries')}, all numbered`
              : `${count(unnumbered)} of ${counted(entries, 'entry', 'entries')} without a number`}
          </span>
          {status === 'gaps' && <Status status={status} />}
        </li>
      ))}
    </ul>
  )
}

function Emitters({ coverage: { emitters } }: { readonly coverage: Coverage }) {
  return (
    <ul className={styles['sources']} aria-label="Emitters">
      {emitters.map(({ emitter, epoch, firstSeq, lastSeq, missing }) => (
        <li key={`${emitter} ${epoch}`}>
          <span>
            <code>{emitter}</code> epoch {epoch}
          </span>
          <span>
            {count(firstSeq)} to {count(lastSeq)}:{' '}
            {missing === 0 ? 'none missing' : `${count(missing)} missing`}
          </span>
        </li>
      ))}
    </ul>
  )
}
