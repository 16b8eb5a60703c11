/** Why a decision cannot be shown, told apart: each asks something else of the reader. */
import { Link } from '@tanstack/react-router'
import { ApiError } from '../client.ts'
import { count } from '../display.ts'
import { currentLedger, useMay } from '../session/state.ts'
import { Badge } from './badge.tsx'
import styles from './decision.module.css'
import controls from '../elements/controls.module.css'
import { Failed, Nothing } from '../elements/state.tsx'

interface UnreadableProps {
  readonly id: string
  readonly error: Error
  readonly again: () => void
}

const ENTRY_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The page of a decision that could not be read. Its entry can still be checked, and that may say why. */
export function Unreadable(props: UnreadableProps) {
  const { id, error } = props
  const isThere = error instanceof ApiError && error.status !== 404 && error.status !== 0
  return (
    <>
      {isThere && ENTRY_ID.test(id) && (
        <div className={styles['alone']}>
          <Badge decision={{ id, kind: 'decision', ledger: currentLedger() }} />
        </div>
      )}
      <Reason {...props} />
    </>
  )
}

function Reason({ id, error, again }: UnreadableProps) {
  if (!(error instanceof ApiError)) return <Failed error={error} again={again} />
  if (error.status === 410) return <Erased error={error} />
  if (error.status === 409) return <Ambiguous error={error} />
  if (error.status === 404) {
    return (
      <Nothing title="No such decision">
        <p>
          No record has the id <code>{id}</code> here.
        </p>
      </Nothing>
    )
  }
  return <Failed error={error} again={again} />
}

/** The content is gone, and where that is recorded. */
function Erased({ error: { message, problem } }: { readonly error: ApiError }) {
  const may = useMay()
  const entry = entryIn(problem['erasure'])
  const setRoot = problem['setRoot']
  return (
    <Nothing title="Erased">
      <p>{message}</p>
      {entry === undefined ? (
        <p>The entry that says so is on its way.</p>
      ) : (
        <p>
          Its tombstone opens to the set of the erasure at index {count(entry.index)}
          {may('erasures') && (
            <>
              :{' '}
              <Link to="/erasures" search={{ entry: entry.id }} className={controls['link']}>
                its receipt
              </Link>
            </>
          )}
          .
        </p>
      )}
      {typeof setRoot === 'string' && (
        <p>
          Set root <code className={styles['hash']}>{setRoot}</code>
        </p>
      )}
      <p>
        Its entry stays in the ledger and holds no personal data. That nothing else kept a copy is the
        operator's statement, not something a proof can show.
      </p>
    </Nothing>
  )
}

function entryIn(erasure: unknown): { readonly index: number; readonly id: string } | undefined {
  if (typeof erasure !== 'object' || erasure === null) return undefined
  const { index, id } = erasure as { readonly index?: unknown; readonly id?: unknown }
  return typeof index === 'number' && typeof id === 'string' ? { index, id } : undefined
}

function Ambiguous({ error }: { readonly error: ApiError }) {
  const ids = Array.isArray(error.problem['ids']) ? error.problem['ids'].map(String) : []
  return (
    <Nothing title="Several decisions have this id">
      <p>{error.message}</p>
      <ul>
        {ids.map((id) => (
          <li key={id}>
            <Link to="/decisions/$id" params={{ id }} className={controls['link']}>
              <code>{id}</code>
            </Link>
          </li>
        ))}
      </ul>
    </Nothing>
  )
}
