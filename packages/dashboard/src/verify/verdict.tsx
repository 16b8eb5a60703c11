import type { Finding, Verdict } from '@deponent/format'
import { count, counted, exactTimeText } from '../display.ts'
import type { ReceiptAnswer } from './check-receipt.ts'
import styles from './verify.module.css'

/** How many receipts are listed; all of them are checked. */
const LISTED_MAX = 200
const TRUSTED_BY = {
  pasted: 'the key you supplied',
  pinned: "the operator's own key as pinned in this browser, no outside witness",
  nobody: 'no key: none was supplied, and none is pinned here for this ledger',
}
const MEANING: Record<Verdict, string> = {
  valid: 'The promise and every receipt check out.',
  invalid: 'Something here is not what was promised.',
  incomplete: 'Nothing contradicts it, but something needed for an answer is not there.',
}

const UNREADABLE = 'This cannot be read as a receipt.'

/** What became of the check: the verdict, every reason, and what it was about. */
export function ReceiptVerdict({ answer }: { readonly answer: ReceiptAnswer }) {
  const { report, promise, receipts, trustedBy } = answer
  const { verdict, findings, checked } = report
  return (
    <>
      <div className={styles['verdict']} data-verdict={verdict} data-testid="verdict">
        <b>{verdict}</b>
        <p>{findings.some(({ code }) => code === 'receipt_malformed') ? UNREADABLE : MEANING[verdict]}</p>
        {promise !== undefined && (
          <p>
            Checked with {TRUSTED_BY[trustedBy]}. {counted(checked.entries, 'receipt')} of{' '}
            {count(receipts.length)} shown to be promised.
          </p>
        )}
      </div>
      {findings.length > 0 && <Findings findings={findings} />}
      {promise !== undefined && (
        <dl className={styles['facts']}>
          <div>
            <dt>Ledger</dt>
            <dd>{promise.origin}</dd>
          </div>
          <div>
            <dt>Promised</dt>
            <dd>
              indices {count(promise.start)} to {count(promise.end - 1)}
            </dd>
          </div>
          <div>
            <dt>Signed</dt>
            <dd>{exactTimeText(promise.at)} UTC, by its own clock</dd>
          </div>
        </dl>
      )}
      {receipts.length > 0 && <Receipts receipts={receipts} />}
    </>
  )
}

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  return (
    <ul className={styles['findings']} aria-label="Findings">
      {findings.slice(0, LISTED_MAX).map(({ severity, code, index, message }, place) => (
        <li key={place} data-severity={severity}>
          <code>{code}</code>
          <span>
            {message}
            {index !== undefined && ` (index ${count(index)})`}
          </span>
        </li>
      ))}
      {findings.length > LISTED_MAX && <li>and {count(findings.length - LISTED_MAX)} more</li>}
    </ul>
  )
}

function Receipts({ receipts }: Pick<ReceiptAnswer, 'receipts'>) {
  return (
    <table className={styles['receipts']}>
      <thead>
        <tr>
          <th>Index</th>
          <th>Leaf hash</th>
        </tr>
      </thead>
      <tbody>
        {receipts.slice(0, LISTED_MAX).map(({ index, leafHash }, place) => (
          <tr key={place}>
            <td>{count(index)}</td>
            <td>{leafHash}</td>
          </tr>
        ))}
      </tbody>
      {receipts.length > LISTED_MAX && (
        <caption>and {count(receipts.length - LISTED_MAX)} more, all checked</caption>
      )}
    </table>
  )
}
