import { Link, useLocation, useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { useKeys } from '../keyboard.ts'
import { useSession } from '../session/state.ts'
import styles from './frame.module.css'
import { isWithin, viewsFor } from './views.ts'

const GO_MS = 1_000

/** The views this reader has, as links. */
export function Navigation() {
  const views = viewsFor(useSession())
  const path = useLocation({ select: ({ pathname }) => pathname })
  useGoKeys()
  return (
    <nav className={styles['nav']} aria-label="Views">
      {views.map((view) => (
        <Link
          key={view.to}
          to={view.to}
          activeOptions={{ exact: view.to === '/', includeSearch: false }}
          {...(isWithin(path, view) && { 'aria-current': 'page' as const })}
        >
          {view.name}
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
    const go = (event: KeyboardEvent) => {
      if (performance.now() - since.current >= GO_MS) return
      // The letter may mean something else on the view that is left.
      event.preventDefault()
      void navigate({ to })
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
