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
      {data !== undefined && <Bars distribution={data} from={from} />}
    </Panel>
  )
}

interface BarsProps {
  readonly distribution: ConfidenceDistribution
  readonly from: string | undefined
}

function Bars({ distribution: { bins, without, scores }, from }: BarsProps) {
  const highest = Math.max(0, ...bins.map(({ decisions }) => decisions))
  if (highest === 0) return <Nothing title="No decision stated a confidence" />
  return (
    <div className={styles['histogram']}>
      <div className={styles['columns']}>
        {bins.map((bin) => (
          <Link
            key={bin.from}
            to="/decisions"
            search={{
              minConfidence: String(rounded(bin.from)),
              maxConfidence: String(rounded(bin.to)),
              ...(from !== undefined && { from: from.slice(0, 10) }),
            }}
            title={`${rounded(bin.from)} to ${rounded(bin.to)}: ${counted(bin.decisions, 'decision')}, ${count(bin.reviewed)} reviewed, ${count(bin.overridden)} overridden`}
            aria-label={`Confidence ${rounded(bin.from)} to ${rounded(bin.to)}: ${count(bin.decisions)}`}
          >
            <span style={{ height: `${(bin.decisions / highest) * 100}%` }} data-none={bin.decisions === 0} />
          </Link>
        ))}
      </div>
      <div className={styles['ends']} aria-hidden>
        <span>{rounded(bins[0]!.from)}</span>
        <span>{rounded((bins[0]!.from + bins.at(-1)!.to) / 2)}</span>
        <span>{rounded(bins.at(-1)!.to)}</span>
      </div>
      <p>
        Stated by the models themselves; nothing here says that they are calibrated.
        {without > 0 && ` ${counted(without, 'decision')} stated none.`}
        {scores > 0 && ` ${counted(scores, 'decision')} stated a score instead.`}
      </p>
    </div>
  )
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
