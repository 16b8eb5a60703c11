import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import { NoneYet } from '../decisions/no-decisions.tsx'
import { count, counted, dayText, percent } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import { systemsQuery, usageQuery } from '../queries.ts'
import { CompletenessPanel } from './completeness-panel.tsx'
import { ConfidencePanel } from './confidence-panel.tsx'
import { CoveragePanel } from './coverage-panel.tsx'
import { LedgerPanel } from './ledger-panel.tsx'
import { ModelsPanel } from './models-panel.tsx'
import styles from './overview.module.css'
import { dayOf, firstDay, rangeOf, RANGES } from './range.ts'
import type { Range } from './range.ts'
import { modelsOf, volumeOf } from './usage.ts'
import type { ModelUsage, Volume } from './usage.ts'
import { VolumePanel } from './volume-panel.tsx'

const route = getRouteApi('/')

/** How much is recorded, by what, how completely, and how the ledger is. */
export function Overview() {
  const { range: rangeId } = route.useSearch()
  const range = rangeOf(rangeId)
  const { data: usage, error, refetch } = useQuery(usageQuery)
  const today = dayOf(Date.now())
  const first = firstDay(range, Date.parse(today))
  const volume = useMemo(() => volumeOf(usage?.items ?? [], first, today), [usage, first, today])
  const models = useMemo(() => modelsOf(usage?.items ?? [], volume.days), [usage, volume])
  const from = first === undefined ? undefined : `${first}T00:00:00.000Z`
  const isEmpty = usage !== undefined && usage.items.length === 0
  return (
    <div className={styles['overview']}>
      <header className={styles['head']}>
        <Statement
          models={models}
          volume={volume}
          range={range}
          isEmpty={isEmpty}
          isKnown={usage !== undefined}
        />
        <RangeChoice range={range} />
      </header>
      {(usage === undefined || isEmpty) && (
        <Panel title="Decisions per day" className={styles['volume']}>
          {usage === undefined && error !== null && <Failed error={error} again={() => void refetch()} />}
          {usage === undefined && error === null && <Waiting lines={8} />}
          {isEmpty && <NoneYet />}
        </Panel>
      )}
      {usage !== undefined && !isEmpty && (
        <>
          <VolumePanel volume={volume} />
          <ModelsPanel models={models} series={volume.series} from={from} />
          <ConfidencePanel from={from} />
          <CompletenessPanel />
          <CoveragePanel />
        </>
      )}
      <LedgerPanel />
    </div>
  )
}

interface StatementProps {
  readonly models: readonly ModelUsage[]
  readonly volume: Volume
  readonly range: Range
  readonly isEmpty: boolean
  readonly isKnown: boolean
}

/** The period in one sentence. */
function Statement({ models, volume, range, isEmpty, isKnown }: StatementProps) {
  const { data: systems } = useQuery(systemsQuery)
  if (isEmpty) return <h1>Nothing recorded yet</h1>
  if (!isKnown) return <h1>Overview</h1>
  const total = models.reduce((sum, model) => sum + model.count, 0)
  const errors = models.reduce((sum, model) => sum + model.errors, 0)
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
