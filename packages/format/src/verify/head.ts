/**
 * Known heads: what somebody remembers a ledger to have signed, a checkpoint or a receipt. A ledger that
 * is behind one, or differs from it, has lost or changed something, however consistent it is with itself.
 */
import { equalBytes } from '../bytes.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { FormatError } from '../error.ts'
import type { Ed25519Verify } from '../note.ts'
import { keepsPromise } from '../promise.ts'
import type { LedgerPromise } from '../promise.ts'
import { parseReceipts } from '../receipt.ts'
import type { Trust } from '../trust.ts'
import { finding } from '../verdict.ts'
import type { Finding } from '../verdict.ts'
import { judgeReceipts } from './promised.ts'
import type { PromisedReceipts } from './promised.ts'
import { verifyCheckpointNote, verifyPromiseNote } from './signed.ts'

/** A known head, read. Only a signed one can accuse. */
export type KnownHead =
  | { readonly kind: 'checkpoint'; readonly signed: boolean; readonly checkpoint: Checkpoint }
  | ({ readonly kind: 'receipt'; readonly signed: boolean } & PromisedReceipts)
  | { readonly kind: 'unreadable'; readonly signed: false }

/** Reads a head and checks its signature; saved receipts are JSON, anything else is taken for a checkpoint. */
export function readHead(text: string, trust: Trust | undefined, verify?: Ed25519Verify): KnownHead {
  return text.trimStart().startsWith('{')
    ? readReceiptHead(text, trust, verify)
    : readCheckpointHead(text, trust, verify)
}

function readCheckpointHead(text: string, trust: Trust | undefined, verify?: Ed25519Verify): KnownHead {
  const { stated, signed } = verifyCheckpointNote(text, trust, verify)
  return stated === undefined ? UNREADABLE : { kind: 'checkpoint', signed, checkpoint: stated }
}

function readReceiptHead(text: string, trust: Trust | undefined, verify?: Ed25519Verify): KnownHead {
  try {
    const { promise: note, receipts } = parseReceipts(text)
    if (note === null) return UNREADABLE
    const { stated, signed } = verifyPromiseNote(note, trust, verify)
    if (stated === undefined) return UNREADABLE
    return { kind: 'receipt', signed, promise: stated, receipts: judgeReceipts(receipts, stated).proven }
  } catch (error) {
    if (error instanceof FormatError) return UNREADABLE
    throw error
  }
}

const UNREADABLE: KnownHead = { kind: 'unreadable', signed: false }

/** The ledger a head says it is of; undefined when it cannot be read. */
export function originOfHead(head: KnownHead): string | undefined {
  if (head.kind === 'unreadable') return undefined
  return head.kind === 'checkpoint' ? head.checkpoint.origin : head.promise.origin
}

/** What two signed statements alone show about each other. `own` is undefined when it is not signed itself. */
export function compareWithHead(own: PromisedReceipts | undefined, head: KnownHead): Finding[] {
  if (head.kind === 'unreadable') return [finding('gap', 'head_malformed')]
  if (!head.signed) return [finding('gap', 'head_unverified')]
  if (own === undefined) return []
  if (originOfHead(head) !== own.promise.origin) return [finding('info', 'head_unrelated')]
  return head.kind === 'checkpoint'
    ? compareWithCheckpoint(own.promise, head.checkpoint)
    : compareWithReceipts(own, head)
}

function compareWithCheckpoint(promise: LedgerPromise, { size, root }: Checkpoint): Finding[] {
  if (size < promise.end)
    return [finding('info', 'promise_pending', 'the checkpoint given ends before the promise does')]
  if (promise.start > 0 || promise.end < size) return [finding('info', 'head_incomparable')]
  return equalBytes(promise.root, root) ? [] : [finding('error', 'promise_contradicted')]
}

function compareWithReceipts(own: PromisedReceipts, head: PromisedReceipts): Finding[] {
  const known = new Map(head.receipts.map(({ index, leafHash }) => [index, leafHash]))
  const contradicted = own.receipts.filter(
    ({ index, leafHash }) => !equalBytes(known.get(index) ?? leafHash, leafHash),
  )
  if (contradicted.length > 0) {
    return contradicted.map(({ index }) => finding('error', 'promise_contradicted', undefined, index))
  }
  const sameRange = own.promise.start === head.promise.start && own.promise.end === head.promise.end
  return sameRange && !equalBytes(own.promise.root, head.promise.root)
    ? [finding('error', 'promise_contradicted')]
    : []
}

