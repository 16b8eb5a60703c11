import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { bytesText, dayText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Nothing, Waiting } from '../elements/state.tsx'
import { storedQuery } from './storage-queries.ts'
import styles from './storage.module.css'
import { GROWING, sizesByDay } from './stored.ts'
import type { DaySizes } from './stored.ts'

const COLUMNS_MAX = 120

/** How large the ledger was, day by day. */
export function HistoryPanel() {
  const { data, isError } = useQuery(storedQuery())
  const days = sizesByDay(data?.history ?? [], COLUMNS_MAX)
  return (
    <Panel title="Size over time" aside="without log and state" className={styles['history']}>
      {data === undefined && !isError && <Waiting lines={7} />}
      {data !== undefined && days.length < 2 && (
        <Nothing title="No history yet">
          <p>Sizes are kept once a day; with the second day they are drawn here.</p>
        </Nothing>
      )}
      {days.length >= 2 && <Chart days={days} />}
    </Panel>
  )
}

function Chart({ days }: { readonly days: readonly DaySizes[] }) {
  const [over, setOver] = useState<DaySizes>()
  const highest = Math.max(1, ...days.map(({ total }) => total))
  const [first, last] = [days[0]!, days.at(-1)!]
  const shown = over ?? last
  return (
    <>
      <div
        className={styles['columns']}
        role="img"
        aria-label={`From ${bytesText(first.total)} on ${dayText(first.day)} to ${bytesText(last.total)} on ${dayText(last.day)}`}
        onMouseLeave={() => setOver(undefined)}
      >
        {days.map((day) => (
          <span
            key={day.day}
            onMouseEnter={() => setOver(day)}
            title={`${dayText(day.day)}: ${bytesText(day.total)}`}
          >
            <span style={{ height: `${(day.total / highest) * 100}%` }}>
              {day.parts.map(({ id, bytes }) =>
                bytes > 0 ? <i key={id} data-part={id} style={{ flexGrow: bytes }} /> : null,
              )}
            </span>
          </span>
        ))}
      </div>
      <div className={styles['ends']} aria-hidden>
        <span>{dayText(first.day)}</span>
        <span>{dayText(last.day)}</span>
      </div>
      <ul className={styles['legend']}>
        {GROWING.filter(({ id }) => days.some(({ parts }) => bytesOf(parts, id) > 0)).map(({ id, name }) => (
          <li key={id}>
            <i data-part={id} aria-hidden />
            {name} <b>{bytesText(bytesOf(shown.parts, id))}</b>
          </li>
        ))}
        <li>on {dayText(shown.day)}</li>
      </ul>
    </>
  )
}

function bytesOf(parts: DaySizes['parts'], wanted: string): number {
  return parts.find(({ id }) => id === wanted)?.bytes ?? 0
}
