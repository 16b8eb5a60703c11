/** Checks what somebody pasted, with the trust they chose. Nothing leaves the browser. */
import {
  FormatError,
  parseNote,
  parsePromise,
  parseReceipts,
  parseTrust,
  promiseName,
  toHex,
  trustedLedger,
  verifyReceipt,
} from '@deponent/format'
import type { KeyUse, Trust, TrustedKey, VerifyReport } from '@deponent/format'
import { nameOf, trustOfPin } from '../proof/keys.ts'
import { pinOf } from '../proof/memory.ts'
import type { TextStore } from '../proof/memory.ts'

/** What was pasted. */
export interface ReceiptInput {
  readonly receipt: string
  /** A trust file, or verifier keys one per line; empty for the keys pinned in this browser. */
  readonly trust: string
  /** A checkpoint or saved receipts the ledger is known by; may be empty. */
  readonly known: string
}

/** One receipt, for people. */
export interface ShownReceipt {
  readonly index: number
  readonly leafHash: string
}

export interface ReceiptAnswer {
  readonly report: VerifyReport
  /** Undefined when the receipt has no readable promise. */
  readonly promise:
    | { readonly origin: string; readonly start: number; readonly end: number; readonly at: number }
    | undefined
  readonly receipts: readonly ShownReceipt[]
  /** Where the keys came from. */
  readonly trustedBy: 'pasted' | 'pinned' | 'nobody'
}

/** Verifies a receipt. FormatError `bad_trust` when the pasted trust cannot be used. */
export function checkReceipt({ receipt, trust, known }: ReceiptInput, pins: TextStore): ReceiptAnswer {
  const shown = readable(receipt)
  const origin = shown.promise?.origin
  const pasted = trust.trim()
  const believed = pasted === '' ? pinnedTrust(pins, origin) : pastedTrust(pasted, origin)
  const report = verifyReceipt(receipt, believed, known.trim() === '' ? {} : { against: [known] })
  const isTrusted = origin !== undefined && trustedLedger(believed, origin) !== undefined
  const trustedBy = !isTrusted ? 'nobody' : pasted === '' ? 'pinned' : 'pasted'
  return { report, ...shown, trustedBy }
}

/** A key that was pinned without its receipt key cannot judge receipts, and must not condemn them. */
function pinnedTrust(pins: TextStore, origin: string | undefined): Trust | undefined {
  const pin = origin === undefined ? undefined : pinOf(pins, origin)
  return origin === undefined || pin?.promiseVkey === undefined ? undefined : trustOfPin(origin, pin)
}

function pastedTrust(text: string, origin: string | undefined): Trust {
  if (text.startsWith('{')) return parseTrust(text)
  if (origin === undefined) return { ledgers: [] }
  const vkeys = text.split(/\s+/)
  const checkpointKeys = vkeys.filter((vkey) => nameOf(vkey) === origin)
  const receiptKeys = vkeys.filter((vkey) => nameOf(vkey) === promiseName(origin))
  if (receiptKeys.length === 0) {
    throw new FormatError(
      'bad_trust',
      `paste a trust file, or the receipt key of ${origin}: its name ends in /promise`,
    )
  }
  const keys = [...checkpointKeys.map(trusted('checkpoint')), ...receiptKeys.map(trusted('promise'))]
  return { ledgers: [{ origin, keys, witnesses: [], quorum: 0, timestampRoots: [] }] }
}

const trusted =
  (use: KeyUse) =>
  (vkey: string): TrustedKey => ({ vkey, use, sizes: { from: 0 } })

function readable(text: string): Pick<ReceiptAnswer, 'promise' | 'receipts'> {
  try {
    const { promise, receipts } = parseReceipts(text)
    return {
      promise: promise === null ? undefined : parsePromise(parseNote(promise).text),
      receipts: receipts.map(({ index, leafHash }) => ({ index, leafHash: toHex(leafHash) })),
    }
  } catch (error) {
    if (error instanceof FormatError) return { promise: undefined, receipts: [] }
    throw error
  }
}