/** What a bundle shows under its own signed checkpoint. */
export interface BundleView {
  readonly checkpoint: Checkpoint
  /** Roots of the same history at other sizes, by size. */
  readonly roots: ReadonlyMap<number, Uint8Array>
  /** Leaf hashes shown to stand in the ledger, by index. */
  readonly leaves: ReadonlyMap<number, Uint8Array>
}

/** Whether a bundle agrees with a known head; undefined when its own checkpoint is not signed. That it ends before one is no fault: it may have been made earlier. */
export function compareBundleWithHead(bundle: BundleView | undefined, head: KnownHead): Finding[] {
  if (head.kind === 'unreadable') return [finding('gap', 'head_malformed')]
  if (!head.signed) return [finding('gap', 'head_unverified')]
  if (bundle === undefined) return []
  if (originOfHead(head) !== bundle.checkpoint.origin) return [finding('info', 'head_unrelated')]
  return head.kind === 'checkpoint'
    ? bundleAgreesWithCheckpoint(bundle, head.checkpoint)
    : bundleAgreesWithReceipts(bundle, head)
}

function bundleAgreesWithCheckpoint({ checkpoint, roots }: BundleView, known: Checkpoint): Finding[] {
  const root = known.size === checkpoint.size ? checkpoint.root : roots.get(known.size)
  if (root === undefined) return [finding('info', 'head_incomparable')]
  return equalBytes(root, known.root)
    ? []
    : [finding('error', 'rolled_back', 'differs from a known checkpoint')]
}

function bundleAgreesWithReceipts(
  { leaves }: BundleView,
  { promise, receipts }: PromisedReceipts,
): Finding[] {
  const shared = receipts.filter(({ index }) => leaves.has(index))
  const contradicted = shared.filter(({ index, leafHash }) => !equalBytes(leaves.get(index)!, leafHash))
  if (contradicted.length > 0) {
    return contradicted.map(({ index }) => finding('error', 'promise_contradicted', undefined, index))
  }
  const promised: Uint8Array[] = []
  for (let index = promise.start; leaves.has(index) && index < promise.end; index++)
    promised.push(leaves.get(index)!)
  if (promised.length === promise.end - promise.start && !keepsPromise(promise, promised)) {
    return [finding('error', 'promise_contradicted', undefined, promise.start)]
  }
  return shared.length > 0 || promised.length === promise.end - promise.start
    ? []
    : [finding('info', 'head_incomparable')]
}

/** A ledger whose content was checked already, as far as a head must be compared with it. */
export interface LedgerView {
  readonly origin: string
  readonly size: number
  /** The root of its first `size` leaves, for any size up to its own. */
  rootAt(size: number): Uint8Array | Promise<Uint8Array>
  /** Its leaf hashes start..end, half-open. */
  leafHashes(start: number, end: number): readonly Uint8Array[] | Promise<readonly Uint8Array[]>
}

/** Whether a ledger is at least at a known head and agrees with it. */
export async function compareLedgerWithHead(ledger: LedgerView, head: KnownHead): Promise<Finding[]> {
  if (head.kind === 'unreadable') return [finding('gap', 'head_malformed')]
  if (!head.signed) return [finding('gap', 'head_unverified')]
  if (originOfHead(head) !== ledger.origin) return [finding('info', 'head_unrelated')]
  return head.kind === 'checkpoint'
    ? reachesCheckpoint(ledger, head.checkpoint)
    : reachesPromise(ledger, head.promise)
}

async function reachesCheckpoint(ledger: LedgerView, { size, root }: Checkpoint): Promise<Finding[]> {
  if (ledger.size < size) return [behind(ledger.size, size)]
  return equalBytes(await ledger.rootAt(size), root)
    ? []
    : [finding('error', 'rolled_back', 'differs from a known checkpoint')]
}

async function reachesPromise(ledger: LedgerView, promise: LedgerPromise): Promise<Finding[]> {
  if (ledger.size < promise.end) return [behind(ledger.size, promise.end)]
  const leaves = await ledger.leafHashes(promise.start, promise.end)
  return keepsPromise(promise, leaves)
    ? []
    : [finding('error', 'promise_contradicted', undefined, promise.start)]
}

function behind(size: number, known: number): Finding {
  return finding('error', 'rolled_back', `holds ${size} entries; a known head has ${known}`)
}
