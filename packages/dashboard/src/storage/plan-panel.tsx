import { useQuery } from '@tanstack/react-query'
import { count, counted, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import table from '../elements/table.module.css'
import { useMay } from '../session/state.ts'
import { nextToGo, whyText } from './kept.ts'
import type { PlannedSystem, RetentionRun } from './kept.ts'
import { planQuery, retentionQuery, runsQuery } from './storage-queries.ts'
import styles from './storage.module.css'

const SYSTEMS_SHOWN = 8

/** What goes next, by the plan as it is now. */
export function PlanPanel() {
  const may = useMay()
  const { data, error, refetch } = useQuery({ ...planQuery(), enabled: may('retention') })
  const { data: retention } = useQuery(retentionQuery())
  const { data: runs } = useQuery({ ...runsQuery(), enabled: may('erasures') })
  const systems = data?.systems.filter(({ entries }) => entries > 0)
  const due = systems?.reduce((sum, system) => sum + system.due, 0)
  return (
    <Panel title="What goes next" aside={due !== undefined && `${counted(due, 'record')} due now`}>
      {!may('retention') && (
        <p className={styles['note']}>Your key does not see the plan (right “retention”).</p>
      )}
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {may('retention') && error === null && data === undefined && (
        <Waiting lines={3} label="Counting what is due" />
      )}
      {systems?.length === 0 && <Nothing title="No system has recorded anything that could go" />}
      {systems !== undefined && systems.length > 0 && <Systems systems={systems} />}
      {data && retention?.isConfirmed === false && (due ?? 0) > 0 && (
        <p className={styles['note']}>
          Nothing goes before somebody has agreed to a plan: <code>deponent retention plan</code> shows it
          with its digest.
        </p>
      )}
      {runs && <LastRun run={runs.items[0]} />}
    </Panel>
  )
}

function Systems({ systems }: { readonly systems: readonly PlannedSystem[] }) {
  const shown = nextToGo(systems).slice(0, SYSTEMS_SHOWN)
  return (
    <div className={table['wide']}>
      <table className={table['table']}>
        <thead>
          <tr>
            <th>System</th>
            <th data-numeric>Due now</th>
            <th data-numeric>Within a year</th>
            <th data-numeric>Records</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((planned) => (
            <tr key={planned.system} data-testid="planned">
              <td>
                {planned.system}
                <small>{whyText(planned)}</small>
              </td>
              <td data-numeric>{count(planned.due)}</td>
              <td data-numeric>{count(planned.withinAYear)}</td>
              <td data-numeric>{count(planned.entries)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {systems.length > shown.length && (
        <p className={styles['note']}>{counted(systems.length - shown.length, 'further system')}</p>
      )}
    </div>
  )
}

function LastRun({ run }: { readonly run: RetentionRun | undefined }) {
  if (run === undefined)
    return <p className={styles['note']}>Nothing was ever deleted because its time was over.</p>
  const { endedAt, expired, failure, held, restricted, startedAt } = run
  return (
    <p className={styles['note']}>
      Last run {timeText(startedAt)}: {counted(expired, 'record')} deleted
      {held > 0 && `, ${count(held)} held`}
      {restricted > 0 && `, ${count(restricted)} restricted`}
      {endedAt === null && ', still under way'}
      {failure !== null && `; it failed: ${failure}`}
    </p>
  )
}
