import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { counted, timeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { useMay } from '../session/state.ts'
import styles from './access.module.css'
import { DEFAULT_RULES, REVEAL_MINUTES_DEFAULT, SMALL_CELLS_DEFAULT } from './default-rules.ts'
import { cellText, differences } from './policy.ts'
import type { Policy } from './policy.ts'
import { PolicyEditor } from './policy-editor.tsx'
import { PolicyMatrix } from './policy-matrix.tsx'
import { policyQuery } from './policy-queries.ts'
import { RIGHTS, roleText } from '../session/shape.ts'

/** Who may do what, as a table; and the way to change it. */
export function PolicyPage() {
  const may = useMay()
  const { data: policy, error, refetch } = useQuery(policyQuery())
  const [isEditing, setEditing] = useState(false)
  if (error !== null && policy === undefined) return <Failed error={error} again={() => void refetch()} />
  if (policy === undefined) return <Waiting lines={12} label="Loading the policy" />
  return (
    <>
      <div className={styles['intro']}>
        <p>{changedText(policy)} What no rule gives is denied. Roles add up, nothing takes away.</p>
        {may('policy') && (
          <button
            type="button"
            className={controls['button']}
            onClick={() => setEditing(true)}
            disabled={isEditing}
          >
            Change…
          </button>
        )}
      </div>
      {isEditing && (
        <PolicyEditor
          key={policy.version}
          policy={policy}
          close={() => setEditing(false)}
          reload={() => void refetch()}
        />
      )}
      <Panel title="Who may do what" aside={`version ${policy.version}`}>
        <PolicyMatrix rules={policy.rules} />
      </Panel>
      <Panel title="Beyond the rules">
        <dl className={styles['settings']}>
          <div>
            <dt>Small groups</dt>
            <dd>
              Whoever may not see single decisions sees no group of fewer than <b>{policy.smallCells}</b>
              <Differs value={policy.smallCells} from={SMALL_CELLS_DEFAULT} />
            </dd>
          </div>
          <div>
            <dt>Revealing</dt>
            <dd>
              Sealed fields opened for a purpose are covered again after{' '}
              <b>{counted(policy.revealMinutes, 'minute')}</b>
              <Differs value={policy.revealMinutes} from={REVEAL_MINUTES_DEFAULT} />
            </dd>
          </div>
        </dl>
      </Panel>
      <Differences policy={policy} />
    </>
  )
}

function changedText({ version, changedAt, changedBy }: Policy): string {
  if (version === 1 || changedAt === null || changedAt === undefined)
    return 'These are the rules the ledger began with.'
  return `Changed ${timeText(changedAt)} UTC by ${changedBy?.name ?? 'somebody unknown'}.`
}

function Differs({ value, from }: { readonly value: number; readonly from: number }) {
  return value === from ? null : <em>it began as {from}</em>
}

/** Every cell in which the rules are not those a ledger begins with. */
function Differences({ policy }: { readonly policy: Policy }) {
  const differing = differences(policy.rules, DEFAULT_RULES)
  return (
    <Panel
      title="What differs from the rules a ledger begins with"
      aside={differing.length === 0 ? 'nothing' : counted(differing.length, 'right')}
    >
      {differing.length === 0 ? (
        <p className={styles['prose']}>Every right is as it was when the ledger was made.</p>
      ) : (
        <ul className={styles['differences']}>
          {differing.map(({ role, action, now, before }) => (
            <li key={`${role} ${action}`}>
              <b>{roleText(role)}</b>
              <span title={RIGHTS[action]}>{action}</span>
              <span>
                <del>{cellText(before)}</del> <ins>{cellText(now)}</ins>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
