import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Coverage } from '../api.ts'
import { count, counted, percent } from '../display.ts'
import { CoverageSaid } from '../coverage/said.tsx'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { SuppressedNote } from '../elements/suppressed.tsx'
import { coverageQuery } from '../queries.ts'
import styles from './overview.module.css'

/** Whether missing decisions would be noticed. */
export function CoveragePanel() {
  const { data, error } = useQuery(coverageQuery())
  return (
    <Panel title="Coverage" aside={<Link to="/coverage">all sources</Link>}>
      {error !== null && <Failed error={error} />}
      {error === null && data === undefined && <Waiting lines={2} />}
      {data !== undefined && <CoverageSaid coverage={data} />}
      {data !== undefined && <Systems coverage={data} />}
      {data !== undefined && <Sources coverage={data} />}
      <SuppressedNote of={data?.suppressed} />
    </Panel>
  )
}

function Systems({ coverage: { systems } }: { readonly coverage: Coverage }) {
  return (
    <ul className={styles['sources']}>
      {systems
        .filter(({ decisions }) => decisions > 0)
        .map(({ system, decisions, unnumberedDecisions }) => (
          <li key={system}>
            <span>{system}</span>
            <span>{numberedText(decisions, unnumberedDecisions)}</span>
          </li>
        ))}
    </ul>
  )
}

function numberedText(decisions: number, without: number | null): string {
  const all = counted(decisions, 'decision')
  if (without === null) return `${all}, too few to say how many carry a number`
  return without === 0 ? `${all}, all numbered` : `${count(without)} of ${all} without a number`
}

/** One line for numbers, one for the counts of others: what is missing by each. */
function Sources({ coverage: { emitters, counters, share } }: { readonly coverage: Coverage }) {
  const missing = emitters.reduce((sum, emitter) => sum + emitter.missing, 0)
  const lost = emitters.reduce((sum, emitter) => sum + emitter.lost, 0)
  const differing = counters.reduce(
    (sum, { verdicts }) => sum + verdicts.observed_no_record + verdicts.record_no_observation,
    0,
  )
  if (emitters.length === 0 && counters.length === 0) return null
  return (
    <ul className={styles['sources']} aria-label="Sources">
      {emitters.length > 0 && (
        <li>
          <span>{counted(emitters.length, 'emitter')}</span>
          <span>
            {count(missing)} missing, {count(lost)} declared lost
            {share !== null && `, ${percent(share.value)} recorded`}
          </span>
        </li>
      )}
      {counters.length > 0 && (
        <li>
          <span>{counted(counters.length, 'external counter')}</span>
          <span>
            {differing === 0
              ? 'none differs'
              : counted(differing, 'reading that differs', 'readings that differ')}
          </span>
        </li>
      )}
    </ul>
  )
}
