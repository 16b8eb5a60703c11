import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import controls from '../elements/controls.module.css'
import dialogs from '../elements/dialog.module.css'
import { counted } from '../display.ts'
import { roleText } from '../session/shape.ts'
import { useSession } from '../session/state.ts'
import type { Identity } from './identity.ts'
import { revokeKey } from './key-queries.ts'

export interface Revoking {
  readonly identity: Identity
  /** One key of it; absent for all of them and the identity with them. */
  readonly keyId?: string
}

interface RevokeKeyProps {
  readonly revoking: Revoking | undefined
  readonly close: () => void
}

/** Asks again before a key, or an identity with all of its keys, opens nothing any more. */
export function RevokeKey({ revoking, close }: RevokeKeyProps) {
  return (
    <Dialog.Root open={revoking !== undefined} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['popup']}>
          {revoking !== undefined && <Confirmation revoking={revoking} close={close} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Confirmation({
  revoking: { identity, keyId },
  close,
}: RevokeKeyProps & { readonly revoking: Revoking }) {
  const own = useSession().identity
  const [problem, setProblem] = useState<string>()
  const revoke = () => {
    revokeKey(keyId ?? identity.id).then(close, (error: unknown) =>
      setProblem(error instanceof Error ? error.message : String(error)),
    )
  }
  return (
    <div className={dialogs['form']}>
      <Dialog.Title>
        {keyId === undefined ? `Revoke ${identity.name}?` : `Revoke one key of ${identity.name}?`}
      </Dialog.Title>
      <p>
        {keyId === undefined
          ? `${counted(identity.keys.length, 'key')} (${identity.roles.map(roleText).join(', ')}) and every session opened with them end with the next request.`
          : `The key ${keyId} and every session opened with it end with the next request. The others go on.`}{' '}
        This cannot be undone; another key can be made. It is recorded.
      </p>
      {own.id === identity.id && <p className={dialogs['warning']}>This is you. You will be signed out.</p>}
      {problem !== undefined && (
        <p className={dialogs['problem']} role="alert">
          {problem}
        </p>
      )}
      <footer>
        <Dialog.Close className={controls['button']} autoFocus>
          Cancel
        </Dialog.Close>
        <button type="button" className={`${controls['button']} ${controls['danger']}`} onClick={revoke}>
          Revoke
        </button>
      </footer>
    </div>
  )
}
