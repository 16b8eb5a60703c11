import { useQuery } from '@tanstack/react-query'
import { bytesText, count, counted } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { monthText } from './elsewhere.ts'
import type { TierMonth, Tiers } from './elsewhere.ts'
import { storedQuery, tiersQuery } from './storage-queries.ts'
import styles from './storage.module.css'

const MONTHS_SHOWN = 36

/** Which months left the index, and what they take where they are. */
export function TiersPanel() {
  const { data, error, refetch } = useQuery(tiersQuery())
  const { data: stored } = useQuery(storedQuery())
  const index = stored?.layers.find(({ name }) => name === 'index')?.bytes
  return (
    <Panel title="Tiers" aside={data && agesText(data)} className={styles['tiers']}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={4} />}
      {data === null && (
        <Nothing title="Everything is in the index">
          <p>
            {index !== undefined && `It takes ${bytesText(index)}. `}No other tier is configured:{' '}
            <code>deponent serve --warm ADDRESS</code> moves months that are over to Parquet files, searched
            as before.
          </p>
        </Nothing>
      )}
      {data && <Months tiers={data} />}
    </Panel>
  )
}

function agesText({ hotDays, warmDays }: Tiers): string {
  return `warm after ${counted(hotDays, 'day')}, cold after ${count(warmDays)}`
}

function Months({ tiers: { months, store } }: { readonly tiers: Tiers }) {
  if (months.length === 0)
    return (
      <Nothing title="No month has moved yet">
        <p>
          Months that are over for long enough go to <code>{store}</code>.
        </p>
      </Nothing>
    )
  const shown = months.toSorted((a, b) => (a.month < b.month ? -1 : 1)).slice(-MONTHS_SHOWN)
  const highest = Math.max(1, ...shown.map(({ bytes }) => bytes))
  const [warm, cold] = [months.filter(({ state }) => state !== 'archived'), months.filter(isCold)]
  return (
    <>
      <div className={styles['columns']} role="img" aria-label={saidOf(warm, cold)}>
        {shown.map((month) => (
          <span key={month.month} title={titleOf(month)} data-testid="month">
            <span style={{ height: `${(month.bytes / highest) * 100}%` }}>
              <i data-part={isCold(month) ? 'cold' : 'warm'} style={{ flexGrow: 1 }} />
            </span>
          </span>
        ))}
      </div>
      <div className={styles['ends']} aria-hidden>
        <span>{monthText(shown[0]!.month)}</span>
        {shown.length > 1 && <span>{monthText(shown.at(-1)!.month)}</span>}
      </div>
      <ul className={styles['legend']}>
        <li>
          <i data-part="warm" aria-hidden />
          Warm <b>{tierText(warm)}</b>
        </li>
        <li>
          <i data-part="cold" aria-hidden />
          Cold <b>{tierText(cold)}</b>
        </li>
      </ul>
      <p className={styles['note']}>
        In <code>{store}</code>.
        {cold.length > 0 && (
          <>
            {' '}
            Cold months are not searched until they are brought back: <code>deponent restore FROM..TO</code>.
          </>
        )}
      </p>
    </>
  )
}

function isCold({ state }: TierMonth): boolean {
  return state === 'archived'
}

function titleOf(month: TierMonth): string {
  return `${monthText(month.month)}: ${isCold(month) ? 'cold' : 'warm'}, ${counted(month.rows, 'row')}, ${bytesText(month.bytes)}`
}

function tierText(months: readonly TierMonth[]): string {
  const bytes = months.reduce((sum, month) => sum + month.bytes, 0)
  return months.length === 0 ? 'none' : `${counted(months.length, 'month')}, ${bytesText(bytes)}`
}

function saidOf(warm: readonly TierMonth[], cold: readonly TierMonth[]): string {
  return `Warm: ${tierText(warm)}. Cold: ${tierText(cold)}.`
}
