import { useState } from 'react'
import type { FormEvent } from 'react'
import { ApiError } from '../client.ts'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import { Panel } from '../elements/panel.tsx'
import styles from './access.module.css'
import { rulesIn, rulesText } from './policy-text.ts'
import { warningsFor } from './policy.ts'
import type { Policy, Rule } from './policy.ts'
import { changePolicy } from './policy-queries.ts'

interface PolicyEditorProps {
  /** The policy the change is made from. */
  readonly policy: Policy
  readonly close: () => void
  readonly reload: () => void
}

/** The rules as text; the server judges them, and the change and its reason are recorded with the rules before and after. */
export function PolicyEditor({ policy, close, reload }: PolicyEditorProps) {
  const [text, setText] = useState(() => rulesText(policy.rules))
  const [smallCells, setSmallCells] = useState(String(policy.smallCells))
  const [revealMinutes, setRevealMinutes] = useState(String(policy.revealMinutes))
  const [reason, setReason] = useState('')
  const [error, setError] = useState<Error>()
  const read = rulesIn(text)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!('rules' in read)) return
    changePolicy({
      version: policy.version,
      rules: read.rules,
      smallCells: Number(smallCells),
      revealMinutes: Number(revealMinutes),
      reason: reason.trim(),
    }).then(close, (refusal: unknown) =>
      setError(refusal instanceof Error ? refusal : new Error(String(refusal))),
    )
  }
  return (
    <Panel title="Change the policy" aside={`made from version ${policy.version}`}>
      <form className={`${dialogs['form']} ${styles['editor']}`} onSubmit={submit}>
        <label>
          Rules, as JSON
          <textarea
            className={controls['area']}
            rows={18}
            value={text}
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
            aria-invalid={'problem' in read}
          />
        </label>
        {'problem' in read && (
          <p className={dialogs['problem']} role="alert">
            {read.problem}
          </p>
        )}
        {'rules' in read && <Warnings rules={read.rules} />}
        <div className={styles['numbers']}>
          <label>
            Smallest group shown
            <input
              type="number"
              className={controls['field']}
              min={2}
              max={1000}
              required
              value={smallCells}
              onChange={(event) => setSmallCells(event.target.value)}
            />
          </label>
          <label>
            Minutes a reveal stays open
            <input
              type="number"
              className={controls['field']}
              min={1}
              max={1440}
              required
              value={revealMinutes}
              onChange={(event) => setRevealMinutes(event.target.value)}
            />
          </label>
        </div>
        <label>
          Why is it changed?
          <input
            className={controls['field']}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            maxLength={1000}
            placeholder="stands in the ledger with the rules before and after"
          />
        </label>
        {error !== undefined && <Refusal error={error} reload={reload} />}
        <footer>
          <button type="button" className={controls['button']} onClick={close}>
            Cancel
          </button>
          <button
            type="submit"
            className={`${controls['button']} ${controls['primary']}`}
            disabled={reason.trim() === '' || 'problem' in read}
          >
            Put in force
          </button>
        </footer>
      </form>
    </Panel>
  )
}

/** What to think about twice; it keeps nobody from going on. */
function Warnings({ rules }: { readonly rules: readonly Rule[] }) {
  const warnings = warningsFor(rules)
  if (warnings.length === 0) return null
  return (
    <ul className={dialogs['warning']} aria-label="Think twice">
      {warnings.map((warning) => (
        <li key={warning}>{warning}</li>
      ))}
    </ul>
  )
}

/** Why the server did not take it. Somebody else's change in between is not overwritten. */
function Refusal({ error, reload }: { readonly error: Error; readonly reload: () => void }) {
  const field = error instanceof ApiError ? error.problem['field'] : undefined
  if (error instanceof ApiError && error.code === 'policy_changed')
    return (
      <div className={dialogs['problem']} role="alert">
        Somebody changed the policy since you opened it, so nothing was put in force. Copy your text if you
        need it:{' '}
        <button type="button" className={controls['link']} onClick={reload}>
          load the policy of now
        </button>
      </div>
    )
  return (
    <p className={dialogs['problem']} role="alert">
      Not put in force: {error.message}
      {typeof field === 'string' && (
        <>
          {' '}
          (<code>{field}</code>)
        </>
      )}
    </p>
  )
}
