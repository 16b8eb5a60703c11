import { Dialog } from '@base-ui/react/dialog'
import { KEY_HELP } from '../keyboard.ts'
import styles from './frame.module.css'

interface KeyHelpProps {
  readonly isOpen: boolean
  readonly onOpenChange: (isOpen: boolean) => void
}

/** The keys of the page. */
export function KeyHelp({ isOpen, onOpenChange }: KeyHelpProps) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['backdrop']} />
        <Dialog.Popup className={styles['keys']}>
          <Dialog.Title>Keys</Dialog.Title>
          <ul>
            {KEY_HELP.map(({ keys, does }) => (
              <li key={does}>
                <span>{does}</span>
                <span>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </span>
              </li>
            ))}
          </ul>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
