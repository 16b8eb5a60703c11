import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { LedgerStatus, Readiness } from '../api.ts'
import { count, counted, dayText, durationText, timeText } from '../display.ts'
import { Panel } from '../elements/panel.tsx'
import { Failed, Waiting } from '../elements/state.tsx'
import type { Verification } from '../proof/gather.ts'
import type { HeadCheck } from '../proof/head.ts'
import { keyIdText } from '../proof/keys.ts'
import { isWitnessed } from '../proof/steps.ts'
import { headQuery, ledgerStatusQuery, readinessQuery } from '../queries.ts'
import { currentLedger, useMay } from '../session/state.ts'
import styles from './overview.module.css'

/** The state of the ledger as the server tells it, and its newest checkpoint as this browser checked it. */
export function LedgerPanel() {
  const { data: readiness, error } = useQuery(readinessQuery())
  const mayRead = useMay()('ledger')
  const { data: status } = useQuery({ ...ledgerStatusQuery(), enabled: mayRead })
  const { data: head } = useQuery({ ...headQuery(), enabled: mayRead })
  return (
    <Panel title="Ledger" aside={currentLedger()} className={styles['ledger']}>
      {error !== null && <Failed error={error} />}
      {error === null && readiness === undefined && <Waiting lines={5} />}
      {readiness !== undefined && <Facts readiness={readiness} />}
      {status !== undefined && <Outside status={status} />}
      {mayRead ? (
        <Checked head={head} />
      ) : (
        <p className={styles['check']}>
          Your key does not read the raw ledger, so its checkpoint is not checked here.
        </p>
      )}
      <p className={styles['limits']}>
        Proves that what was recorded has not changed since. Does not prove that it was true, nor that
        everything was recorded.
      </p>
    </Panel>
  )
}

function Facts({ readiness: { checks } }: { readonly readiness: Readiness }) {
  const { ledger, index } = checks
  return (
    <dl className={styles['facts']} id="ledger">
      {ledger !== undefined && (
        <>
          <Fact name="Entries">{count(ledger.size)}</Fact>
          <Fact name="Under a checkpoint">
            {count(ledger.checkpointSize)}
            {ledger.checkpointSize < ledger.size && (
              <em>{count(ledger.size - ledger.checkpointSize)} waiting</em>
            )}
          </Fact>
          <Fact name="Last checkpoint">
            {ledger.checkpointAgeMs === null ? 'none yet' : `${durationText(ledger.checkpointAgeMs)} ago`}
          </Fact>
          {ledger.state !== 'open' && <Fact name="State">{ledger.message ?? ledger.state}</Fact>}
        </>
      )}
      {index !== undefined && (
        <Fact name="Index">
          {index.state === 'ready' ? indexLag(index.lag) : `${index.state}, ${indexLag(index.lag)}`}
        </Fact>
      )}
    </dl>
  )
}

/** How far witnesses, timestamp authorities and the copy are; nothing when there are none. */
function Outside({ status: { offsite, witnesses, timestamps } }: { readonly status: LedgerStatus }) {
  if (witnesses.length + timestamps.length === 0 && !offsite) return null
  return (
    <dl className={styles['facts']}>
      {witnesses.map(({ name, lagEntries, lagMs, error }) => (
        <Fact key={name} name={`Witness ${name}`}>
          {lagEntries === 0 ? 'up to date' : `${counted(lagEntries, 'entry', 'entries')} behind`}
          {lagEntries > 0 && <em>for {durationText(lagMs)}</em>}
          {error !== undefined && <em>{error.message}</em>}
        </Fact>
      ))}
      {timestamps.map(({ authority, at, error }) => (
        <Fact key={authority} name="Timestamp">
          {at === null ? 'none yet' : timeText(at)}
          {error !== undefined && <em>{error.message}</em>}
        </Fact>
      ))}
      {offsite && (
        <Fact name="Copy">
          {indexLag(offsite.lagEntries)}
          <em>{offsite.description ?? 'its store did not answer yet'}</em>
          {offsite.locks.weak > 0 && (
            <em>{counted(offsite.locks.weak, 'lock', 'locks')} weaker than asked</em>
          )}
          {offsite.trouble && <em>{offsite.trouble.message}</em>}
        </Fact>
      )}
    </dl>
  )
}

function indexLag(lag: number): string {
  return lag === 0 ? 'up to date' : `${counted(lag, 'entry', 'entries')} behind`
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Checked({ head }: { readonly head: Verification<HeadCheck> | undefined }) {
  if (head === undefined) return <Waiting lines={2} label="Checking the checkpoint" />
  if (head.phase === 'pending') return <p className={styles['check']}>No checkpoint yet.</p>
  if (head.phase === 'unavailable') {
    return <p className={styles['check']}>The checkpoint could not be checked here: {head.reason}</p>
  }
  if (head.phase === 'unreadable') return <p className={styles['alarm']}>{head.reason}</p>
  const { check, pin } = head
  if (check.reasons.length > 0 || check.outcome === 'key-changed') {
    return (
      <div className={styles['alarm']} role="alert">
        <b>The ledger does not check out in this browser.</b>
        {check.reasons.map((reason) => (
          <p key={reason}>{reason}</p>
        ))}
      </div>
    )
  }
  const whose = check.outcome === 'pasted-key' ? 'the key you supplied' : "the operator's own key"
  return (
    <div className={styles['check']}>
      <p>
        Checked in this browser: signed by {whose},{' '}
        {isExtended(check) ? 'and extends what was seen here before' : 'first time seen here'}.{' '}
        {isWitnessed(check.steps) ? 'Every witness you named cosigned it.' : 'No outside witness.'}
      </p>
      <p>
        Key <code>{keyIdText(pin.checkpointVkey)}</code> pinned {dayText(pin.since)}
      </p>
    </div>
  )
}

function isExtended({ steps }: HeadCheck): boolean {
  return steps.some(({ title, state }) => title.startsWith('Extends') && state === 'passed')
}
