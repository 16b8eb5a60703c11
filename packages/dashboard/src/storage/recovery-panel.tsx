import { Panel } from '../elements/panel.tsx'
import { Fact, Facts } from './facts.tsx'
import styles from './storage.module.css'

/** What the server knows of coming back from a loss: nothing, until somebody notes it. */
export function RecoveryPanel() {
  return (
    <Panel title="Backup and drill">
      <Facts>
        <Fact name="Last backup" tone="warn">
          nobody has noted one
        </Fact>
        <Fact name="Last drill" tone="warn">
          nobody has noted a drill
        </Fact>
      </Facts>
      <p className={styles['note']}>
        Backups and drills run beside this server, which hears nothing of them: <code>deponent backup</code>{' '}
        keeps a copy that opens with the root key, <code>deponent drill disaster</code> shows what comes back
        from it and how long that takes.
      </p>
    </Panel>
  )
}
