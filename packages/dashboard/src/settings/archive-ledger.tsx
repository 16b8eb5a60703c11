import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { sendJson } from '../client.ts'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import { queryClient } from '../query-client.ts'
import type { Ledger } from './ledgers-query.ts'

interface ArchiveLedgerProps {
  readonly ledger: Ledger | undefined
  readonly close: () => void
}

/** Closes a ledger to new records, for good; its name is typed so that it is the one that is meant. */
export function ArchiveLedger({ ledger, close }: ArchiveLedgerProps) {
  return (
    <Dialog.Root open={ledger !== undefined} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['popup']}>
          {ledger !== undefined && <Confirmation ledger={ledger} close={close} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Confirmation({ ledger: { name }, close }: ArchiveLedgerProps & { readonly ledger: Ledger }) {
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<string>()
  const isReady = typed === name && reason.trim() !== ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isReady) return
    sendJson<Ledger>('POST', `/v1/ledgers/${encodeURIComponent(name)}/archive`, {
      reason: reason.trim(),
    }).then(
      () => {
        void queryClient.invalidateQueries()
        close()
      },
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    )
  }
  return (
    <form className={dialogs['form']} onSubmit={submit}>
      <Dialog.Title>Archive {name}?</Dialog.Title>
      <p className={dialogs['warning']}>
        It takes no records from outside from then on, and cannot be opened again. It is read, proven and
        verified as before.
      </p>
      <label>
        Why?
        <input
          className={controls['field']}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={1000}
          placeholder="stands in the ledger"
          autoFocus
        />
      </label>
      <label>
        Type its name to confirm
        <input
          className={controls['field']}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          placeholder={name}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
        />
      </label>
      {problem !== undefined && (
        <p className={dialogs['problem']} role="alert">
          {problem}
        </p>
      )}
      <footer>
        <Dialog.Close className={controls['button']}>Cancel</Dialog.Close>
        <button type="submit" className={`${controls['button']} ${controls['danger']}`} disabled={!isReady}>
          Archive for good
        </button>
      </footer>
    </form>
  )
}
