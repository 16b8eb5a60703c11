import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { beyondText, doneText, kindOf } from '../access/look.ts'
import type { Look } from '../access/look.ts'
import { seenQuery } from '../access/look-queries.ts'
import { timeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { roleText } from '../session/shape.ts'
import styles from './decision.module.css'

const SHOWN = 12
/** A look is on record within a second, and found soon after. */
const SETTLES_MS = 2_500

interface SeenPanelProps {
  readonly id: string
  /** Changes with every opening of sealed fields, which is a look of its own. */
  readonly openedUntil: number | undefined
}

/** Who saw this decision, and what of it is not recorded. */
export function SeenPanel({ id, openedUntil }: SeenPanelProps) {
  const { data, error, refetch, isRefetching } = useQuery(seenQuery(id))
  useEffect(() => {
    if (openedUntil === undefined) return
    const timer = setTimeout(() => void refetch(), SETTLES_MS)
    return () => clearTimeout(timer)
  }, [openedUntil, refetch])
  const again = (
    <button type="button" className={controls['link']} disabled={isRefetching} onClick={() => void refetch()}>
      {isRefetching ? 'Asking…' : 'Ask again'}
    </button>
  )
  return (
    <Panel title="Who saw this" aside={again}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={3} />}
      {data !== undefined && data.items.length === 0 && (
        <p className={styles['prose']}>Nobody so far, but for whoever looks right now.</p>
      )}
      {data !== undefined && data.items.length > 0 && (
        <ol className={styles['seen']}>
          {data.items.slice(0, SHOWN).map((look) => (
            <Seen key={look.id} look={look} />
          ))}
        </ol>
      )}
      <p className={styles['caveat']}>
        {data !== undefined && (data.items.length > SHOWN || data.next !== null) && (
          <>
            <Link to="/access" search={{ id }} className={controls['link']}>
              All looks at it
            </Link>
            .{' '}
          </>
        )}
        Lists and opened decisions are recorded within a second. Not recorded: numbers over many decisions
        that counted this one name none of them, the raw ledger, and whoever saw it outside of this server.
      </p>
    </Panel>
  )
}

function Seen({ look }: { readonly look: Look }) {
  const { at, actor, purpose } = look
  const beyond = beyondText(look)
  return (
    <li data-kind={kindOf(look)}>
      <time dateTime={at}>{timeText(at)}</time>
      <span>
        <b>{actor.name ?? actor.id}</b>, {roleText(actor.role)}, {doneText(look)}
        {purpose !== undefined && <> for “{purpose}”</>}
        {beyond !== undefined && <span className={styles['faint']}>; {beyond}</span>}
      </span>
    </li>
  )
}
