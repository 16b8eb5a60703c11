import { Link } from '@tanstack/react-router'
import { count, lineText, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { useMay } from '../session/state.ts'
import type { LifeEvent, Model } from './life.ts'
import { eventText } from './life.ts'
import styles from './models.module.css'

/** So much later than it happened a record is late. */
const LATE_MS = 3_600_000

/** The biography: everything recorded, the newest on top, each with its entry. */
export function EventsPanel({
  model,
  chosen,
}: {
  readonly model: Model
  readonly chosen: string | undefined
}) {
  const { eventCount, events } = model
  return (
    <Panel title="Biography" aside={`${count(eventCount)} recorded`}>
      {events.length === 0 && (
        <p className={styles['empty']}>
          Nothing is recorded of this model. Its decisions name it, and nobody declared it.
        </p>
      )}
      <ol className={styles['events']}>
        {events.toReversed().map((event) => (
          <Event
            key={event.id}
            event={event}
            isChosen={chosen !== undefined && event.modelVersion === chosen}
          />
        ))}
      </ol>
      {eventCount > events.length && (
        <p className={styles['empty']}>Only the last {count(events.length)} are shown.</p>
      )}
    </Panel>
  )
}

function Event({ event, isChosen }: { readonly event: LifeEvent; readonly isChosen: boolean }) {
  const may = useMay()
  const { at, id, index, kind, modelVersion, receivedAt, record } = event
  const { actor, approver, environment, reason } = record
  const isLate = Date.parse(receivedAt) - Date.parse(at) > LATE_MS
  return (
    <li data-testid="event" data-chosen={isChosen} data-kind={kind}>
      <time dateTime={at}>{timeText(at)}</time>
      <div>
        <p>
          <b>{eventText(kind)}</b> {modelVersion}{' '}
          {environment !== undefined && <span>{lineText(environment)}</span>}
        </p>
        <p className={styles['faint']}>
          {actor !== undefined && <span>by {lineText(actor)}</span>}
          {approver !== undefined && <span>authorised by {lineText(approver)}</span>}
          {reason !== undefined && <span>{lineText(reason)}</span>}
          {isLate && <span title={`received ${timeText(receivedAt)}`}>recorded later</span>}
        </p>
      </div>
      {may('read') ? (
        <Link to="/decisions/$id" params={{ id }} title="Open the record and check its proof">
          entry {count(index)}
        </Link>
      ) : (
        <span className={styles['faint']}>entry {count(index)}</span>
      )}
    </li>
  )
}
