import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import styles from './access.module.css'
import type { KeyDraft } from './key-request.ts'

interface ReachFieldsProps {
  readonly draft: KeyDraft
  readonly set: (next: Partial<KeyDraft>) => void
}

/** What narrows a key; each is asked for where it means something. */
export function ReachFields({ draft, set }: ReachFieldsProps) {
  const { roles, systems, purposes, emitter, subject, from, to } = draft
  if (roles.includes('subject'))
    return (
      <label>
        Whose decisions?
        <input
          className={controls['field']}
          value={subject}
          onChange={(event) => set({ subject: event.target.value })}
          placeholder="the id by which decisions name this person"
          spellCheck={false}
        />
        <span className={dialogs['note']}>
          It is turned into an opaque handle; the id itself is not kept.
        </span>
      </label>
    )
  return (
    <>
      <label>
        Only these systems
        <input
          className={controls['field']}
          value={systems}
          onChange={(event) => set({ systems: event.target.value })}
          placeholder="all; or names between commas"
          spellCheck={false}
        />
      </label>
      {roles.length === 1 && roles[0] === 'writer' ? (
        <label>
          Speaks for the emitter
          <input
            className={controls['field']}
            value={emitter}
            onChange={(event) => set({ emitter: event.target.value })}
            placeholder="none; or the name its records are numbered under"
            spellCheck={false}
          />
        </label>
      ) : (
        <>
          <fieldset>
            <legend>Only records of this time</legend>
            <span className={styles['span']}>
              <input
                type="date"
                className={controls['field']}
                value={from}
                onChange={(event) => set({ from: event.target.value })}
                aria-label="From"
              />
              <span>to</span>
              <input
                type="date"
                className={controls['field']}
                value={to}
                onChange={(event) => set({ to: event.target.value })}
                aria-label="To"
              />
            </span>
          </fieldset>
          <label>
            Only for these purposes
            <textarea
              className={controls['area']}
              rows={2}
              value={purposes}
              onChange={(event) => set({ purposes: event.target.value })}
              placeholder="any; or one a line"
            />
          </label>
        </>
      )}
    </>
  )
}
