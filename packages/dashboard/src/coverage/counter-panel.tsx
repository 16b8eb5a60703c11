import { Link } from '@tanstack/react-router'
import type { Counter, Reading } from '../api.ts'
import { count, counted, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import styles from './coverage.module.css'

/** Readings drawn, the latest: a week of hours. */
const READINGS_SHOWN = 168
const DIFFERENCES_SHOWN = 6
/** Fields of a counter's filter by which decisions can be listed too. */
const LISTED_BY = ['system', 'modelId', 'environment'] as const

/** What somebody else counted, against what is recorded of the same time. */
export function CounterPanel({ counter }: { readonly counter: Counter }) {
  const { counter: name, source, unit, verdicts, readings } = counter
  const shown = readings.slice(-READINGS_SHOWN)
  const highest = Math.max(1, ...shown.map(({ value, recorded }) => Math.max(value, recorded ?? 0)))
  const differing = readings.filter(differs)
  return (
    <Panel
      title={name}
      aside={source === null ? 'not declared' : `${source}, ${unit ?? ''}`}
      className={styles['counter']}
    >
      <p className={styles['note']}>
        {counted(readings.length, 'reading')}: {count(verdicts.matched)} matched,{' '}
        {count(verdicts.observed_no_record)} observed without a record,{' '}
        {count(verdicts.record_no_observation)} recorded without an observation,{' '}
        {count(verdicts.indeterminate)} cannot be told
      </p>
      <div className={styles['bars']} role="img" aria-label={`${name} against the records`}>
        {shown.map((reading) => (
          <Bar key={reading.from} reading={reading} highest={highest} />
        ))}
      </div>
      {shown.length > 0 && (
        <div className={styles['ends']}>
          <span>{timeText(shown[0]!.from)}</span>
          <span>{timeText(shown.at(-1)!.to)}</span>
        </div>
      )}
      {differing.length > 0 && <Differences counter={counter} differing={differing} />}
    </Panel>
  )
}

function Bar({ reading, highest }: { readonly reading: Reading; readonly highest: number }) {
  const { value, recorded, verdict } = reading
  const both = Math.min(value, recorded ?? value)
  const more = Math.max(value, recorded ?? value) - both
  const height = (amount: number) => ({ height: `${(amount / highest) * 100}%` })
  return (
    <span title={readingText(reading)} data-verdict={verdict}>
      {more > 0 && <i style={height(more)} data-kind="difference" />}
      <i style={height(both)} />
    </span>
  )
}

function Differences({
  counter: { filter },
  differing,
}: {
  readonly counter: Counter
  readonly differing: readonly Reading[]
}) {
  const wanted = LISTED_BY.flatMap((field) => {
    const value = filter[field]
    return value === undefined ? [] : [[field, value] as const]
  })
  const shown = differing.slice(-DIFFERENCES_SHOWN).toReversed()
  return (
    <ul className={styles['findings']} aria-label="Differences">
      {shown.map((reading) => (
        <li key={reading.from} data-severity="gap">
          <Link
            to="/decisions"
            search={{ ...Object.fromEntries(wanted), from: reading.from, to: reading.to }}
          >
            {timeText(reading.from)}
          </Link>
          <span>
            {count(reading.value)} counted, {count(reading.recorded ?? 0)} recorded
          </span>
        </li>
      ))}
      {differing.length > shown.length && <li>{count(differing.length - shown.length)} more</li>}
    </ul>
  )
}

function differs({ verdict }: Reading): boolean {
  return verdict === 'observed_no_record' || verdict === 'record_no_observation'
}

function readingText({ from, value, recorded, verdict }: Reading): string {
  const against = recorded === null ? 'cannot be told' : `${count(recorded)} recorded`
  return `${timeText(from)}: ${count(value)} counted, ${against} (${verdict.replaceAll('_', ' ')})`
}
