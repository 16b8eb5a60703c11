import { useQuery } from '@tanstack/react-query'
import { bytesText, counted } from '../display.ts'
import { useMay, useSession } from '../session/state.ts'
import { CopyPanel } from './copy-panel.tsx'
import { CostPanel } from './cost-panel.tsx'
import { HistoryPanel } from './history-panel.tsx'
import { HoldsPanel } from './holds-panel.tsx'
import { LayersPanel } from './layers-panel.tsx'
import { PlanPanel } from './plan-panel.tsx'
import { RecoveryPanel } from './recovery-panel.tsx'
import { RetentionPanel } from './retention-panel.tsx'
import { storedQuery } from './storage-queries.ts'
import styles from './storage.module.css'
import type { Part, Stored } from './stored.ts'
import { partsOf } from './stored.ts'
import { TiersPanel } from './tiers-panel.tsx'

/** Where everything lies and how much it is, under which locks, for how long, and what it costs. */
export function StoragePage() {
  const may = useMay()
  const { data } = useQuery({ ...storedQuery(), enabled: may('settings') })
  return (
    <div className={styles['page']}>
      <Statement stored={data ?? undefined} />
      <LayersPanel />
      <HistoryPanel />
      <div className={styles['stack']}>
        {may('status') && <TiersPanel />}
        <RetentionPanel />
      </div>
      <div className={styles['stack']}>
        {may('ledger') && <CopyPanel />}
        <RecoveryPanel />
      </div>
      <div className={styles['stack']}>
        <PlanPanel />
        {may('holds') && <HoldsPanel />}
      </div>
      <CostPanel />
    </div>
  )
}

/** What is stored, in one sentence. */
function Statement({ stored }: { readonly stored: Stored | undefined }) {
  const { ledger } = useSession()
  if (stored === undefined) return <h1>Storage</h1>
  const parts = partsOf(stored.layers)
  const sum = (of: readonly Part[]) => of.reduce((total, { bytes }) => total + bytes, 0)
  const rest = sum(parts.filter(({ id }) => id === 'rest'))
  const { decisions, entries } = stored
  return (
    <h1>
      {bytesText(sum(parts) - rest)}{' '}
      <span>
        for {decisions === null ? counted(entries, 'entry', 'entries') : counted(decisions, 'decision')} in{' '}
        {ledger}, and {bytesText(rest)} of log and state
      </span>
    </h1>
  )
}
