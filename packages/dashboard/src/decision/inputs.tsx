import { useQuery } from '@tanstack/react-query'
import type { OpenDecision, Json, SystemField } from '../api.ts'
import { counted, isSealed } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { systemsQuery } from '../queries.ts'
import styles from './decision.module.css'
import { pointerTo } from './pointers.ts'
import { Value } from './value.tsx'

/** The features that went in, each with how its field is kept and why. */
export function InputsPanel({ decision }: { readonly decision: OpenDecision }) {
  const { inputFeatures: features } = decision.record
  const { data: systems } = useQuery(systemsQuery())
  const fields = systems?.items.find(({ name }) => name === decision.system)?.fields ?? []
  if (features === undefined) return null
  if (isSealed(features) || typeof features !== 'object' || features === null || Array.isArray(features)) {
    return (
      <Panel title="Input features">
        <p className={styles['prose']}>
          <Value value={features} pointer="/inputFeatures" />
        </p>
      </Panel>
    )
  }
  const entries = Object.entries(features as { readonly [name: string]: Json })
  return (
    <Panel title="Input features" aside={counted(entries.length, 'field')}>
      <table className={styles['inputs']}>
        <tbody>
          {entries.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <Value value={value} field={name} pointer={pointerTo('inputFeatures', name)} />
              </td>
              <td>
                <Kept field={fields.find((field) => field.name === name)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function Kept({ field }: { readonly field: SystemField | undefined }) {
  if (field === undefined) return null
  return (
    <span className={styles['faint']} title={`${field.class}: ${field.why}`}>
      {field.class === 'sealed' ? field.why : field.class}
    </span>
  )
}
