import type { DecisionDocument } from '../api.ts'
import { percent } from '../display.ts'
import { Meter } from '../elements/meter.tsx'
import { Panel } from '../elements/panel.tsx'
import styles from './decision.module.css'

/** How much of what its profile asks for this decision carries, and what it lacks. */
export function CompletenessPanel({ completeness }: Pick<DecisionDocument, 'completeness'>) {
  if (completeness === undefined) return null
  const { profile, score, missing } = completeness
  return (
    <Panel title="Completeness" aside={<code>{profile}</code>}>
      <div className={styles['completeness']}>
        <b>{percent(score)}</b>
        <Meter part={score} />
        {missing.length === 0 ? (
          <p>Nothing the profile asks for is missing.</p>
        ) : (
          <p>
            Missing:{' '}
            {missing.map((field, index) => (
              <span key={field}>
                {index > 0 && ', '}
                <code>{field}</code>
              </span>
            ))}
          </p>
        )}
      </div>
    </Panel>
  )
}
