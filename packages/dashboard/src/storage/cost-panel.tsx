import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { bytesText, count, counted } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import table from '../elements/table.module.css'
import { itemsOf, moneyText, wholeNumber } from './bill.ts'
import type { Bill } from './bill.ts'
import { billQuery, storedQuery } from './storage-queries.ts'
import type { Scenario } from './storage-queries.ts'
import styles from './storage.module.css'
import { layerText, paceOf } from './stored.ts'

const route = getRouteApi('/storage')

const PER_DAY_MAX = 1e12
const YEARS_MAX = 100
const YEARS = 7
/** While nothing tells how many there are a day. */
const PER_DAY = 1_000

/** What a month costs now, and what it will. */
export function CostPanel() {
  const search = route.useSearch()
  const { data: stored } = useQuery(storedQuery())
  const pace = stored ? paceOf(stored) : undefined
  const scenario: Scenario = {
    decisionsPerDay: wholeNumber(search['perDay'], PER_DAY_MAX) ?? pace ?? PER_DAY,
    years: wholeNumber(search['years'], YEARS_MAX) ?? YEARS,
  }
  const { data: bill, error, refetch } = useQuery({ ...billQuery(scenario), enabled: stored != null })
  if (stored === undefined) return null
  return (
    <Panel title="Cost" aside={bill && bill.prices}>
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {stored !== null && error === null && bill === undefined && <Waiting lines={5} />}
      {(stored === null || bill === null) && (
        <Nothing title="This server does not say what it costs">
          <p>
            <code>deponent cost DIR --prices FILE</code> computes it from a data directory.
          </p>
        </Nothing>
      )}
      {stored && bill && (
        <>
          <Now bill={bill} />
          <ScenarioForm scenario={scenario} isMeasured={pace === scenario.decisionsPerDay} />
          <Projection bill={bill} />
        </>
      )}
    </Panel>
  )
}

function Now({ bill: { currency, now } }: { readonly bill: Bill }) {
  return (
    <p className={styles['now']}>
      <b>{moneyText(Number(now.amounts['total'] ?? 0), currency)}</b> a month with what is stored now
      <span>
        {itemsOf(now.amounts)
          .map(({ words, amount }) => `${words} ${moneyText(amount, currency)}`)
          .join(' · ')}
      </span>
    </p>
  )
}

interface ScenarioFormProps {
  readonly scenario: Scenario
  readonly isMeasured: boolean
}

function ScenarioForm({ scenario: { decisionsPerDay, years }, isMeasured }: ScenarioFormProps) {
  const navigate = route.useNavigate()
  return (
    <form
      className={styles['scenario']}
      key={`${decisionsPerDay} ${years}`}
      aria-label="Projection"
      onSubmit={(event) => {
        event.preventDefault()
        void navigate({ search: Object.fromEntries(textsOf(event.currentTarget)) })
      }}
    >
      <label>
        Decisions a day
        <input
          className={controls['field']}
          type="number"
          name="perDay"
          min={1}
          max={PER_DAY_MAX}
          step={1}
          required
          defaultValue={decisionsPerDay}
        />
      </label>
      <label>
        Years
        <input
          className={controls['field']}
          type="number"
          name="years"
          min={1}
          max={YEARS_MAX}
          step={1}
          required
          defaultValue={years}
        />
      </label>
      <button type="submit" className={controls['button']}>
        Project
      </button>
      {isMeasured && <span>the pace of the last days</span>}
    </form>
  )
}

function textsOf(form: HTMLFormElement): [name: string, text: string][] {
  return [...new FormData(form)].flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : []))
}

function Projection({ bill }: { readonly bill: Bill }) {
  const { currency, lastMonth, notMeasured, total, years } = bill
  const stored = ({ bytes }: Pick<typeof lastMonth, 'bytes'>) =>
    Object.values(bytes).reduce((sum, part) => sum + part, 0)
  const largest = Math.max(1, ...years.map(stored))
  return (
    <>
      <div className={table['wide']}>
        <table className={`${table['table']} ${styles['years']}`}>
          <thead>
            <tr>
              <th>Year</th>
              <th data-numeric>Decisions by then</th>
              <th>Stored by then</th>
              <th data-numeric>Paid in it</th>
            </tr>
          </thead>
          <tbody>
            {years.map((year) => (
              <tr key={year.year}>
                <td>{year.year}</td>
                <td data-numeric>{count(year.decisions)}</td>
                <td className={styles['grows']}>
                  <div>
                    <span aria-hidden>
                      <i style={{ width: `${(stored(year) / largest) * 100}%` }} />
                    </span>
                    {bytesText(stored(year))}
                  </div>
                </td>
                <td data-numeric>{moneyText(Number(year.amounts['total'] ?? 0), currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles['note']}>
        {moneyText(Number(total['total'] ?? 0), currency)} in {counted(years.length, 'year')}, from nothing at
        the beginning of year 1; {moneyText(Number(lastMonth.amounts['total'] ?? 0), currency)} in the last
        month. Content that is deleted on the way is not subtracted.
        {notMeasured.length > 0 &&
          ` Left out, because nothing tells how much they take: ${notMeasured.map(layerText).join(', ')}.`}{' '}
        Machines, network, backups, and people but for the hours of reporting, are not in it.
      </p>
    </>
  )
}
