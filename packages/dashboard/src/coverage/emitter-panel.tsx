import type { Emitter, EmitterEpoch, NumberRange } from '../api.ts'
import { count, counted, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import styles from './coverage.module.css'

const EPOCHS_SHOWN = 8

const CHAIN: Record<EmitterEpoch['chain']['state'], string> = {
  verified: 'chain follows to its last stated head',
  open: 'chain not followed to its last stated head',
  unstated: 'no head stated',
  differs: 'a stated head does not follow from the records',
}

/** A source with its epochs, each drawn as a line of numbers. */
export function EmitterPanel({
  emitter: { emitter, system, epochs, epochCount },
}: {
  readonly emitter: Emitter
}) {
  const shown = epochs.slice(0, EPOCHS_SHOWN)
  return (
    <Panel title={emitter} aside={system}>
      {shown.length === 0 && <p className={styles['note']}>Has numbered nothing yet.</p>}
      {shown.map((epoch, i) => (
        <Epoch key={epoch.epoch} epoch={epoch} isLatest={i === 0} />
      ))}
      {epochCount > shown.length && (
        <p className={styles['note']}>{counted(epochCount - shown.length, 'earlier epoch')} not shown</p>
      )}
    </Panel>
  )
}

function Epoch({ epoch, isLatest }: { readonly epoch: EmitterEpoch; readonly isLatest: boolean }) {
  const { firstReceivedAt, recorded, missing, lost, forks, outOfOrder, chain } = epoch
  const told = [
    counted(recorded, 'entry', 'entries'),
    ...(lost > 0 ? [`${count(lost)} declared lost`] : []),
    ...(outOfOrder > 0 ? [`${count(outOfOrder)} out of order`] : []),
    CHAIN[chain.state],
  ]
  return (
    <div className={styles['epoch']}>
      <div className={styles['epochHead']}>
        <span title={`epoch ${epoch.epoch}`}>
          {firstReceivedAt === null ? `epoch ${epoch.epoch}` : `since ${timeText(firstReceivedAt)}`}
        </span>
        <State epoch={epoch} isLatest={isLatest} />
        {missing > 0 && <b data-tone="bad">{count(missing)} missing</b>}
        {forks > 0 && <b data-tone="bad">{counted(forks, 'number')} taken twice</b>}
      </div>
      <NumberLine epoch={epoch} />
      <p>{told.join(' · ')}</p>
    </div>
  )
}

function State({ epoch, isLatest }: { readonly epoch: EmitterEpoch; readonly isLatest: boolean }) {
  const { closedAt, lastReceivedAt, silent } = epoch
  if (closedAt !== null) return <span>closed {timeText(closedAt)}</span>
  if (silent) return <b data-tone="bad">silent since {timeText(lastReceivedAt!)}</b>
  if (!isLatest) return <b data-tone="warn">never closed</b>
  return lastReceivedAt === null ? null : <span>last heard {timeText(lastReceivedAt)}</span>
}

/** The numbers of an epoch from left to right; what is missing or lost is marked, however narrow. */
function NumberLine({ epoch: { first, last, gaps, losses } }: { readonly epoch: EmitterEpoch }) {
  const lost = losses.map(({ from, to }): NumberRange => [from, to])
  const bounds = [...gaps, ...lost].flat()
  const from = Math.min(first ?? Infinity, ...bounds)
  const to = Math.max(last ?? -Infinity, ...bounds)
  if (from > to) return null
  const marks = [
    ...lost.map((range) => ({ range, kind: 'lost', says: 'declared lost' })),
    ...gaps.map((range) => ({ range, kind: 'gap', says: 'never arrived' })),
  ]
  return (
    <div className={styles['line']}>
      <span>{count(from)}</span>
      <div className={styles['track']} data-empty={first === null}>
        {marks.map(({ range, kind, says }) => (
          <i
            key={`${kind} ${range[0]}`}
            data-kind={kind}
            style={placeOf(range, from, to)}
            title={`${numbersText(range)} ${says}`}
          />
        ))}
      </div>
      <span>{count(to)}</span>
    </div>
  )
}

function placeOf([start, end]: NumberRange, from: number, to: number): { left: string; width: string } {
  const length = to - from + 1
  return { left: `${((start - from) / length) * 100}%`, width: `${((end - start + 1) / length) * 100}%` }
}

function numbersText([from, to]: NumberRange): string {
  return from === to ? `number ${count(from)}` : `numbers ${count(from)} to ${count(to)}`
}
