import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ConfidenceDistribution } from '../api.ts'
import { count, counted } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { confidenceQuery } from '../queries.ts'
import styles from './overview.module.css'

/** How confident the decisions were; each bar leads to the decisions it counts. */
export function ConfidencePanel({ from }: { readonly from: string | undefined }) {
  const { data, error } = useQuery(confidenceQuery(from))
  return (
    <Panel title="Confidence as stated" aside="in the period">
      {error !== null && <Failed error={error} />}
      {error === null && data === undefined && <Waiting />}
      {data !== undefined && <Bars buckets={data.buckets} from={from} />}
    </Panel>
  )
}

interface BarsProps {
  readonly buckets: ConfidenceDistribution['buckets']
  readonly from: string | undefined
}

function Bars({ buckets, from }: BarsProps) {
  const highest = Math.max(0, ...buckets.map(({ count }) => count))
  if (highest === 0) return <Nothing title="No decision stated a confidence" />
  return (
    <div className={styles['histogram']}>
      <div className={styles['columns']}>
        {buckets.map((bucket) => (
          <Link
            key={bucket.from}
            to="/decisions"
            search={{
              minConfidence: String(rounded(bucket.from)),
              maxConfidence: String(rounded(bucket.to)),
              ...(from !== undefined && { from: from.slice(0, 10) }),
            }}
            title={`${rounded(bucket.from)} to ${rounded(bucket.to)}: ${counted(bucket.count, 'decision')}`}
            aria-label={`Confidence ${rounded(bucket.from)} to ${rounded(bucket.to)}: ${count(bucket.count)}`}
          >
            <span style={{ height: `${(bucket.count / highest) * 100}%` }} data-none={bucket.count === 0} />
          </Link>
        ))}
      </div>
      <div className={styles['ends']} aria-hidden>
        <span>{rounded(buckets[0]!.from)}</span>
        <span>{rounded((buckets[0]!.from + buckets.at(-1)!.to) / 2)}</span>
        <span>{rounded(buckets.at(-1)!.to)}</span>
      </div>
      <p>Stated by the models themselves; nothing here says that they are calibrated.</p>
    </div>
  )
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
