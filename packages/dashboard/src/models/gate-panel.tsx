import { useQuery } from '@tanstack/react-query'
import { CheckIcon, CloseIcon, LockIcon } from '../elements/icons.tsx'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import type { Gate } from './life.ts'
import { gateQuery } from './model-queries.ts'
import styles from './models.module.css'

const VERDICTS = {
  passed: 'may be deployed',
  failed: 'may not be deployed',
  incomplete: 'cannot be judged',
} as const
const MARKS = { passed: CheckIcon, failed: CloseIcon, unknown: LockIcon } as const

/** What `deponent gate` says of a version. */
export function GatePanel({ modelId, version }: { readonly modelId: string; readonly version: string }) {
  const { data, error, refetch } = useQuery(gateQuery(modelId, version))
  return (
    <Panel title={`Gate of ${version}`} aside={data !== undefined && `${version} ${VERDICTS[data.verdict]}`}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={5} label="Asking the gate" />}
      {data !== undefined && (
        <ul className={styles['reasons']}>
          {data.reasons.map((reason) => (
            <Reason key={reason.check} reason={reason} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Reason({ reason: { check, message, outcome } }: { readonly reason: Gate['reasons'][number] }) {
  const Mark = MARKS[outcome]
  return (
    <li data-outcome={outcome}>
      <b role="img" aria-label={outcome}>
        <Mark />
      </b>
      <span>{check.replaceAll('_', ' ')}</span>
      <small>{message}</small>
    </li>
  )
}
