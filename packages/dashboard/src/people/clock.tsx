import { dayText } from '../display.ts'
import { Meter } from '../elements/meter.tsx'
import { useNow } from '../now.ts'
import styles from './people.module.css'
import { clockOf, isPending } from './request.ts'
import type { PersonRequest } from './request.ts'

/** How much of its time a request has used, and how much is left. */
export function Clock({ request }: { readonly request: PersonRequest }) {
  const { tone, part, firstDue, text } = clockOf(request, useNow())
  return (
    <div className={styles['clock']} data-tone={tone}>
      <b>{text}</b>
      <Meter part={part} mark={firstDue} colour={COLOURS[tone]} />
      <small>
        came {dayText(request.receivedAt)}, {isPending(request) ? 'due' : 'was due'} {dayText(request.dueAt)}
        {request.isExtended && ', extended'}
      </small>
    </div>
  )
}

const COLOURS = {
  calm: 'var(--accent)',
  soon: 'var(--warn)',
  late: 'var(--alarm)',
  done: 'var(--line-strong)',
} as const
