import { useQuery } from '@tanstack/react-query'
import { bytesText, count, counted, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { useMay } from '../session/state.ts'
import { Fact, Facts } from './facts.tsx'
import { storedQuery } from './storage-queries.ts'
import styles from './storage.module.css'
import type { NotedBackup, NotedDrill } from './stored.ts'

/** When a backup was made and a loss rehearsed last, as far as those who did it have noted that. */
export function RecoveryPanel() {
  const may = useMay()
  const { data } = useQuery({ ...storedQuery(), enabled: may('settings') })
  const { backup = null, drill = null } = data?.recovery ?? {}
  return (
    <Panel title="Backup and drill">
      <Facts>
        {backup === null ? (
          <Fact name="Last backup" tone="warn">
            nobody has noted one
          </Fact>
        ) : (
          <Backup backup={backup} />
        )}
        {drill === null ? (
          <Fact name="Last drill" tone="warn">
            nobody has noted a drill
          </Fact>
        ) : (
          <Drill drill={drill} />
        )}
      </Facts>
      <p className={styles['note']}>
        Backups and drills run beside this server and leave a note, which is no evidence:{' '}
        <code>deponent backup</code> keeps a copy that opens with the root key,{' '}
        <code>deponent drill disaster --note DIR</code> shows what comes back from it and how long that takes.
      </p>
    </Panel>
  )
}

function Backup({ backup: { at, bytes, entries, newBytes, seconds } }: { readonly backup: NotedBackup }) {
  return (
    <Fact name="Last backup (UTC)">
      {timeText(at)}
      <em>
        {counted(entries, 'entry', 'entries')}
        {bytes !== null && newBytes !== null && (
          <>
            , {bytesText(bytes)}, of which {bytesText(newBytes)} were put then
          </>
        )}
        , in {secondsText(seconds)}
      </em>
    </Fact>
  )
}

function Drill({ drill }: { readonly drill: NotedDrill }) {
  const { at, entriesBack, entriesBefore, hasPassed, steps, verdict } = drill
  return (
    <Fact name="Last drill (UTC)" tone={hasPassed ? undefined : 'bad'}>
      {timeText(at)}
      <em>
        {hasPassed ? 'passed' : 'not passed'}: {verdict}, {count(entriesBack)} of {count(entriesBefore)}{' '}
        entries came back; {steps.map(({ seconds, step }) => `${step} ${secondsText(seconds)}`).join(', ')}
      </em>
    </Fact>
  )
}

function secondsText(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${count(Math.round(seconds))} s`
}
