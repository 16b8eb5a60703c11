import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import type { FormEvent } from 'react'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import type { Identity, MadeKey } from './identity.ts'
import { rotateKey } from './key-queries.ts'

interface RotateKeyProps {
  readonly identity: Identity | undefined
  readonly close: () => void
  readonly done: (made: MadeKey) => void
}

const OVERLAPS = [
  [0, 'not at all: they end now'],
  [3_600, 'for an hour'],
  [86_400, 'for a day'],
  [604_800, 'for a week'],
  [2_592_000, 'for 30 days'],
] as const

/** A further key for an identity; the ones it has end after an overlap. */
export function RotateKey({ identity, close, done }: RotateKeyProps) {
  return (
    <Dialog.Root open={identity !== undefined} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['popup']}>
          {identity !== undefined && <OverlapForm identity={identity} close={close} done={done} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function OverlapForm({ identity, close, done }: RotateKeyProps & { readonly identity: Identity }) {
  const [overlap, setOverlap] = useState<number>(86_400)
  const [problem, setProblem] = useState<string>()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    rotateKey(identity.id, overlap).then(
      (made) => {
        close()
        done(made)
      },
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    )
  }
  return (
    <form className={dialogs['form']} onSubmit={submit}>
      <Dialog.Title>A new key for {identity.name}</Dialog.Title>
      <label>
        The keys there are go on
        <select
          className={controls['field']}
          value={overlap}
          onChange={(event) => setOverlap(Number(event.target.value))}
          autoFocus
        >
          {OVERLAPS.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <p className={dialogs['note']}>The new one ends when the longest-lived of them would have ended.</p>
      {problem !== undefined && (
        <p className={dialogs['problem']} role="alert">
          {problem}
        </p>
      )}
      <footer>
        <Dialog.Close className={controls['button']}>Cancel</Dialog.Close>
        <button type="submit" className={`${controls['button']} ${controls['primary']}`}>
          Make the new key
        </button>
      </footer>
    </form>
  )
}
