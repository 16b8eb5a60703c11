import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { DecisionDocument, TimelineItem } from '../api.ts'
import { count, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { timelineQuery } from '../queries.ts'
import styles from './decision.module.css'
import { Value } from './value.tsx'

/** Fields of a record that say nothing its place on this page does not say already. */
const SELF_EVIDENT = new Set(['at', 'atSource', 'atAssumed', 'decisionId', 'links', 'system'])

/** Everything recorded about the decision, in the order of the ledger, and what it is linked to. */
export function TimelinePanel({ decision }: { readonly decision: DecisionDocument }) {
  const { data, error, refetch } = useQuery(timelineQuery(decision.id))
  const links = decision.links ?? []
  const others = data?.items.filter(({ id }) => id !== decision.id) ?? []
  const items: readonly TimelineItem[] = [{ ...decision, record: {} }, ...others]
  return (
    <Panel title="Recorded about it">
      <ol className={styles['timeline']}>
        {items
          .toSorted((a, b) => a.index - b.index)
          .map((item) => (
            <Item key={item.id} item={item} isThis={item.id === decision.id} />
          ))}
      </ol>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={2} />}
      {data !== undefined && others.length === 0 && (
        <p className={styles['caveat']}>No review, outcome or contest was recorded so far.</p>
      )}
      {links.length > 0 && (
        <ul className={styles['links']} aria-label="Links">
          {links.map(({ rel, id }) => (
            <li key={`${rel} ${id}`}>
              <span className={styles['faint']}>{rel}</span>{' '}
              <Link to="/decisions/$id" params={{ id }}>
                <code>{id}</code>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Item({ item, isThis }: { readonly item: TimelineItem; readonly isThis: boolean }) {
  const fields = Object.entries(item.record ?? {}).filter(([name]) => !SELF_EVIDENT.has(name))
  return (
    <li data-this={isThis}>
      <span className={styles['place']}>{count(item.index)}</span>
      <div>
        <b>{isThis ? 'this decision' : item.kind}</b> <time dateTime={item.at}>{timeText(item.at)}</time>
        {item.record === undefined && <p className={styles['faint']}>The content is not there.</p>}
        {fields.length > 0 && <Value value={Object.fromEntries(fields)} />}
      </div>
    </li>
  )
}
