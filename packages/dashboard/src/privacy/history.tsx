import { Link } from '@tanstack/react-router'
import { count, isSealed, isWithheld, jsonText, labelOf, timeText } from '../display.ts'
import type { Json } from '../api.ts'
import controls from '../elements/controls.module.css'
import { roleText } from '../session/shape.ts'
import styles from './privacy.module.css'

interface HistoryProps {
  readonly steps: readonly Step[]
  /** Fields that are said elsewhere. */
  readonly hidden: ReadonlySet<string>
}

/** A record of what was done; its content is null where it cannot be opened. */
export interface Step {
  readonly id: string
  readonly index: number
  readonly at: string
  readonly kind: string
  readonly record: Readonly<Record<string, Json>> | null
}

const ALWAYS_HIDDEN: ReadonlySet<string> = new Set([
  'at',
  'atSource',
  'basis',
  'system',
  'affectedUserId',
  'affectedSubjects',
])

/** What was recorded of something, oldest first; each record opens its words for a stated purpose. */
export function History({ steps, hidden }: HistoryProps) {
  return (
    <ol className={styles['history']}>
      {steps.map(({ id, index, at, kind, record }) => (
        <li key={id}>
          <p>
            <time dateTime={at}>{timeText(at)}</time>{' '}
            <Link to="/decisions/$id" params={{ id }} className={controls['link']} title={`${kind} ${id}`}>
              index {count(index)}
            </Link>
          </p>
          {record === null ? (
            <p className={styles['note']}>The content is not there.</p>
          ) : (
            <Parts record={record} hidden={hidden} />
          )}
        </li>
      ))}
    </ol>
  )
}

function Parts({
  record,
  hidden,
}: Pick<HistoryProps, 'hidden'> & { readonly record: Readonly<Record<string, Json>> }) {
  const shown = Object.entries(record).filter(([name]) => !hidden.has(name) && !ALWAYS_HIDDEN.has(name))
  return (
    <dl className={styles['facts']}>
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{labelOf(name)}</dt>
          <dd>{saidText(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/

/** A value as it is read: people by name and role, lists and groups in one line, and that something is sealed. */
function saidText(value: Json): string {
  if (isSealed(value)) return isWithheld(value) ? 'not for your role' : 'sealed; the record opens it'
  if (Array.isArray(value)) return value.map((item: Json) => saidText(item)).join('; ')
  if (typeof value === 'string' && MOMENT.test(value)) return `${timeText(value)} UTC`
  if (typeof value !== 'object' || value === null) return jsonText(value)
  const { name, id, role, ...others } = value as Readonly<Record<string, Json>>
  const who = [name ?? id, role].flatMap((word) => (typeof word === 'string' ? [roleText(word)] : []))
  const rest = Object.entries(others).map(
    ([part, inner]) => `${labelOf(part).toLowerCase()} ${saidText(inner)}`,
  )
  return [...who, ...rest].join(', ')
}
