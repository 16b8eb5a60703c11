import type { Json } from '../api.ts'
import { isSealed, isWithheld, jsonText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import styles from './decision.module.css'
import { pointerTo } from './pointers.ts'
import { Covered, Value } from './value.tsx'

interface TopFeature {
  readonly feature: string
  readonly importance: number
}

interface ExplanationProps {
  readonly explanation: Json | undefined
  readonly features: Json | undefined
}

/** What the model is said to have weighed, as bars to either side of nothing. */
export function ExplanationPanel({ explanation, features }: ExplanationProps) {
  if (explanation === undefined || explanation === null) return null
  if (isSealed(explanation) || typeof explanation !== 'object' || Array.isArray(explanation)) {
    return (
      <Panel title="Explanation">
        <p className={styles['prose']}>
          <Value value={explanation} pointer="/explanation" />
        </p>
      </Panel>
    )
  }
  const { topFeatures, reasoning, method, ...others } = explanation as { readonly [name: string]: Json }
  return (
    <Panel title="Explanation">
      <FeatureBars features={topFeaturesOf(topFeatures)} inputs={features} />
      {isSealed(topFeatures) && <Covered value={topFeatures!} pointer="/explanation/topFeatures" />}
      {reasoning !== undefined && (
        <p className={styles['prose']}>
          <span className={styles['faint']}>Reasoning</span>{' '}
          <Value value={reasoning} pointer="/explanation/reasoning" />
        </p>
      )}
      {Object.entries(others).map(([name, value]) => (
        <p key={name} className={styles['prose']}>
          <span className={styles['faint']}>{name}</span>{' '}
          <Value value={value} pointer={pointerTo('explanation', name)} />
        </p>
      ))}
      <p className={styles['caveat']}>
        {method === undefined ? 'No method stated.' : `Method stated: ${jsonText(method)}.`} Not recomputed
        here.
      </p>
    </Panel>
  )
}

/** The heaviest first; the raw record keeps the order they came in. */
function topFeaturesOf(value: Json | undefined): readonly TopFeature[] {
  if (!Array.isArray(value)) return []
  const features = value.flatMap((item: Json) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return []
    const { feature, importance } = item as { readonly [name: string]: Json }
    return typeof feature === 'string' && typeof importance === 'number' ? [{ feature, importance }] : []
  })
  return features.toSorted((a, b) => Math.abs(b.importance) - Math.abs(a.importance))
}

interface FeatureBarsProps {
  readonly features: readonly TopFeature[]
  readonly inputs: Json | undefined
}

function FeatureBars({ features, inputs }: FeatureBarsProps) {
  if (features.length === 0) return null
  const largest = Math.max(...features.map(({ importance }) => Math.abs(importance)), Number.MIN_VALUE)
  const isSigned = features.some(({ importance }) => importance < 0)
  return (
    <ul className={styles['bars']} data-signed={isSigned}>
      {features.map(({ feature, importance }) => (
        <li key={feature}>
          <span>{feature}</span>
          <span className={styles['faint']}>{inputText(inputs, feature)}</span>
          <span className={styles['bar']} data-side={importance < 0 ? 'against' : 'for'} aria-hidden>
            <i style={{ width: `${(Math.abs(importance) / largest) * (isSigned ? 50 : 100)}%` }} />
          </span>
          <b>{importance > 0 && isSigned ? `+${importance}` : String(importance).replace('-', '−')}</b>
        </li>
      ))}
    </ul>
  )
}

function inputText(inputs: Json | undefined, feature: string): string {
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) return ''
  const value = (inputs as { readonly [name: string]: Json })[feature]
  if (value === undefined) return ''
  if (isWithheld(value)) return 'not for your role'
  return isSealed(value) ? 'sealed' : jsonText(value)
}
