import { useQuery } from '@tanstack/react-query'
import { bytesText, counted, dayText, percent } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { monthText } from './elsewhere.ts'
import type { TierMonth, Tiers } from './elsewhere.ts'
import { tiersQuery } from './storage-queries.ts'
import styles from './storage.module.css'

const MONTHS_SHOWN = 36

/** Which months left the index, and what they take where they are. */
export function TiersPanel() {
  const { data, error, refetch } = useQuery(tiersQuery())
  const isTiered = data?.hotDays != null || (data?.months.length ?? 0) > 0
  return (
    <Panel title="Tiers" aside={data && agesText(data)}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={4} />}
      {data !== undefined && !isTiered && (
        <Nothing title="Everything is in the index">
          <p>
            {data?.hot != null && `It takes ${bytesText(data.hot.bytes)}. `}No other tier is configured:{' '}
            <code>deponent serve --warm ADDRESS</code> moves months that are over to Parquet files, which are
            searched as before.
          </p>
        </Nothing>
      )}
      {data && isTiered && <Months tiers={data} />}
    </Panel>
  )
}

function agesText({ hotDays, warmDays }: Tiers): string | undefined {
  if (hotDays === null) return undefined
  const cold = warmDays === null ? 'never cold' : `cold after ${counted(warmDays, 'day')}`
  return `warm after ${counted(hotDays, 'day')}, ${cold}`
}

function Months({ tiers }: { readonly tiers: Tiers }) {
  const { hot, months, restoration, trouble } = tiers
  const [warm, cold] = [
    months.filter(({ tier }) => tier === 'warm'),
    months.filter(({ tier }) => tier === 'cold'),
  ]
  return (
    <>
      {months.length === 0 ? <Nothing title="No month has moved yet" /> : <Columns months={months} />}
      <ul className={styles['legend']}>
        {hot !== null && (
          <li>
            <i data-part="index" aria-hidden />
            Index <b>{bytesText(hot.bytes)}</b>
          </li>
        )}
        <li>
          <i data-part="warm" aria-hidden />
          Warm <b>{tierText(warm)}</b>
        </li>
        <li>
          <i data-part="cold" aria-hidden />
          Cold <b>{tierText(cold)}</b>
        </li>
      </ul>
      {cold.length > 0 && (
        <p className={styles['note']}>
          Cold months are not searched until they are brought back:{' '}
          <code>
            deponent restore {cold[0]!.month}..{cold.at(-1)!.month}
          </code>
        </p>
      )}
      {restoration?.state === 'running' && (
        <p className={styles['note']} role="status">
          {monthText(restoration.from)} to {monthText(restoration.to)} is being brought back:{' '}
          {percent(restoration.bytes === 0 ? 0 : restoration.done / restoration.bytes)}
        </p>
      )}
      {trouble !== '' && (
        <p className={styles['trouble']} role="alert">
          Months cannot be moved: {trouble}
        </p>
      )}
    </>
  )
}

function Columns({ months }: { readonly months: readonly TierMonth[] }) {
  const shown = months.toSorted((a, b) => (a.month < b.month ? -1 : 1)).slice(-MONTHS_SHOWN)
  const highest = Math.max(1, ...shown.map(({ bytes }) => bytes))
  const said = shown.map(titleOf).join('; ')
  return (
    <>
      <div className={styles['columns']} role="img" aria-label={said}>
        {shown.map((month) => (
          <span key={month.month} title={titleOf(month)} data-testid="month">
            <span style={{ height: `${(month.bytes / highest) * 100}%` }}>
              <i data-part={month.tier} style={{ flexGrow: 1 }} />
            </span>
          </span>
        ))}
      </div>
      <div className={styles['ends']} aria-hidden>
        <span>{monthText(shown[0]!.month)}</span>
        {shown.length > 1 && <span>{monthText(shown.at(-1)!.month)}</span>}
      </div>
    </>
  )
}

function titleOf({ month, tier, decisions, bytes, restoredUntil }: TierMonth): string {
  const back = restoredUntil === null ? '' : `, brought back until ${dayText(restoredUntil)}`
  return `${monthText(month)}: ${tier}, ${counted(decisions, 'decision')}, ${bytesText(bytes)}${back}`
}

function tierText(months: readonly TierMonth[]): string {
  const bytes = months.reduce((sum, month) => sum + month.bytes, 0)
  return months.length === 0 ? 'none' : `${counted(months.length, 'month')}, ${bytesText(bytes)}`
}
