import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { count, durationText, percent } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { overridesQuery } from '../queries.ts'
import { SuppressedNote } from '../elements/suppressed.tsx'
import type { Suppressed } from '../elements/suppressed-text.ts'
import { useMay, useSession } from '../session/state.ts'
import { seriesColour } from './chart-colours.ts'
import styles from './overview.module.css'
import { modelKey } from './usage.ts'
import type { ModelUsage, Series } from './usage.ts'

interface ModelsPanelProps {
  readonly models: readonly ModelUsage[]
  readonly series: readonly Series[]
  readonly from: string | undefined
  readonly suppressed: Suppressed | undefined
}

/** What each model of each system did in the period. */
export function ModelsPanel({ models, series, from, suppressed }: ModelsPanelProps) {
  const may = useMay()
  const [mayList, maySystems] = [may('list'), may('systems')]
  // Days of single models are asked for only where every group is shown.
  const hasTrends = useSession().smallCells === null
  const { data } = useQuery(overridesQuery(from))
  const overrides = new Map(data?.items.map((item) => [modelKey(item), item]))
  const total = models.reduce((sum, { count }) => sum + count, 0)
  return (
    <Panel title="Systems and models" className={styles['models']}>
      <div className={styles['wide']} tabIndex={0} role="region" aria-label="Systems and models">
        <table className={styles['grid']}>
          <thead>
            <tr>
              <th>System</th>
              <th>Model</th>
              <th>Decisions</th>
              <th className={styles['trendHead']}>Per day</th>
              <th>Share</th>
              <th>Not ok</th>
              <th>Reviewed</th>
              <th>Overridden</th>
              <th title="Mean of the confidences stated">Confidence</th>
              <th title="95th percentile of the latencies stated">Latency p95</th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => {
              const { system, modelId, notOk, averageConfidence, p95LatencyMs } = model
              const reviewed = overrides.get(modelKey(model))
              const colour = seriesColour(
                Math.max(
                  0,
                  series.findIndex(({ name }) => name === system),
                ),
              )
              const search = { system, modelId, ...(from !== undefined && { from: from.slice(0, 10) }) }
              return (
                <tr key={modelKey(model)}>
                  <td>
                    <i style={{ background: colour }} />
                    {maySystems ? (
                      <Link
                        to="/systems/$system"
                        params={{ system }}
                        search={{}}
                        title="What becomes of its fields"
                      >
                        {system}
                      </Link>
                    ) : (
                      system
                    )}
                  </td>
                  <td>
                    {mayList ? (
                      <Link to="/decisions" search={search}>
                        {modelId}
                      </Link>
                    ) : (
                      modelId
                    )}
                  </td>
                  <td>{count(model.count)}</td>
                  <td className={styles['trendCell']}>
                    {hasTrends ? <Trend counts={model.trend} colour={colour} /> : '–'}
                  </td>
                  <td>{percent(total === 0 ? 0 : model.count / total)}</td>
                  <td data-alert={notOk > 0}>{count(notOk)}</td>
                  <td>{maybeCount(data === undefined, reviewed?.reviewed)}</td>
                  <td>
                    {mayList ? (
                      <Link to="/decisions" search={{ ...search, overridden: 'true' }}>
                        {maybeCount(data === undefined, reviewed?.overridden)}
                      </Link>
                    ) : (
                      maybeCount(data === undefined, reviewed?.overridden)
                    )}
                  </td>
                  <td>{averageConfidence === undefined ? 'not stated' : averageConfidence.toFixed(3)}</td>
                  <td>{p95LatencyMs === undefined ? 'not stated' : durationText(p95LatencyMs)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <SuppressedNote of={suppressed ?? data?.suppressed} />
    </Panel>
  )
}

/** A count that is on its way, or of so few that it is not told. */
function maybeCount(isWaiting: boolean, value: number | null | undefined): string {
  if (isWaiting) return '…'
  if (value === null) return 'few'
  return value === undefined ? '–' : count(value)
}

const TREND_WIDTH = 96
const TREND_HEIGHT = 20

/** The shape of a period in one line; its numbers are in the chart above. */
function Trend({ counts, colour }: { readonly counts: readonly number[]; readonly colour: string }) {
  const highest = Math.max(1, ...counts)
  const step = TREND_WIDTH / Math.max(1, counts.length - 1)
  const points = counts
    .map(
      (value, day) =>
        `${(day * step).toFixed(1)},${(TREND_HEIGHT - 1 - (value / highest) * (TREND_HEIGHT - 2)).toFixed(1)}`,
    )
    .join(' ')
  return (
    <svg width={TREND_WIDTH} height={TREND_HEIGHT} viewBox={`0 0 ${TREND_WIDTH} ${TREND_HEIGHT}`} aria-hidden>
      <polyline
        points={points}
        fill="none"
        style={{ stroke: colour }}
        strokeWidth="1.25"
        strokeLinejoin="round"
      />
    </svg>
  )
}
