import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo, useSyncExternalStore } from 'react'
import { NoneYet } from '../decisions/no-decisions.tsx'
import { count, counted, dayText, percent } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { aggregateQuery, systemsQuery } from '../queries.ts'
import { useMay, useSession } from '../session/state.ts'
import { CompletenessPanel } from './completeness-panel.tsx'
import { ConfidencePanel } from './confidence-panel.tsx'
import { CoveragePanel } from './coverage-panel.tsx'
import { LedgerPanel } from './ledger-panel.tsx'
import { ModelsPanel } from './models-panel.tsx'
import styles from './overview.module.css'
import { dayOf, firstDay, rangeOf, RANGES } from './range.ts'
import type { Range } from './range.ts'
import { MODEL_METRICS, modelsOf, volumeOf } from './usage.ts'
import type { ModelUsage, Volume } from './usage.ts'
import { VolumePanel } from './volume-panel.tsx'

const route = getRouteApi('/')

/** How much is recorded, by what, how completely, and how the ledger is. */
export function Overview() {
  const { range: rangeId } = route.useSearch()
  const range = rangeOf(rangeId)
  const today = useToday()
  const first = firstDay(range, Date.parse(today))
  const from = first === undefined ? undefined : `${first}T00:00:00.000Z`
  const period = usePeriod(from)
  const { groups, error, refetch } = period
  const volume = useMemo(() => volumeOf(groups?.daily ?? [], first, today), [groups, first, today])
  const models = useMemo(() => (groups === undefined ? [] : modelsOf(groups, volume.days)), [groups, volume])
  const isEmpty = useIsEmpty()
  const mayRead = useMay()
  if (!mayRead('aggregate')) return <WithoutNumbers />
  return (
    <div className={styles['overview']}>
      <header className={styles['head']}>
        <Statement
          models={models}
          volume={volume}
          range={range}
          isEmpty={isEmpty}
          isKnown={groups !== undefined}
          isSuppressed={period.suppressed.models !== undefined}
        />
        <RangeChoice range={range} />
      </header>
      {(groups === undefined || isEmpty) && (
        <Panel title="Decisions per day" className={styles['volume']}>
          {groups === undefined && error !== null && <Failed error={error} again={refetch} />}
          {groups === undefined && error === null && <Waiting lines={8} />}
          {isEmpty && <NoneYet />}
        </Panel>
      )}
      {groups !== undefined && !isEmpty && (
        <>
          <VolumePanel volume={volume} suppressed={period.suppressed.daily} />
          <ModelsPanel
            models={models}
            series={volume.series}
            from={from}
            suppressed={period.suppressed.models}
          />
          <ConfidencePanel from={from} />
          <CompletenessPanel from={from} />
          {mayRead('status') && <CoveragePanel />}
        </>
      )}
      <LedgerPanel />
    </div>
  )
}

/** What is left of the overview for whoever sees no numbers over decisions. */
function WithoutNumbers() {
  const mayRead = useMay()
  return (
    <div className={styles['overview']}>
      <header className={styles['head']}>
        <h1>
          Overview <span>of the recorder; your key sees no decisions</span>
        </h1>
      </header>
      {mayRead('status') && <CoveragePanel />}
      <LedgerPanel />
    </div>
  )
}

/** The groups the period is drawn from; undefined until all of them are there. */
function usePeriod(from: string | undefined) {
  const enabled = useMay()('aggregate')
  const { smallCells } = useSession()
  const models = useQuery({ ...aggregateQuery(MODEL_METRICS, 'system,modelId', from), enabled })
  const statuses = useQuery({ ...aggregateQuery('count', 'system,modelId,status', from), enabled })
  // The finer the groups, the fewer are large enough to be shown.
  const perDay = smallCells === null ? 'day,system,modelId' : 'day,system'
  const daily = useQuery({ ...aggregateQuery('count', perDay, from), enabled })
  const groups = useMemo(
    () =>
      models.data && statuses.data && daily.data
        ? { models: models.data.items, statuses: statuses.data.items, daily: daily.data.items }
        : undefined,
    [models.data, statuses.data, daily.data],
  )
  const refetch = () => {
    for (const query of [models, statuses, daily]) void query.refetch()
  }
  const suppressed = { models: models.data?.suppressed, daily: daily.data?.suppressed }
  return { groups, suppressed, error: models.error ?? statuses.error ?? daily.error, refetch }
}

/** Whether no decision was ever recorded. */
function useIsEmpty(): boolean {
  const { data } = useQuery(systemsQuery())
  return data?.items.length === 0
}

const MINUTE_MS = 60_000

/** The day it is in UTC, also after midnight. */
function useToday(): string {
  return useSyncExternalStore(everyMinute, () => dayOf(Date.now()))
}

function everyMinute(changed: () => void): () => void {
  const timer = setInterval(changed, MINUTE_MS)
  return () => clearInterval(timer)
}

interface StatementProps {
  readonly models: readonly ModelUsage[]
  readonly volume: Volume
  readonly range: Range
  readonly isEmpty: boolean
  readonly isKnown: boolean
  /** Whether groups are left out because they are small. */
  readonly isSuppressed: boolean
}

/** The period in one sentence. */
function Statement({ models, volume, range, isEmpty, isKnown, isSuppressed }: StatementProps) {
  const { data: systems } = useQuery(systemsQuery())
  if (isEmpty) return <h1>Nothing recorded yet</h1>
  if (!isKnown) return <h1>Overview</h1>
  if (models.length === 0 && isSuppressed) return <h1>Too few decisions to be shown to you</h1>
  const total = models.reduce((sum, model) => sum + model.count, 0)
  const errors = models.reduce((sum, model) => sum + model.notOk, 0)
  const active = new Set(models.map(({ system }) => system)).size
  const known = systems?.items.length ?? active
  return (
    <h1>
      {counted(total, 'decision')} by{' '}
      {active === known ? counted(active, 'system') : `${count(active)} of ${count(known)} systems`}{' '}
      <span>
        {range.days === undefined ? `since ${dayText(volume.days[0]!)}` : `in ${range.label}`},{' '}
        {percent(total === 0 ? 0 : errors / total)} not ok
      </span>
    </h1>
  )
}

function RangeChoice({ range }: { readonly range: Range }) {
  const navigate = route.useNavigate()
  return (
    <div className={styles['ranges']} role="group" aria-label="Period">
      {RANGES.map(({ id, label }) => (
        <button
          key={id}
          type="button"
          aria-pressed={id === range.id}
          onClick={() => void navigate({ search: { range: id }, replace: true })}
        >
          {label}
        </button>
      ))}
    </div>
  )
}
