import { Popover } from '@base-ui/react/popover'
import { useState } from 'react'
import type { FormEvent } from 'react'
import controls from '../elements/controls.module.css'
import { filterText, readFilter } from '../filters.ts'
import type { Filters } from '../filters.ts'
import styles from './decisions.module.css'

const HOUR_MS = 3_600_000
const SPANS: readonly [label: string, lengthMs: number][] = [
  ['Last hour', HOUR_MS],
  ['Last 24 hours', 24 * HOUR_MS],
  ['Last 7 days', 7 * 24 * HOUR_MS],
  ['Last 30 days', 30 * 24 * HOUR_MS],
]

interface TimeMenuProps {
  readonly filters: Filters
  readonly onChange: (filters: Filters) => void
}

/** When the decisions were made. A span is kept as its first moment, so that a link always means the same. */
export function TimeMenu({ filters, onChange }: TimeMenuProps) {
  const [isOpen, setOpen] = useState(false)
  const choose = (from: string | undefined, to?: string) => {
    const { from: _from, to: _to, ...others } = filters
    onChange({ ...others, ...(from !== undefined && { from }), ...(to !== undefined && { to }) })
    setOpen(false)
  }
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger className={controls['button']}>{labelOf(filters)}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className={styles['positioner']}>
          <Popover.Popup className={`${controls['popup']} ${styles['menu']}`} aria-label="Time">
            <button type="button" onClick={() => choose(undefined)}>
              Any time
            </button>
            {SPANS.map(([label, lengthMs]) => (
              <button
                key={label}
                type="button"
                onClick={() => choose(new Date(Date.now() - lengthMs).toISOString())}
              >
                {label}
              </button>
            ))}
            <Between filters={filters} choose={choose} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

function labelOf({ from, to }: Filters): string {
  if (from === undefined && to === undefined) return 'Any time'
  return [from && filterText('from', from), to && filterText('to', to)].filter(Boolean).join(' ')
}

interface BetweenProps {
  readonly filters: Filters
  readonly choose: (from: string | undefined, to: string | undefined) => void
}

function Between({ filters, choose }: BetweenProps) {
  const [from, setFrom] = useState(filters['from'] ?? '')
  const [to, setTo] = useState(filters['to'] ?? '')
  const [problem, setProblem] = useState<string>()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const [first, last] = [readTime('from', from), readTime('to', to)]
    if (typeof first === 'object') return setProblem(first.problem)
    if (typeof last === 'object') return setProblem(last.problem)
    choose(first, last)
  }
  return (
    <form onSubmit={submit} className={styles['between']}>
      <label>
        From (UTC)
        <input
          className={controls['field']}
          value={from}
          onChange={(event) => setFrom(event.target.value)}
          placeholder="2026-11-01"
        />
      </label>
      <label>
        Before (UTC)
        <input
          className={controls['field']}
          value={to}
          onChange={(event) => setTo(event.target.value)}
          placeholder="2026-11-02 14:30"
        />
      </label>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <button type="submit" className={controls['button']}>
        Show
      </button>
    </form>
  )
}

function readTime(name: string, value: string): string | undefined | { readonly problem: string } {
  if (value.trim() === '') return undefined
  const read = readFilter(`${name}=${value}`)
  return 'problem' in read ? read : read.value
}
