import { Dialog } from '@base-ui/react/dialog'
import { dayText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { AlertIcon, CheckIcon, CloseIcon } from '../elements/icons.tsx'
import type { Verification } from '../proof/gather.ts'
import type { ShownCheck, Step } from '../proof/steps.ts'
import styles from './badge.module.css'
import { KeyChoice } from './key-choice.tsx'

/** What a check is about, in its drawer. */
export interface CheckAbout {
  readonly title: string
  /** What the check shows, and what it does not. */
  readonly limits: string
}

interface EvidenceDrawerProps {
  readonly isOpen: boolean
  readonly onOpenChange: (isOpen: boolean) => void
  readonly verification: Verification<ShownCheck> | undefined
  readonly about: CheckAbout
  readonly summary: string
  readonly again: () => void
  readonly isChecking: boolean
}

/** Each step of the check with the hashes it was made of, whose key it rests on, and what it cannot show. */
export function EvidenceDrawer(props: EvidenceDrawerProps) {
  const { isOpen, onOpenChange, verification, about, summary, again, isChecking } = props
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['backdrop']} />
        <Dialog.Popup className={styles['drawer']}>
          <header>
            <Dialog.Title>{about.title}</Dialog.Title>
            <Dialog.Close className={controls['quiet']} aria-label="Close">
              <CloseIcon />
            </Dialog.Close>
          </header>
          <Dialog.Description className={styles['summary']}>{summary}</Dialog.Description>
          {verification?.phase === 'done' && <Steps steps={verification.check.steps} />}
          {verification?.phase === 'done' && (
            <p className={styles['pinned']}>
              Key {verification.pin.source === 'pasted' ? 'supplied by you' : 'pinned in this browser'} on{' '}
              {dayText(verification.pin.since)} for <code>{verification.origin}</code>
            </p>
          )}
          <button type="button" className={controls['button']} onClick={again} disabled={isChecking}>
            {isChecking ? 'Checking…' : 'Check again'}
          </button>
          {verification?.phase === 'done' && <KeyChoice verification={verification} />}
          <footer className={styles['limits']}>
            <p>{about.limits}</p>
            <p>
              The check ran in this browser, with code this server sent. “deponent verify” runs apart from it.
            </p>
          </footer>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Steps({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <ol className={styles['steps']}>
      {steps.map(({ title, state, text, values }) => (
        <li key={title} data-state={state}>
          <span className={styles['sign']}>
            {state === 'passed' && <CheckIcon />}
            {state === 'failed' && <AlertIcon />}
          </span>
          <div>
            <h3>
              {title}
              <span>{{ passed: '', failed: 'failed', open: 'not covered' }[state]}</span>
            </h3>
            <p>{text}</p>
            {values.length > 0 && (
              <dl>
                {values.map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            )}
          </div>
        </li>
      ))}
    </ol>
  )
}
