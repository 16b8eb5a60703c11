import { Link, Outlet, useLocation } from '@tanstack/react-router'
import styles from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import { isWithin, privacyParts } from './views.ts'

/** The people recorded: what they ask for, what is erased, what must not be, and what becomes of the fields about them. */
export function Privacy() {
  const may = useMay()
  const path = useLocation({ select: ({ pathname }) => pathname })
  const parts = privacyParts((...actions) => actions.some(may))
  return (
    <div className={styles['page']}>
      {parts.length > 1 && (
        <nav className={styles['tabs']} aria-label="Parts of privacy">
          {parts.map((part) => (
            <Link key={part.to} to={part.to} aria-current={isWithin(path, part) ? 'page' : undefined}>
              {part.name}
            </Link>
          ))}
        </nav>
      )}
      <Outlet />
    </div>
  )
}
