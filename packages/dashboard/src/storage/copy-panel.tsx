import { useQuery } from '@tanstack/react-query'
import { count, counted, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Nothing, Waiting } from '../elements/state.tsx'
import { wormText } from './elsewhere.ts'
import type { OffsiteCopy } from './elsewhere.ts'
import { Fact, Facts } from './facts.tsx'
import { copyQuery } from './storage-queries.ts'
import styles from './storage.module.css'

/** The copy elsewhere, and whether anybody could take it away. */
export function CopyPanel() {
  const { data, error, refetch } = useQuery(copyQuery())
  const copy = data?.offsite ?? undefined
  return (
    <Panel
      title="Copy under locks"
      aside={copy && <b data-tone={copy.isWorm === true ? 'good' : 'warn'}>{shortWorm(copy)}</b>}
    >
      {error !== null && <Failed error={error} again={() => void refetch()} />}
      {error === null && data === undefined && <Waiting lines={5} />}
      {data !== undefined && copy === undefined && (
        <Nothing title="No copy is configured">
          <p>
            Ledger and vault lie on this server alone.{' '}
            <code>deponent serve --offsite ADDRESS --offsite-lock-days N</code> copies them behind each
            checkpoint.
          </p>
        </Nothing>
      )}
      {copy && <Copy copy={copy} />}
    </Panel>
  )
}

function shortWorm({ isWorm }: OffsiteCopy): string {
  if (isWorm === null) return 'not known'
  return isWorm ? 'WORM' : 'not WORM'
}

function Copy({ copy }: { readonly copy: OffsiteCopy }) {
  const { lagEntries, lastCopiedAt, lockDays, locks, size, store, trouble } = copy
  return (
    <>
      <Facts>
        <Fact name="Store">
          <code>{store}</code>
        </Fact>
        <Fact name="Locks hold">
          {wormText(copy)}
          {copy.isWorm === false && <em>whoever has its credentials can remove the copy</em>}
        </Fact>
        <Fact name="Copied">
          {counted(size, 'entry', 'entries')}
          <em>{lagEntries === 0 ? 'up to date' : `${count(lagEntries)} behind`}</em>
        </Fact>
        <Fact name="Last (UTC)">{lastCopiedAt === null ? 'never' : timeText(lastCopiedAt)}</Fact>
        <Fact name="Locked for">{counted(lockDays, 'day')}</Fact>
        <Fact name="Compliance">{counted(locks.compliance, 'object')}</Fact>
        <Fact name="Governance">{counted(locks.governance, 'object')}</Fact>
        <Fact name="Weaker than asked" tone={locks.weak > 0 ? 'bad' : undefined}>
          {locks.weak === 0 ? 'none' : count(locks.weak)}
          {locks.oldestCheckAt !== null && <em>looked at since {timeText(locks.oldestCheckAt)}</em>}
        </Fact>
      </Facts>
      {trouble !== null && (
        <p className={styles['trouble']} role="alert">
          Since {timeText(trouble.since)}: {trouble.message}
        </p>
      )}
    </>
  )
}
