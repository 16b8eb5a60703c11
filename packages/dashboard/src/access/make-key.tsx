import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import type { FormEvent } from 'react'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import { CloseIcon } from '../elements/icons.tsx'
import type { MadeKey } from './identity.ts'
import { makeKey } from './key-queries.ts'
import { EMPTY_DRAFT, missingIn, requestOf } from './key-request.ts'
import type { KeyDraft } from './key-request.ts'
import { ReachFields } from './reach-fields.tsx'
import { RoleChoice } from './role-choice.tsx'

interface MakeKeyProps {
  readonly isOpen: boolean
  readonly close: () => void
  readonly done: (made: MadeKey) => void
}

const LIFETIMES = [
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', 'a year'],
  ['', 'no end'],
] as const

/** A form for an identity and its first key. */
export function MakeKey({ isOpen, close, done }: MakeKeyProps) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['drawer']}>
          <header className={dialogs['head']}>
            <Dialog.Title>Make a key</Dialog.Title>
            <Dialog.Close className={controls['quiet']} aria-label="Close">
              <CloseIcon />
            </Dialog.Close>
          </header>
          <KeyRequestForm close={close} done={done} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function KeyRequestForm({ close, done }: Omit<MakeKeyProps, 'isOpen'>) {
  const [draft, setDraft] = useState(EMPTY_DRAFT)
  const [problem, setProblem] = useState<string>()
  const [isMaking, setMaking] = useState(false)
  const set = (next: Partial<KeyDraft>) => setDraft({ ...draft, ...next })
  const missing = missingIn(draft)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (missing !== undefined || isMaking) return
    setMaking(true)
    makeKey(requestOf(draft, Date.now())).then(
      (made) => {
        close()
        done(made)
      },
      (error: unknown) => {
        setProblem(error instanceof Error ? error.message : String(error))
        setMaking(false)
      },
    )
  }
  return (
    <form className={dialogs['form']} onSubmit={submit}>
      <label>
        Whose key is it?
        <input
          className={controls['field']}
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
          placeholder="a person, a team or a service"
          maxLength={200}
          autoFocus
        />
      </label>
      <RoleChoice roles={draft.roles} onChange={(roles) => set({ roles })} />
      <ReachFields draft={draft} set={set} />
      <label>
        Opens for
        <select
          className={controls['field']}
          value={draft.days}
          onChange={(event) => set({ days: event.target.value })}
        >
          {LIFETIMES.map(([days, text]) => (
            <option key={days} value={days}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {problem !== undefined && (
        <p className={dialogs['problem']} role="alert">
          {problem}
        </p>
      )}
      <footer>
        {missing !== undefined && <span className={dialogs['note']}>{missing}</span>}
        <button
          type="submit"
          className={`${controls['button']} ${controls['primary']}`}
          disabled={missing !== undefined || isMaking}
        >
          {isMaking ? 'Making…' : 'Make the key'}
        </button>
      </footer>
    </form>
  )
}
