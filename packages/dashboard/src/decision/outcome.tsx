import type { OpenDecision, Json } from '../api.ts'
import { jsonText } from '../display.ts'
import { Meter, ScaledMeter } from '../elements/meter.tsx'
import { Panel } from '../elements/panel.tsx'
import styles from './decision.module.css'
import { Facts } from './facts.tsx'
import { OUTCOME } from './fields.ts'

/** Prediction, confidence and what else was possible. */
export function OutcomePanel({ decision }: { readonly decision: OpenDecision }) {
  const { confidence, threshold, alternativePredictions } = decision.record
  return (
    <Panel title={OUTCOME.title}>
      {typeof confidence === 'number' && confidence >= 0 && confidence <= 1 && (
        <div className={styles['measure']}>
          <span>Confidence</span>
          <span>
            <b>{confidence}</b>
            <ScaledMeter part={confidence} mark={partOf(threshold)} />
          </span>
        </div>
      )}
      <Alternatives alternatives={alternativePredictions} />
      <Facts group={OUTCOME} decision={decision} />
    </Panel>
  )
}

function partOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined
}

function Alternatives({ alternatives }: { readonly alternatives: Json | undefined }) {
  if (!Array.isArray(alternatives) || alternatives.length === 0) return null
  return (
    <ul aria-label="Alternatives">
      {alternatives.map((alternative: Json, index) => {
        const { prediction, value, confidence } = alternative as { readonly [name: string]: Json }
        return (
          <li key={index} className={styles['measure']}>
            <span>or {jsonText(prediction ?? value)}</span>
            <span>
              {typeof confidence === 'number' && confidence}
              {typeof confidence === 'number' && <Meter part={confidence} colour="var(--ink-faint)" />}
            </span>
          </li>
        )
      })}
    </ul>
  )
}
