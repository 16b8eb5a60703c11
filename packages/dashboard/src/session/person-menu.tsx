import { Popover } from '@base-ui/react/popover'
import { useState } from 'react'
import { timeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { LockIcon, PersonIcon } from '../elements/icons.tsx'
import { lock, resume } from './begin.ts'
import styles from './session.module.css'
import { roleText } from './shape.ts'
import type { Session } from './shape.ts'
import { setStandingPurpose, useSession, useStandingPurpose } from './state.ts'

/** Who is signed in, as what, where and until when; and the way out. */
export function PersonMenu() {
  const session = useSession()
  const { identity } = session
  return (
    <Popover.Root>
      <Popover.Trigger
        className={`${controls['quiet']} ${styles['person']}`}
        aria-label={`Signed in: ${identity.name}`}
      >
        <PersonIcon />
        <span>{identity.name}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={8} align="end" className={styles['positioner']}>
          <Popover.Popup className={`${controls['popup']} ${styles['card']}`}>
            <Popover.Title render={<h2 />}>{identity.name}</Popover.Title>
            <Who session={session} />
            <Purpose />
            <LockButton />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Who({ session: { identity, ledger, expiresAt } }: { readonly session: Session }) {
  return (
    <dl>
      <dt>Roles</dt>
      <dd>{identity.roles.map(roleText).join(', ') || 'none'}</dd>
      <dt>Ledger</dt>
      <dd>{ledger}</dd>
      {identity.systems !== null && (
        <>
          <dt>Systems</dt>
          <dd>{identity.systems.join(', ')}</dd>
        </>
      )}
      <dt>Until</dt>
      <dd>{expiresAt === null ? 'no end set' : `${timeText(expiresAt)} UTC, or unused for too long`}</dd>
    </dl>
  )
}

/** What everything is read for, and the way to another purpose. */
function Purpose() {
  const purpose = useStandingPurpose()
  if (purpose === undefined) return null
  const change = () => {
    setStandingPurpose(undefined)
    void resume()
  }
  return (
    <p>
      Reading for “{purpose}”.{' '}
      <button type="button" className={controls['link']} onClick={change}>
        Another purpose
      </button>
    </p>
  )
}

function LockButton() {
  const [problem, setProblem] = useState<string>()
  const end = () => {
    lock().catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
  }
  return (
    <>
      <button type="button" className={controls['button']} onClick={end}>
        <LockIcon />
        Lock
      </button>
      <p className={styles['note']}>Ends the session in every tab of this browser.</p>
      {problem !== undefined && (
        <p className={styles['refused']} role="alert">
          Not locked: {problem}
        </p>
      )}
    </>
  )
}
