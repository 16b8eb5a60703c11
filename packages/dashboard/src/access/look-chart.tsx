import { useState } from 'react'
import { count, counted, dayText } from '../display.ts'
import styles from './access.module.css'
import { LOOK_KINDS } from './look.ts'
import type { Look } from './look.ts'
import { looksPerDay } from './looks-per-day.ts'
import type { LookDay } from './looks-per-day.ts'

interface LookChartProps {
  readonly looks: readonly Look[]
  /** Called with the day that was chosen. */
  readonly onDay: (day: string) => void
}

/** Looks per day, one bar a day, in the colours of what they were. */
export function LookChart({ looks, onDay }: LookChartProps) {
  const days = looksPerDay(looks)
  const [over, setOver] = useState<LookDay>()
  const highest = Math.max(1, ...days.map(({ total }) => total))
  return (
    <div className={styles['chart']}>
      <ol onMouseLeave={() => setOver(undefined)}>
        {days.map((day) => (
          <li key={day.day} onMouseEnter={() => setOver(day)}>
            <button
              type="button"
              onClick={() => onDay(day.day)}
              aria-label={barLabel(day)}
              title={barLabel(day)}
            >
              <span style={{ height: `${(day.total / highest) * 100}%` }}>
                {LOOK_KINDS.map((kind) =>
                  kind !== 'gap' && day.counts[kind] > 0 ? (
                    <i key={kind} data-kind={kind} style={{ flexGrow: day.counts[kind] }} />
                  ) : null,
                )}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <div className={styles['ends']} aria-hidden>
        <span>{days[0] && dayText(days[0].day)}</span>
        {days.length > 1 && <span>{dayText(days.at(-1)!.day)}</span>}
      </div>
      <Legend days={days} over={over} />
    </div>
  )
}

function barLabel({ day, counts, total }: LookDay): string {
  const denied = counts.denied > 0 ? `, ${count(counts.denied)} denied` : ''
  return `${dayText(day)}: ${counted(total, 'look')}${denied}`
}

/** How many of each, on the day under the pointer or in all. */
function Legend({ days, over }: { readonly days: readonly LookDay[]; readonly over: LookDay | undefined }) {
  const counted = over === undefined ? days : [over]
  return (
    <ul className={styles['legend']}>
      {LOOK_KINDS.map((kind) => (
        <li key={kind}>
          <i data-kind={kind} />
          {kind}{' '}
          <b>{count(counted.reduce((sum, { counts }) => sum + (kind === 'gap' ? 0 : counts[kind]), 0))}</b>
        </li>
      ))}
      <li>{over === undefined ? 'in all of these days' : `on ${dayText(over.day)}`}</li>
    </ul>
  )
}
