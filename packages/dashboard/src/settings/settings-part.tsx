import { Panel } from '../elements/panel.tsx'
import type { Part } from './parts.ts'
import styles from './settings.module.css'

/** A few settings that belong together, each with what it means. */
export function SettingsPart({ part: { title, lines } }: { readonly part: Part }) {
  return (
    <Panel title={title}>
      <dl className={styles['lines']}>
        {lines.map(({ name, value, note, tone, isCode }) => (
          <div key={name} data-tone={tone}>
            <dt>{name}</dt>
            <dd>
              {isCode === true ? <code>{value}</code> : <b>{value}</b>}
              {note !== undefined && <p>{note}</p>}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
