import styles from './meter.module.css'

interface MeterProps {
  /** 0..1. */
  readonly part: number
  /** Where a line is drawn across, 0..1: the threshold the decision was made with. */
  readonly mark?: number | undefined
  readonly colour?: string
}

/** A part of a whole, as a bar. Says nothing by itself: the number stands beside it. */
export function Meter({ part, mark, colour }: MeterProps) {
  const width = `${Math.min(1, Math.max(0, part)) * 100}%`
  return (
    <span className={styles['track']} aria-hidden>
      <span
        className={styles['fill']}
        style={{ width, ...(colour !== undefined && { background: colour }) }}
      />
      {mark !== undefined && <span className={styles['mark']} style={{ left: `${mark * 100}%` }} />}
    </span>
  )
}

/** A meter with its ends named. */
export function ScaledMeter(props: MeterProps) {
  return (
    <div>
      <Meter {...props} />
      <div className={styles['scale']} aria-hidden>
        <span>0</span>
        {props.mark !== undefined && <span>threshold {props.mark}</span>}
        <span>1</span>
      </div>
    </div>
  )
}
