import type { LedgerPromise } from '../promise.ts'
import type { Receipt } from '../receipt.ts'
import { verifyInclusion } from '../tree/inclusion.ts'
import { finding } from '../verdict.ts'
import type { Finding } from '../verdict.ts'

/** Receipts together with the signed promise they lead to. */
export interface PromisedReceipts {
  readonly promise: LedgerPromise
  readonly receipts: readonly Receipt[]
}

/** The receipts whose path leads to the promised root, and what is wrong with the others. */
export function judgeReceipts(
  receipts: readonly Receipt[],
  promise: LedgerPromise | undefined,
): { proven: Receipt[]; findings: Finding[] } {
  const proven: Receipt[] = []
  const findings: Finding[] = []
  for (const receipt of receipts) {
    if (receipt.path === undefined)
      findings.push(finding('gap', 'receipt_unproven', undefined, receipt.index))
    else if (promise === undefined) continue
    else if (isProven(receipt, receipt.path, promise)) proven.push(receipt)
    else findings.push(finding('error', 'receipt_path', undefined, receipt.index))
  }
  return { proven, findings }
}

function isProven(
  receipt: Receipt,
  path: readonly Uint8Array[],
  { start, end, root }: LedgerPromise,
): boolean {
  return verifyInclusion(receipt.leafHash, receipt.index - start, end - start, path, root)
}
