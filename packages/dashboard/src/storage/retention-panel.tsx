import { useQuery } from '@tanstack/react-query'
import { counted } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { Fact, Facts } from './facts.tsx'
import { periodText, systemsInForce } from './kept.ts'
import type { RetentionInForce } from './kept.ts'
import { retentionQuery } from './storage-queries.ts'
import styles from './storage.module.css'

const FINDINGS_SHOWN = 4

/** By which policies content is kept and goes. */
export function RetentionPanel() {
  const { data, error, refetch } = useQuery(retentionQuery())
  const isSet = data ? Object.keys(data.systems).length > 0 : false
  return (
    <Panel title="Retention in force" aside={data && isSet && `version ${data.version}`}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={3} />}
      {data !== undefined && !isSet && (
        <Nothing title="Nothing is configured, so nothing is ever deleted">
          <p>
            <code>deponent retention presets</code> lists what others keep for how long,{' '}
            <code>deponent retention set FILE</code> puts settings in force.
          </p>
        </Nothing>
      )}
      {data && isSet && <Policies retention={data} />}
    </Panel>
  )
}

function Policies({ retention }: { readonly retention: RetentionInForce }) {
  const { findings, isConfirmed, schedule, waitsForSecondPerson } = retention
  const shown = findings.slice(0, FINDINGS_SHOWN)
  return (
    <>
      <Facts>
        {systemsInForce(retention).map(([system, policies]) => (
          <Fact key={system} name={system === '*' ? 'every other system' : system}>
            {policies.length === 0
              ? 'none'
              : policies.map((policy) => <Policy key={policy} id={policy} retention={retention} />)}
          </Fact>
        ))}
        <Fact name="Deleted">
          {schedule === 'daily' ? 'once a day' : 'when somebody asks for it'}
          {!isConfirmed && <em>once somebody has agreed to a plan</em>}
        </Fact>
      </Facts>
      {waitsForSecondPerson && (
        <p className={styles['note']}>Settings by which content goes earlier wait for a second person.</p>
      )}
      {findings.length > 0 && (
        <ul className={styles['findings']} aria-label="Findings">
          {shown.map(({ code, system, message }) => (
            <li key={`${code} ${system} ${message}`}>
              <code>{code}</code> {message}
            </li>
          ))}
          {findings.length > shown.length && (
            <li>{counted(findings.length - shown.length, 'further finding')}</li>
          )}
        </ul>
      )}
    </>
  )
}

/** What a policy is called, and how long it is where this ledger's own settings say so. */
function Policy({ id, retention }: { readonly id: string; readonly retention: RetentionInForce }) {
  const { period, bound } = retention.policies[id] ?? {}
  return (
    <span className={styles['policy']}>
      {id}
      {period !== undefined && <em>{[bound, periodText(period)].filter(Boolean).join(' of ')}</em>}
    </span>
  )
}
