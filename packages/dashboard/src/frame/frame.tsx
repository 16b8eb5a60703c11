import { useIsFetching } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { useRef, useState, useSyncExternalStore } from 'react'
import controls from '../elements/controls.module.css'
import { useKeys } from '../keyboard.ts'
import { currentKey, onKeyChange } from '../session.ts'
import mark from '../style/mark.svg'
import { chooseTheme, chosenTheme, onThemeChange } from '../theme.ts'
import type { Theme } from '../theme.ts'
import { MoonIcon, SunIcon, SystemThemeIcon } from '../elements/icons.tsx'
import styles from './frame.module.css'
import { KeyForm } from './key-form.tsx'
import { KeyHelp } from './key-help.tsx'
import { LedgerLight } from './ledger-light.tsx'

const NEXT_THEME: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }
const THEME_ICON = { system: SystemThemeIcon, light: SunIcon, dark: MoonIcon }
const GO_MS = 1_000

/** What surrounds every view: where you are, how the ledger is, and the keys that work everywhere. */
export function Frame() {
  const key = useSyncExternalStore(onKeyChange, currentKey)
  const [isHelpOpen, setHelpOpen] = useState(false)
  useKeys({ '?': () => setHelpOpen(true), t: () => chooseTheme(NEXT_THEME[chosenTheme()]) })
  useGoKeys()
  return (
    <div className={styles['frame']}>
      <header className={styles['header']}>
        <Link to="/" className={styles['brand']}>
          <img src={mark} alt="" />
          Deponent
        </Link>
        <nav className={styles['nav']} aria-label="Views">
          <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
            Overview
          </Link>
          <Link to="/decisions">Decisions</Link>
          <Link to="/coverage">Coverage</Link>
          <Link to="/verify">Verify</Link>
        </nav>
        <div className={styles['tools']}>
          <LedgerLight />
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
      <main className={styles['main']}>{key === null ? <KeyForm /> : <Outlet />}</main>
      <KeyHelp isOpen={isHelpOpen} onOpenChange={setHelpOpen} />
    </div>
  )
}

/** `g` and then a letter goes to a view. */
function useGoKeys(): void {
  const navigate = useNavigate()
  const since = useRef(Number.NEGATIVE_INFINITY)
  const go = (to: '/' | '/decisions' | '/coverage' | '/verify') => () => {
    if (performance.now() - since.current < GO_MS) void navigate({ to })
  }
  useKeys({
    g: () => {
      since.current = performance.now()
    },
    o: go('/'),
    d: go('/decisions'),
    c: go('/coverage'),
    v: go('/verify'),
  })
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
