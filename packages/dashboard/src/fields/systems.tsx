import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { SystemSummary } from '../api.ts'
import { count, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { SuppressedNote } from '../elements/suppressed.tsx'
import table from '../elements/table.module.css'
import privacy from '../privacy/privacy.module.css'
import { systemsQuery } from '../queries.ts'
import { useMay } from '../session/state.ts'
import { CaptureSettings } from './capture-settings.tsx'
import type { PrivacySettings } from './field.ts'
import { privacyQuery } from './field-queries.ts'
import styles from './fields.module.css'

/** The systems that recorded, and what is kept of their records. */
export function SystemsPage() {
  const may = useMay()
  const { data, error, refetch } = useQuery(systemsQuery())
  const settings = useQuery({ ...privacyQuery(), enabled: may('settings') }).data
  return (
    <>
      <h1 className={privacy['title']}>What becomes of fields</h1>
      <Panel title="Systems" aside={data !== undefined && `${count(data.items.length)} that recorded`}>
        {error !== null && <Failed error={error} again={() => void refetch()} />}
        {may('systems') && error === null && data === undefined && (
          <Waiting lines={5} label="Loading systems" />
        )}
        {data?.items.length === 0 && (
          <Nothing title="No system has recorded a decision yet">
            <p>What becomes of its fields shows here with its first decision.</p>
          </Nothing>
        )}
        {data !== undefined && data.items.length > 0 && (
          <SystemTable systems={data.items} settings={settings} />
        )}
        <SuppressedNote of={data?.suppressed} />
      </Panel>
      {settings !== undefined && <CaptureSettings settings={settings} />}
    </>
  )
}

interface SystemTableProps {
  readonly systems: readonly SystemSummary[]
  readonly settings: PrivacySettings | undefined
}

function SystemTable({ systems, settings }: SystemTableProps) {
  return (
    <table className={`${table['table']} ${styles['systems']}`}>
      <thead>
        <tr>
          <th>System</th>
          <th data-numeric>Decisions</th>
          {settings !== undefined && <th>Mode</th>}
          {settings !== undefined && <th data-numeric>Declared</th>}
          <th>First (UTC)</th>
          <th>Last (UTC)</th>
        </tr>
      </thead>
      <tbody>
        {systems.map(({ name, decisions, firstAt, lastAt }) => (
          <tr key={name} data-testid="system">
            <td>
              <Link to="/systems/$system" params={{ system: name }} search={{}} className={styles['open']}>
                {name}
              </Link>
            </td>
            <td data-numeric>{count(decisions)}</td>
            {settings !== undefined && <td>{settings.systems[name]?.mode ?? settings.mode}</td>}
            {settings !== undefined && (
              <td data-numeric>{count(Object.keys(settings.systems[name]?.fields ?? {}).length)}</td>
            )}
            <td>{timeText(firstAt)}</td>
            <td>{timeText(lastAt)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
