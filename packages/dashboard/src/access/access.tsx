import { Link, Outlet } from '@tanstack/react-router'
import { useMay } from '../session/state.ts'
import styles from './access.module.css'

/** Who looked, who holds keys, and who may do what. */
export function Access() {
  const may = useMay()
  return (
    <div className={styles['page']}>
      <header className={styles['head']}>
        <h1>Access</h1>
        {(may('access') || may('keys') || may('settings')) && (
          <nav className={styles['tabs']} aria-label="Parts of access">
            {may('access') && (
              <Link to="/access" activeOptions={{ exact: true, includeSearch: false }}>
                Looks
              </Link>
            )}
            {may('keys') && <Link to="/access/keys">Keys</Link>}
            {may('settings') && <Link to="/access/policy">Policy</Link>}
          </nav>
        )}
      </header>
      <Outlet />
    </div>
  )
}
