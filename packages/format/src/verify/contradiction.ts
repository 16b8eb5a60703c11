/** What an entry says of its own time, against what others saw. */
import { finding } from '../verdict.ts'
import type { Finding } from '../verdict.ts'
import type { EntryTime } from './interval.ts'

/**
 * How far the operator's clock and the way to a witness may come between: a tree is seen some time after it was signed, and by another
 * clock. Ten minutes, in milliseconds.
 */
export const TIME_TOLERANCE_MS = 600_000

/** Whether an entry was received, as it says, before it was still missing, or after it was already there. */
export function timeFindings(index: number, { receivedAt, notBefore, notAfter }: EntryTime): Finding[] {
  if (notBefore && receivedAt < notBefore.timeMs - TIME_TOLERANCE_MS) {
    const message = `says it was received before a time at which the ledger was seen without it (${notBefore.source})`
    return [finding('error', 'received_at_contradicted', message, index)]
  }
  if (notAfter && receivedAt > notAfter.timeMs + TIME_TOLERANCE_MS) {
    const message = `says it was received after a time at which the ledger was seen with it (${notAfter.source})`
    return [finding('error', 'received_at_contradicted', message, index)]
  }
  return []
}
