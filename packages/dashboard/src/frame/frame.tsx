import { useIsFetching } from '@tanstack/react-query'
import { Link, Outlet, useSearch } from '@tanstack/react-router'
import { useEffect, useState, useSyncExternalStore } from 'react'
import controls from '../elements/controls.module.css'
import { MoonIcon, SunIcon, SystemThemeIcon } from '../elements/icons.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { useKeys } from '../keyboard.ts'
import { resume } from '../session/begin.ts'
import { KeyForm } from '../session/key-form.tsx'
import { PersonMenu } from '../session/person-menu.tsx'
import { PurposeGate } from '../session/purpose-gate.tsx'
import { needsPurpose } from '../session/shape.ts'
import type { Session } from '../session/shape.ts'
import { useDoor } from '../session/state.ts'
import mark from '../style/mark.svg'
import { chooseTheme, chosenTheme, onThemeChange } from '../theme.ts'
import type { Theme } from '../theme.ts'
import styles from './frame.module.css'
import { KeyHelp } from './key-help.tsx'
import { LedgerLight } from './ledger-light.tsx'
import { LedgerSwitch } from './ledger-switch.tsx'
import { Navigation } from './navigation.tsx'
import { isOwnReader } from './views.ts'

const NEXT_THEME: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }
const THEME_ICON = { system: SystemThemeIcon, light: SunIcon, dark: MoonIcon }

/** What surrounds every view: where you are, who you are, how the ledger is, and the keys that work everywhere. */
export function Frame() {
  const door = useDoor()
  const isOpen = door.phase === 'open'
  const isOwn = isOpen && isOwnReader(door.session)
  const [isHelpOpen, setHelpOpen] = useState(false)
  useKeys({ '?': () => setHelpOpen(true), t: () => chooseTheme(NEXT_THEME[chosenTheme()]) })
  return (
    <div className={styles['frame']}>
      <header className={styles['header']}>
        <Link to="/" className={styles['brand']}>
          <img src={mark} alt="" />
          <span>Deponent</span>
        </Link>
        {isOpen && <Navigation />}
        <div className={styles['tools']}>
          {isOpen && !isOwn && <LedgerLight />}
          {isOpen && <LedgerSwitch />}
          {isOpen && <PersonMenu />}
          <ThemeButton />
          <button
            type="button"
            className={`${controls['quiet']} ${styles['hint']}`}
            onClick={() => setHelpOpen(true)}
            aria-label="Keys"
          >
            <kbd>?</kbd>
          </button>
        </div>
        <Progress />
      </header>
      <main className={styles['main']}>
        <Inside />
      </main>
      <KeyHelp isOpen={isHelpOpen} onOpenChange={setHelpOpen} />
    </div>
  )
}

/** The view, once it is known who looks at which ledger. */
function Inside() {
  const door = useDoor()
  const { ledger: asked } = useSearch({ from: '__root__' })
  const isElsewhere = door.phase === 'open' && door.asked !== asked
  useEffect(() => {
    if (isElsewhere) void resume(asked)
  }, [isElsewhere, asked])
  if (door.phase === 'asking' || isElsewhere) return <Waiting lines={6} label="Asking who you are" />
  if (door.phase === 'shut') return <KeyForm why={door.why} />
  if (door.phase === 'unknown') return <Failed error={door.error} again={() => void resume()} />
  const { session } = door
  if (asked !== undefined && asked !== session.ledger) return <NoSuchLedger asked={asked} session={session} />
  if (needsPurpose(session)) return <PurposeGate />
  return <Outlet key={session.ledger} />
}

/** Another's ledger is not told apart from one that never was. */
function NoSuchLedger({ asked, session }: { readonly asked: string; readonly session: Session }) {
  return (
    <Nothing title="No such ledger">
      <p>
        There is no ledger <code>{asked}</code> here for your key.
      </p>
      <Link to="/" search={{ ledger: '' }} className={controls['link']}>
        Open {session.ledger}
      </Link>
    </Nothing>
  )
}

function ThemeButton() {
  const theme = useSyncExternalStore(onThemeChange, chosenTheme)
  const Icon = THEME_ICON[theme]
  const label = theme === 'system' ? 'Colours as the system' : `Colours ${theme}`
  return (
    <button
      type="button"
      className={controls['quiet']}
      onClick={() => chooseTheme(NEXT_THEME[theme])}
      aria-label={label}
      title={label}
    >
      <Icon />
    </button>
  )
}

/** Shows that something asked for is still on its way; what merely refreshes itself does not count. */
function Progress() {
  const asked = useIsFetching({ predicate: ({ state }) => state.status === 'pending' })
  return asked > 0 ? <div className={styles['progress']} role="progressbar" aria-label="Loading" /> : null
}
