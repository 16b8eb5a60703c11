/** Why a decision cannot be shown, told apart: each asks something else of the reader. */
import { Link } from '@tanstack/react-router'
import { ApiError } from '../client.ts'
import { timeText } from '../display.ts'
import { currentLedger } from '../session/state.ts'
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

function Erased({ error }: { readonly error: ApiError }) {
  const erasure = error.problem['erasure']
  const at =
    typeof erasure === 'object' && erasure !== null && 'at' in erasure ? String(erasure.at) : undefined
  return (
    <Nothing title="Erased">
      <p>{error.message}</p>
      {at !== undefined && <p>Erased {timeText(at)} UTC.</p>}
      <p>
        Its entry stays in the ledger and holds no personal data. That nothing else kept a copy is the
        operator's statement, not something a proof can show.
      </p>
    </Nothing>
  )
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
