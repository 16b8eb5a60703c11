import { FormatError } from '../error.ts'
import type { Ed25519Verify } from '../note.ts'
import type { LedgerPromise } from '../promise.ts'
import { parseReceipts } from '../receipt.ts'
import type { Receipt, SavedReceipts } from '../receipt.ts'
import type { Trust } from '../trust.ts'
import { finding, reportOf } from '../verdict.ts'
import type { VerifyReport } from '../verdict.ts'
import { compareWithHead, readHead } from './head.ts'
import { judgeReceipts } from './promised.ts'
import type { PromisedReceipts } from './promised.ts'
import { verifyPromiseNote } from './signed.ts'
import type { Statement } from './signed.ts'

/** What a receipt may be checked with besides trust. */
export interface ReceiptCheck {
  /** Known heads, each the text of a checkpoint or of saved receipts, that must not contradict this one. */
  readonly against?: readonly string[]
  readonly verifySignature?: Ed25519Verify
}

/**
 * Checks saved receipts: the promise is signed by a trusted receipt key, each path leads from its leaf
 * to the promised root at its place in start..end, and no known head contradicts it. `receipt` is the
 * saved answer of a POST or one receipt with its `promise` inside, as JSON text or parsed.
 *
 * Valid means that the ledger promised these leaves at these indices. Whether it kept the promise shows
 * in the ledger, not in the receipt.
 */
export function verifyReceipt(receipt: unknown, trust?: Trust, check: ReceiptCheck = {}): VerifyReport {
  const saved = readReceipts(receipt)
  if (saved instanceof FormatError) return reportOf([finding('error', 'receipt_malformed', saved.message)])
  if (saved.promise === null) return reportOf([finding('gap', 'promise_missing')])
  const promise = verifyPromiseNote(saved.promise, trust, check.verifySignature)
  const none = saved.receipts.length === 0 ? [finding('gap', 'receipt_unproven', NO_RECEIPT)] : []
  const judged = judgeReceipts(saved.receipts, promise.stated)
  const heads = (check.against ?? []).map((text) => readHead(text, trust, check.verifySignature))
  const comparisons = heads.flatMap((head) => compareWithHead(signedReceipts(promise, judged.proven), head))
  return reportOf([...promise.findings, ...none, ...judged.findings, ...comparisons], {
    entries: judged.proven.length,
    checkpoints: heads.filter((head) => head.kind === 'checkpoint' && head.signed).length,
  })
}

const NO_RECEIPT = 'a promise without a receipt: no record is shown to be under it'

function readReceipts(receipt: unknown): SavedReceipts | FormatError {
  try {
    return parseReceipts(receipt)
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}

function signedReceipts(
  { stated, signed }: Statement<LedgerPromise>,
  proven: readonly Receipt[],
): PromisedReceipts | undefined {
  return stated !== undefined && signed ? { promise: stated, receipts: proven } : undefined
}
