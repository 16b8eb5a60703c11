import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { CheckBadge } from '../decision/badge.tsx'
import type { Words } from '../decision/badge.tsx'
import type { CheckAbout } from '../decision/evidence-drawer.tsx'
import { count, counted, exactTimeText, timeText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { Copy } from '../elements/copy.tsx'
import { Panel } from '../elements/panel.tsx'
import privacy from '../privacy/privacy.module.css'
import { useMay } from '../session/state.ts'
import { groundText } from './erasure.ts'
import type { ErasureReceipt } from './erasure.ts'
import { receiptCheckQuery } from './erasure-queries.ts'
import styles from './erasure.module.css'

const ABOUT: CheckAbout = {
  title: 'How this receipt was checked',
  limits:
    'Shows that the ledger holds this statement and which set of records it covers, unchanged since it was recorded. Does not show that no copy exists.',
}

const UNASKED: Words = {
  tone: 'plain',
  main: 'Not checked in this browser',
  rest: ': your key does not take evidence away.',
}

/** The answer of this browser's own check of a receipt. */
export function ReceiptBadge({ receipt }: { readonly receipt: ErasureReceipt }) {
  const mayCheck = useMay()('export')
  const query = useQuery({ ...receiptCheckQuery(receipt), enabled: mayCheck })
  return <CheckBadge query={query} {...(!mayCheck && { unasked: UNASKED })} about={ABOUT} />
}

/** What the operator states of a completed erasure, and what it does not show. */
export function Receipt({ receipt }: { readonly receipt: ErasureReceipt }) {
  return (
    <div className={privacy['body']}>
      <div>
        <Panel title="Receipt" aside={<Copy text={JSON.stringify(receipt, null, 2)} label="Copy as JSON" />}>
          <Facts receipt={receipt} />
        </Panel>
        <Panel title="What was done, by store">
          <dl className={styles['stores']}>
            {receipt.stores.map(({ store, state }) => (
              <div key={store}>
                <dt>{store}</dt>
                <dd>{state}</dd>
              </div>
            ))}
          </dl>
        </Panel>
      </div>
      <div>
        <Panel title="What this does not show">
          <div className={styles['limits']}>
            <p>{receipt.statement}</p>
            <p>{receipt.backupHorizon}</p>
            <p>
              The set root tells nobody which records are in the set, or how many. Whoever holds the tombstone
              of one can show that it is.
            </p>
          </div>
        </Panel>
      </div>
    </div>
  )
}

function Facts({ receipt }: { readonly receipt: ErasureReceipt }) {
  const { records, keysDestroyed, ground, requestedAt, completedAt, replayUntil, setRoot, entry, origin } =
    receipt
  return (
    <dl className={privacy['facts']}>
      <Fact name="Erased">{counted(records, 'record')}</Fact>
      <Fact name="Keys destroyed">{count(keysDestroyed)}</Fact>
      <Fact name="Ground">{groundText(ground)}</Fact>
      <Fact name="Asked for">{exactTimeText(requestedAt)} UTC</Fact>
      <Fact name="Completed">{exactTimeText(completedAt)} UTC</Fact>
      <Fact name="Recorded">
        at{' '}
        <Link to="/decisions/$id" params={{ id: entry.id }} className={controls['link']}>
          index {count(entry.index)}
        </Link>{' '}
        as <code>{entry.id}</code>
      </Fact>
      <Fact name="Set root">
        <code className={styles['hash']}>{setRoot}</code>
      </Fact>
      <Fact name="Ledger">
        <code>{origin}</code>
      </Fact>
      <Fact name="Resends refused">until {timeText(replayUntil)} UTC; then the ids are new again</Fact>
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
