/** What stands for a person, and what is kept of them in numbers. */
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { count, dayText, timeText } from '../display.ts'
import { ActDialog } from '../elements/act.tsx'
import controls from '../elements/controls.module.css'
import { Meter } from '../elements/meter.tsx'
import { Panel } from '../elements/panel.tsx'
import { groundText } from '../holds/hold.ts'
import privacy from '../privacy/privacy.module.css'
import { restrictionText } from '../privacy/words.ts'
import { useMay } from '../session/state.ts'
import styles from './people.module.css'
import { SplitForm } from './person-forms.tsx'
import { byCount, kindText, waitingText } from './person.ts'
import type { Person } from './person.ts'

/** What somebody who deals with this person must know first. */
export function Standing({ person }: { readonly person: Person }) {
  const { restrictedBy, holds, erasures } = person
  const may = useMay()
  if (restrictedBy.length + holds.length + erasures.length === 0) return null
  return (
    <ul className={styles['standing']} aria-label="What stands">
      {restrictedBy.length > 0 && (
        <li data-testid="restricted">
          <b>Processing is restricted</b>
          <span>
            {restrictionText(restrictedBy)}. Decisions are shown for a stated purpose only, and numbers leave
            them out.
          </span>
        </li>
      )}
      {erasures.map(({ erasureId, waitingFor, requestedAt }) => (
        <li key={erasureId} data-testid="pending-erasure">
          <b>An erasure {waitingText(waitingFor)}</b>
          <span>
            asked for {timeText(requestedAt)} UTC{' '}
            {may('erasures') && (
              <Link to="/erasure/$id" params={{ id: erasureId }} className={controls['link']}>
                how it stands
              </Link>
            )}
          </span>
        </li>
      ))}
      {holds.map((hold) => (
        <li key={hold.holdId}>
          <b>A hold keeps them from being erased</b>
          <span>
            {groundText(hold.ground)}, since {dayText(hold.placedAt)}
            {hold.reviewAt !== undefined && `, review ${dayText(hold.reviewAt)}`}{' '}
            {may('holds') && (
              <Link to="/holds" search={{ hold: hold.holdId }} className={controls['link']}>
                {hold.holdId}
              </Link>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}

interface CountsPanelProps {
  readonly title: string
  readonly counts: Readonly<Record<string, number>>
  readonly isKind?: boolean
}

/** Records by one of their properties, the most first. */
export function CountsPanel({ title, counts, isKind = false }: CountsPanelProps) {
  const rows = byCount(counts)
  return (
    <Panel title={title}>
      {rows.length === 0 && <p className={privacy['prose']}>None.</p>}
      <ul className={styles['counts']}>
        {rows.map((row) => (
          <li key={row.name}>
            <span>{isKind ? kindText(row.name) : row.name}</span>
            <Meter part={row.part} />
            <b>{count(row.count)}</b>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** Which ids were said to be this person. */
export function MergesPanel({ person: { merges } }: { readonly person: Person }) {
  const may = useMay()
  const [undone, setUndone] = useState<string>()
  if (merges.length === 0) return null
  return (
    <Panel title="Ids that are one person">
      <ul className={styles['merges']}>
        {merges.map(({ mergeId, at }) => (
          <li key={mergeId}>
            <span>
              two ids were merged {timeText(at)} UTC
              <small>
                <Link to="/decisions/$id" params={{ id: mergeId }} className={controls['link']}>
                  <code>{mergeId}</code>
                </Link>
              </small>
            </span>
            {may('rights') && (
              <button type="button" className={controls['button']} onClick={() => setUndone(mergeId)}>
                Undo…
              </button>
            )}
          </li>
        ))}
      </ul>
      <ActDialog isOpen={undone !== undefined} close={() => setUndone(undefined)}>
        {undone !== undefined && <SplitForm mergeId={undone} close={() => setUndone(undefined)} />}
      </ActDialog>
    </Panel>
  )
}
