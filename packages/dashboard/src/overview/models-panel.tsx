import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { count, durationText, percent } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { overriddenQuery } from '../queries.ts'
import { seriesColour } from './chart-colours.ts'
import styles from './overview.module.css'
import type { ModelUsage, Series } from './usage.ts'

interface ModelsPanelProps {
  readonly models: readonly ModelUsage[]
  readonly series: readonly Series[]
  readonly from: string | undefined
}

/** What each model of each system did in the period. */
export function ModelsPanel({ models, series, from }: ModelsPanelProps) {
  const { data: overridden } = useQuery(overriddenQuery(from))
  const overrides = new Map(
    overridden?.items.map((item) => [
      JSON.stringify([item['system'], item['modelId']]),
      Number(item['count']),
    ]),
  )
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
              <th>Overridden</th>
              <th title="Mean of the confidences stated">Confidence</th>
              <th title="95th percentile of the worst day in the period">p95, worst day</th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => {
              const { system, modelId, errors, averageConfidence, worstP95LatencyMs } = model
              const colour = seriesColour(
                Math.max(
                  0,
                  series.findIndex(({ name }) => name === system),
                ),
              )
              const search = { system, modelId, ...(from !== undefined && { from: from.slice(0, 10) }) }
              return (
                <tr key={JSON.stringify([system, modelId])}>
                  <td>
                    <i style={{ background: colour }} />
                    {system}
                  </td>
                  <td>
                    <Link to="/decisions" search={search}>
                      {modelId}
                    </Link>
                  </td>
                  <td>{count(model.count)}</td>
                  <td className={styles['trendCell']}>
                    <Trend counts={model.trend} colour={colour} />
                  </td>
                  <td>{percent(total === 0 ? 0 : model.count / total)}</td>
                  <td data-alert={errors > 0}>{count(errors)}</td>
                  <td>
                    <Link to="/decisions" search={{ ...search, overridden: 'true' }}>
                      {overridden === undefined
                        ? '…'
                        : count(overrides.get(JSON.stringify([system, modelId])) ?? 0)}
                    </Link>
                  </td>
                  <td>{averageConfidence === undefined ? 'not stated' : averageConfidence.toFixed(3)}</td>
                  <td>{worstP95LatencyMs === undefined ? 'not stated' : durationText(worstP95LatencyMs)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  )
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
