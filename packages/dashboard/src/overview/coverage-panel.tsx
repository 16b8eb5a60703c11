import { useQuery } from '@tanstack/react-query'
import type { Coverage } from '../api.ts'
import { count, counted, jsonText, labelOf } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { coverageQuery } from '../queries.ts'
import styles from './overview.module.css'

/** Whether missing decisions would be noticed. */
export function CoveragePanel() {
  const { data, error } = useQuery(coverageQuery)
  return (
    <Panel title="Coverage" aside={data && counted(data.recorded, 'decision')}>
      {error !== null && <Failed error={error} />}
      {error === null && data === undefined && <Waiting lines={2} />}
      {data !== undefined && (data.status === 'undeclared' ? <Undeclared /> : <Emitters coverage={data} />)}
    </Panel>
  )
}

function Undeclared() {
  return (
    <div className={styles['said']}>
      <p className={styles['undeclared']}>undeclared</p>
      <p>
        No source numbers its records yet, so a decision that never arrived would leave no gap to see. What
        arrived is counted; what did not is unknown.
      </p>
    </div>
  )
}

function Emitters({ coverage: { status, emitters } }: { readonly coverage: Coverage }) {
  const names = [...new Set(emitters.flatMap((emitter) => Object.keys(emitter)))]
  return (
    <div className={styles['wide']} tabIndex={0} role="region" aria-label="Emitters">
      <p className={styles['said']}>{labelOf(status)}</p>
      <table className={styles['grid']}>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name}>{labelOf(name)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {emitters.map((emitter, row) => (
            <tr key={row}>
              {names.map((name) => {
                const value = emitter[name]
                return <td key={name}>{typeof value === 'number' ? count(value) : jsonText(value)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
