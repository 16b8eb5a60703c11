import { Link } from '@tanstack/react-router'
import controls from '../elements/controls.module.css'
import { Nothing } from '../elements/state.tsx'

/** An address that leads nowhere. */
export function NotFound() {
  return (
    <Nothing title="There is no such page">
      <p>
        The address may be incomplete. The{' '}
        <Link to="/decisions" className={controls['link']}>
          list of decisions
        </Link>{' '}
        is a good place to look.
      </p>
    </Nothing>
  )
}
