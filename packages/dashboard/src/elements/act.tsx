/** Something that is done after a few questions: a dialog, its questions, and what went wrong. */
import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import type { FormEvent, ReactNode } from 'react'
import controls from './controls.module.css'
import dialogs from './dialog.module.css'
import { CloseIcon } from './icons.tsx'

interface ActDialogProps {
  readonly isOpen: boolean
  readonly close: () => void
  readonly children: ReactNode
}

/** A dialog that begins anew each time it opens. */
export function ActDialog({ isOpen, close, children }: ActDialogProps) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['popup']}>{isOpen && children}</Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** A part of the page that comes in from the side. */
export function Drawer({ isOpen, close, title, children }: ActDialogProps & { readonly title: string }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['drawer']}>
          <header className={dialogs['head']}>
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className={controls['quiet']} aria-label="Close">
              <CloseIcon />
            </Dialog.Close>
          </header>
          {isOpen && children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

interface ActFormProps {
  readonly title: string
  /** What the button says. */
  readonly act: string
  readonly isGrave?: boolean
  /** What is still missing, in words; undefined when it can be done. */
  readonly missing: string | undefined
  readonly run: () => Promise<unknown>
  readonly close: () => void
  readonly children: ReactNode
}

/** The questions of an act. It closes when the act is done, and stays with the reason when it is not. */
export function ActForm({ title, act, isGrave = false, missing, run, close, children }: ActFormProps) {
  const [problem, setProblem] = useState<string>()
  const [isRunning, setRunning] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (missing !== undefined || isRunning) return
    setRunning(true)
    setProblem(undefined)
    run().then(close, (error: unknown) => {
      setProblem(error instanceof Error ? error.message : String(error))
      setRunning(false)
    })
  }
  return (
    <form className={dialogs['form']} onSubmit={submit}>
      <Dialog.Title>{title}</Dialog.Title>
      {children}
      {problem !== undefined && (
        <p className={dialogs['problem']} role="alert">
          {problem}
        </p>
      )}
      <footer className={dialogs['foot']}>
        {missing !== undefined && <span className={dialogs['missing']}>{missing}</span>}
        <Dialog.Close className={controls['button']}>Cancel</Dialog.Close>
        <button
          type="submit"
          className={`${controls['button']} ${controls[isGrave ? 'danger' : 'primary']}`}
          disabled={missing !== undefined || isRunning}
        >
          {isRunning ? 'One moment…' : act}
        </button>
      </footer>
    </form>
  )
}
