import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Readiness } from '../api.ts'
import { count } from '../display.ts'
import { readinessQuery } from '../queries.ts'
import styles from './frame.module.css'

/** A ledger whose newest checkpoint is older than this has stopped publishing. */
const STALE_MS = 15_000

/** How the ledger is, in one line. */
export function LedgerLight() {
  const { data, isError } = useQuery(readinessQuery())
  const { state, words } = isError ? { state: 'down', words: 'no connection' } : judge(data)
  const size = data?.checks.ledger?.size
  return (
    <Link to="/" hash="ledger" className={styles['ledger']} title={`Ledger: ${words}`}>
      <span className={styles['light']} data-state={state} />
      {size === undefined || isError ? words : <b>{count(size)}</b>}
      <span className={styles['hint']}>{size !== undefined && !isError && `entries, ${words}`}</span>
    </Link>
  )
}

function judge(readiness: Readiness | undefined): { state: string; words: string } {
  const ledger = readiness?.checks.ledger
  if (readiness === undefined || ledger === undefined) return { state: 'unknown', words: 'asking' }
  if (!readiness.ready) return { state: 'down', words: 'not ready' }
  const behind = ledger.size - ledger.checkpointSize
  if (behind === 0) return { state: 'ok', words: 'all under a checkpoint' }
  return {
    state: (ledger.checkpointAgeMs ?? 0) > STALE_MS ? 'behind' : 'ok',
    words: `${count(behind)} not yet under a checkpoint`,
  }
}
