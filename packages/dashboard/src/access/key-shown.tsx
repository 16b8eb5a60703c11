import { Dialog } from '@base-ui/react/dialog'
import controls from '../elements/controls.module.css'
import { Copy } from '../elements/copy.tsx'
import dialogs from '../elements/dialog.module.css'
import styles from './access.module.css'
import type { MadeKey } from './identity.ts'

interface KeyShownProps {
  readonly made: MadeKey | undefined
  readonly close: () => void
}

/** A key for the one time it is shown; closing needs a hand, not a stray click. */
export function KeyShown({ made, close }: KeyShownProps) {
  return (
    <Dialog.Root
      open={made !== undefined}
      onOpenChange={(_, { reason }) => reason === 'close-press' && close()}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className={dialogs['backdrop']} />
        <Dialog.Popup className={dialogs['popup']}>
          <div className={dialogs['form']}>
            <Dialog.Title>The key of {made?.identity.name}</Dialog.Title>
            <code className={styles['secret']} data-testid="new-key">
              {made?.key}
            </code>
            <p className={dialogs['warning']}>
              Shown this once. The server keeps a digest and cannot show it again. Hand it over by a way you
              trust: who holds it is {made?.identity.name} to this server.
            </p>
            <footer>
              <Copy text={made?.key ?? ''} label="Copy the key" />
              <Dialog.Close className={`${controls['button']} ${controls['primary']}`}>
                It is kept, close
              </Dialog.Close>
            </footer>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
