import type { OpenDecision } from '../api.ts'
import { labelOf } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import styles from './decision.module.css'
import type { FieldGroup } from './fields.ts'
import { pointerTo } from './pointers.ts'
import { Value } from './value.tsx'

interface FactsProps {
  readonly group: FieldGroup
  readonly decision: OpenDecision
}

/** The fields of a group that were recorded, and those its profile asks for that were not. */
export function FactsPanel({ group, decision }: FactsProps) {
  if (shownFields(group, decision).length === 0) return null
  return (
    <Panel title={group.title}>
      <Facts group={group} decision={decision} />
    </Panel>
  )
}

/** The same without a frame. */
export function Facts({ group, decision }: FactsProps) {
  const { record } = decision
  return (
    <dl className={styles['facts']}>
      {shownFields(group, decision).map((field) => {
        const value = record[field]
        return (
          <div key={field}>
            <dt title={field}>{labelOf(field)}</dt>
            <dd>
              {value === undefined ? (
                <Missing />
              ) : (
                <Value value={value} field={field} pointer={pointerTo(field)} />
              )}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}

/** A field the profile asks for and the record lacks. */
export function Missing() {
  return <span className={styles['missing']}>not recorded</span>
}

function shownFields({ fields }: FieldGroup, { record, completeness }: OpenDecision): readonly string[] {
  const missing = new Set(completeness?.missing)
  return fields.filter((field) => record[field] !== undefined || missing.has(field))
}
