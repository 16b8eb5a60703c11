import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { count, dayText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { groundText, scopeText } from '../holds/hold.ts'
import { holdsQuery } from '../holds/hold-queries.ts'
import styles from './storage.module.css'

const HOLDS_SHOWN = 5

/** What does not go, whatever its time. */
export function HoldsPanel() {
  const { data, error, refetch } = useInfiniteQuery(holdsQuery(''))
  const first = data?.pages[0]
  const holds = first?.items.filter(({ state }) => state !== 'released').slice(0, HOLDS_SHOWN) ?? []
  return (
    <Panel
      title="Holds"
      aside={
        <Link to="/holds" search={{}} className={controls['link']}>
          all holds
        </Link>
      }
    >
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && first === undefined && <Waiting lines={3} />}
      {first !== undefined && holds.length === 0 && (
        <Nothing title="Nothing is held">
          <p>What has had its time goes, and erasures run when they are asked for.</p>
        </Nothing>
      )}
      {holds.length > 0 && (
        <ul className={styles['lines']}>
          {holds.map(({ holdId, ground, isPastReview, reviewAt, scope }) => (
            <li key={holdId} data-testid="hold">
              <Link to="/holds" search={{ hold: holdId }} className={controls['link']}>
                {groundText(ground)}
              </Link>
              <span>{scopeText(scope).join(' · ')}</span>
              <span data-tone={isPastReview ? 'bad' : undefined}>
                {reviewAt === undefined ? 'no review' : `review ${dayText(reviewAt)}`}
              </span>
            </li>
          ))}
        </ul>
      )}
      {first !== undefined && first.standing > holds.length && holds.length > 0 && (
        <p className={styles['note']}>{count(first.standing)} stand in all.</p>
      )}
    </Panel>
  )
}
