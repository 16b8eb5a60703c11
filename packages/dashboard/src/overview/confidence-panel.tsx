import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ConfidenceBin, ConfidenceDistribution } from '../api.ts'
import { count, counted } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { SuppressedNote } from '../elements/suppressed.tsx'
import { confidenceQuery } from '../queries.ts'
import { useMay } from '../session/state.ts'
import styles from './overview.module.css'

/** How confident the decisions were; each bar leads to the decisions it counts. */
export function ConfidencePanel({ from }: { readonly from: string | undefined }) {
  const { data, error } = useQuery(confidenceQuery(from))
  return (
    <Panel title="Confidence as stated" aside="in the period">
      {error !== null && <Failed error={error} />}
      {error === null && data === undefined && <Waiting />}
      {data !== undefined && <Bars distribution={data} from={from} />}
      <SuppressedNote of={data?.suppressed} />
    </Panel>
  )
}

interface BarsProps {
  readonly distribution: ConfidenceDistribution
  readonly from: string | undefined
}

function Bars({ distribution: { bins, without, scores, suppressed }, from }: BarsProps) {
  const mayList = useMay()('list')
  const highest = Math.max(0, ...bins.map(({ decisions }) => decisions))
  if (highest === 0 && suppressed !== undefined) return null
  if (highest === 0) return <Nothing title="No decision stated a confidence" />
  return (
    <div className={styles['histogram']}>
      <div className={styles['columns']}>
        {bins.map((bin) => (
          <Bin key={bin.from} bin={bin} from={mayList ? from : undefined} isLink={mayList}>
            <span style={{ height: `${(bin.decisions / highest) * 100}%` }} data-none={bin.decisions === 0} />
          </Bin>
        ))}
      </div>
      <div className={styles['ends']} aria-hidden>
        <span>{rounded(bins[0]!.from)}</span>
        <span>{rounded((bins[0]!.from + bins.at(-1)!.to) / 2)}</span>
        <span>{rounded(bins.at(-1)!.to)}</span>
      </div>
      <p>
        Stated by the models themselves; nothing here says that they are calibrated.
        {without !== null && without > 0 && ` ${counted(without, 'decision')} stated none.`}
        {scores !== null && scores > 0 && ` ${counted(scores, 'decision')} stated a score instead.`}
      </p>
    </div>
  )
}

interface BinProps {
  readonly bin: ConfidenceBin
  readonly from: string | undefined
  /** Whether the reader may find the decisions behind it. */
  readonly isLink: boolean
  readonly children: ReactNode
}

function Bin({ bin, from, isLink, children }: BinProps) {
  const ends = `${rounded(bin.from)} to ${rounded(bin.to)}`
  const title = `${ends}: ${counted(bin.decisions, 'decision')}, ${maybeCount(bin.reviewed)} reviewed, ${maybeCount(bin.overridden)} overridden`
  const label = `Confidence ${ends}: ${count(bin.decisions)}`
  if (!isLink)
    return (
      <span title={title} role="img" aria-label={label}>
        {children}
      </span>
    )
  const search = {
    minConfidence: String(rounded(bin.from)),
    maxConfidence: String(rounded(bin.to)),
    ...(from !== undefined && { from: from.slice(0, 10) }),
  }
  return (
    <Link to="/decisions" search={search} title={title} aria-label={label}>
      {children}
    </Link>
  )
}

function maybeCount(value: number | null): string {
  return value === null ? 'too few to tell' : count(value)
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
