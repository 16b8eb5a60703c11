import { Link, useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { useKeys } from '../keyboard.ts'
import { useSession } from '../session/state.ts'
import styles from './frame.module.css'
import { viewsFor } from './views.ts'

const GO_MS = 1_000

/** The views this reader has, as links. */
export function Navigation() {
  const views = viewsFor(useSession())
  useGoKeys()
  return (
    <nav className={styles['nav']} aria-label="Views">
      {views.map(({ to, name }) => (
        <Link key={to} to={to} activeOptions={{ exact: to === '/', includeSearch: false }}>
          {name}
        </Link>
      ))}
    </nav>
  )
}

/** `g` and then a letter goes to a view. */
function useGoKeys(): void {
  const views = viewsFor(useSession())
  const navigate = useNavigate()
  const since = useRef(Number.NEGATIVE_INFINITY)
  const goes = views.map(({ key, to }) => {
    const go = () => {
      if (performance.now() - since.current < GO_MS) void navigate({ to })
    }
    return [key, go] as const
  })
  useKeys({
    ...Object.fromEntries(goes),
    g: () => {
      since.current = performance.now()
    },
  })
}
