import { useQuery } from '@tanstack/react-query'
import type { Coverage, CoverageFinding } from '../api.ts'
import { count, counted, percent } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { coverageQuery, emittersQuery } from '../queries.ts'
import styles from './coverage.module.css'
import { CounterPanel } from './counter-panel.tsx'
import { EmitterPanel } from './emitter-panel.tsx'
import { CoverageSaid } from './said.tsx'

const FINDINGS_SHOWN = 12

/** What is known of missing records: source by source, and against the counts of others. */
export function CoveragePage() {
  const coverage = useQuery(coverageQuery())
  const emitters = useQuery(emittersQuery())
  const error = coverage.error ?? emitters.error
  const isWaiting = coverage.data === undefined || emitters.data === undefined
  return (
    <div className={styles['page']}>
      <h1>Coverage</h1>
      {error !== null && <Failed error={error} />}
      {error === null && isWaiting && <Waiting lines={8} />}
      {coverage.data !== undefined && <Summary coverage={coverage.data} />}
      {coverage.data?.counters.map((counter) => (
        <CounterPanel key={counter.counter} counter={counter} />
      ))}
      {emitters.data?.items.map((emitter) => (
        <EmitterPanel key={emitter.emitter} emitter={emitter} />
      ))}
    </div>
  )
}

function Summary({ coverage }: { readonly coverage: Coverage }) {
  const { counters, emitters, findings, share } = coverage
  const telling = findings.filter(({ severity }) => severity !== 'info')
  return (
    <Panel
      title="What would be noticed"
      aside={share === null ? 'share unknown' : `${percent(share.value)} recorded`}
    >
      <CoverageSaid coverage={coverage} />
      {share !== null && (
        <p className={styles['note']}>
          {count(share.recorded)} of {counted(share.declared, 'numbered record')} are here; the rest is
          missing or declared lost.
        </p>
      )}
      {emitters.length === 0 && counters.length === 0 && (
        <Nothing title="No source numbers its records">
          <p>
            Decisions recorded through the SDK are numbered. Counts of a gateway or a provider can be declared
            as external counters and are then held against the records, hour by hour.
          </p>
        </Nothing>
      )}
      {telling.length > 0 && <Findings findings={telling} />}
    </Panel>
  )
}

function Findings({ findings }: { readonly findings: readonly CoverageFinding[] }) {
  const shown = findings.slice(0, FINDINGS_SHOWN)
  return (
    <ul className={styles['findings']} aria-label="Findings">
      {shown.map(({ severity, code, message }) => (
        <li key={`${code} ${message}`} data-severity={severity}>
          <code>{code}</code>
          <span>{message}</span>
        </li>
      ))}
      {findings.length > shown.length && <li>{count(findings.length - shown.length)} more</li>}
    </ul>
  )
}
