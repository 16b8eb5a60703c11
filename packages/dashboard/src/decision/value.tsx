import type { ReactNode } from 'react'
import type { Json } from '../api.ts'
import { count, isSealed, isWithheld } from '../display.ts'
import { DenyIcon, LockIcon } from '../elements/icons.tsx'
import styles from './decision.module.css'
import { useReveal } from './reveal-context.ts'

interface CoveredProps {
  readonly value: Json
  /** JSON pointer of the field in the record of this page; absent where nothing can be opened. */
  readonly pointer?: string | undefined
}

/** A covered field: one the reader's role does not see, or a sealed one that a purpose opens. */
export function Covered({ value, pointer }: CoveredProps) {
  const { canReveal, ask } = useReveal()
  if (isWithheld(value))
    return (
      <span
        className={styles['withheld']}
        title="Fields of this class are not shown to your role, whatever the purpose."
      >
        <DenyIcon />
        not for your role
      </span>
    )
  if (!canReveal || pointer === undefined)
    return (
      <span className={styles['sealed']}>
        <LockIcon />
        sealed
      </span>
    )
  return (
    <button
      type="button"
      className={styles['sealed']}
      onClick={() => ask(pointer)}
      aria-haspopup="dialog"
      aria-label={`Open the sealed field ${pointer.slice(1)}`}
    >
      <LockIcon />
      sealed
    </button>
  )
}

interface ValueProps {
  readonly value: Json
  readonly field?: string
  /** JSON pointer of the field in the record of this page. */
  readonly pointer?: string
}

/** A value of a record, as it was recorded. */
export function Value({ value, field, pointer }: ValueProps) {
  return isSealed(value) ? <Covered value={value} pointer={pointer} /> : draw(value, field)
}

function draw(value: Json, field: string | undefined): ReactNode {
  if (value === null) return <span className={styles['faint']}>null</span>
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number')
    return field !== undefined && /id$/i.test(field) ? String(value) : numberText(value)
  if (typeof value === 'string')
    return isOpaque(value) ? <code className={styles['hash']}>{value}</code> : value
  if (isList(value)) return <List items={value} />
  return <Parts of={value} />
}

/** Long whole numbers are grouped; everything else stays exactly as recorded. */
function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) >= 10_000 ? count(value) : String(value)
}

/** Hashes, ids and the like, which are read letter by letter. */
function isOpaque(text: string): boolean {
  return /^(sha\d+:)?[0-9a-f-]{16,}$/i.test(text)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function List({ items }: { readonly items: readonly Json[] }) {
  if (items.length === 0) return <span className={styles['faint']}>none</span>
  const arePlain = items.every((item) => typeof item !== 'object')
  if (arePlain) return items.map(String).join(', ')
  return (
    <span className={styles['list']}>
      {items.map((item, index) => (
        <span key={index}>
          <Value value={item} />
        </span>
      ))}
    </span>
  )
}

function Parts({ of }: { readonly of: { readonly [name: string]: Json } }) {
  return (
    <span className={styles['parts']}>
      {Object.entries(of).map(([name, value]) => (
        <span key={name}>
          <span className={styles['faint']}>{name}</span> <Value value={value} field={name} />
        </span>
      ))}
    </span>
  )
}
