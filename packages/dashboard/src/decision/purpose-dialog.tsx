import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { counted } from '../display.ts'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import { PurposeField } from '../session/purpose-field.tsx'
import { useSession } from '../session/state.ts'
import { fieldsToOpen, pointerText } from './pointers.ts'
import type { Revealing } from './use-revealed.ts'

interface PurposeDialogProps {
  /** The pointer of the field that was asked for, or `all`; undefined while nothing is. */
  readonly asked: string | undefined
  readonly sealed: readonly string[]
  readonly revealing: Revealing
  readonly close: () => void
}

/** Asks what sealed fields are opened for, and says what that means. */
export function PurposeDialog({ asked, sealed, revealing, close }: PurposeDialogProps) {
  return (
    <Dialog.Root open={asked !== undefined} onOpenChange={(isOpen) => !isOpen && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['popup']}>
          {asked !== undefined && (
            <PurposeForm asked={asked} sealed={sealed} revealing={revealing} close={close} />
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

interface PurposeFormProps extends PurposeDialogProps {
  readonly asked: string
}

function PurposeForm({ asked, sealed, revealing, close }: PurposeFormProps) {
  const { purposes } = useSession()
  const { revealed, open } = revealing
  const [purpose, setPurpose] = useState(revealed?.purpose ?? purposes?.[0] ?? '')
  const [isAll, setAll] = useState(asked === 'all')
  const [problem, setProblem] = useState<string>()
  const [isOpening, setOpening] = useState(false)
  const stated = purpose.trim()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (stated === '' || isOpening) return
    setOpening(true)
    open(stated, fieldsToOpen(isAll ? 'all' : asked, revealed, stated)).then(close, (error: unknown) => {
      setProblem(error instanceof Error ? error.message : String(error))
      setOpening(false)
    })
  }
  return (
    <form className={dialogs['form']} onSubmit={submit}>
      <Dialog.Title>
        {isAll ? `Open ${counted(sealed.length, 'sealed field')}` : `Open ${pointerText(asked)}`}
      </Dialog.Title>
      <PurposeField label="What for?" value={purpose} onChange={setPurpose} isFirst />
      {asked !== 'all' && sealed.length > 1 && (
        <label className={dialogs['check']}>
          <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.target.checked)} />
          All {counted(sealed.length, 'sealed field')} of this decision
        </label>
      )}
      <p className={dialogs['note']}>
        Your look and its purpose are recorded in the ledger before anything is shown. After a time the fields
        are covered again; what was seen is seen.
      </p>
      {problem !== undefined && (
        <p className={dialogs['problem']} role="alert">
          {problem}
        </p>
      )}
      <footer>
        <Dialog.Close className={controls['button']}>Cancel</Dialog.Close>
        <button
          type="submit"
          className={`${controls['button']} ${controls['primary']}`}
          disabled={stated === '' || isOpening}
        >
          {isOpening ? 'Opening…' : 'Open for this purpose'}
        </button>
      </footer>
    </form>
  )
}
