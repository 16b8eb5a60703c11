/** Fetches what a check needs from the ledger's own routes, and remembers what the check has shown. */
import {
  consistencyProof,
  decodeEntryTile,
  FormatError,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  TILE_WIDTH,
  tileNodes,
  tilePath,
  tileWidth,
  toHex,
} from '@deponent/format'
import type { Checkpoint } from '@deponent/format'
import { ApiError, getFreshBytes, getFreshText } from '../client.ts'
import { checkDecision } from './check.ts'
import type { DecisionCheck, ShownDecision } from './check.ts'
import { checkHead } from './head.ts'
import type { HeadCheck } from './head.ts'
import { keysIn } from './keys.ts'
import type { LedgerKeys } from './keys.ts'
import { forgetHead, headOf, pinOf, rememberHead, rememberPin } from './memory.ts'
import type { Head, Pin } from './memory.ts'
import { keyChanged } from './steps.ts'
import type { EarlierHead, KeyEvidence } from './steps.ts'

/** What became of a check. */
export type Verification<Check> =
  | ({ readonly phase: 'done'; readonly check: Check; readonly origin: string } & KeyEvidence)
  /** What the server sent as evidence cannot be read, which no honest server does. */
  | { readonly phase: 'unreadable'; readonly reason: string }
  /** The record is durable and promised, but no checkpoint covers it yet. */
  | { readonly phase: 'pending'; readonly retryAfterMs: number }
  /** Something needed for the check could not be fetched; this says nothing about the record. */
  | { readonly phase: 'unavailable'; readonly reason: string }

/** A decision, and the ledger that holds it. */
export type HeldDecision = ShownDecision & { readonly ledger: string }

const RETRY_AFTER_MS = 1_000

/** Fetches the evidence for a decision and checks it here. Only an aborted request throws. */
export async function verifyDecision(
  decision: HeldDecision,
  signal: AbortSignal,
): Promise<Verification<DecisionCheck>> {
  return orReason(async () => {
    const proof = await getFreshText(`/v1/decisions/${decision.id}/proof`, signal)
    const { index, checkpointNote } = parseTlogProof(proof)
    const { checkpoint, prefix, keys } = await gatherLedger(decision.ledger, checkpointNote, signal)
    const entry = await fetchEntry(prefix, index, checkpoint.size, signal)
    const earlier = await earlierHead(prefix, checkpoint, signal)
    const check = checkDecision({ ...keys, decision, proof, entry, earlier })
    if (isSound(check)) remember(checkpoint, earlier)
    return { phase: 'done', check, origin: checkpoint.origin, ...keys }
  })
}

/** Fetches the newest checkpoint of a ledger and checks it here. Only an aborted request throws. */
export async function verifyHead(ledger: string, signal: AbortSignal): Promise<Verification<HeadCheck>> {
  return orReason(async () => {
    const note = await getFreshText(`/ledgers/${encodeURIComponent(ledger)}/checkpoint`, signal)
    const { checkpoint, prefix, keys } = await gatherLedger(ledger, note, signal)
    const earlier = await earlierHead(prefix, checkpoint, signal)
    const check = checkHead({ ...keys, note, earlier })
    if (isSound(check)) remember(checkpoint, earlier)
    return { phase: 'done', check, origin: checkpoint.origin, ...keys }
  })
}

/** What came of gathering evidence and checking it; what could not be had is told apart from what is wrong. */
export async function orReason<Check>(
  gather: () => Promise<Verification<Check>>,
): Promise<Verification<Check>> {
  try {
    return await gather()
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_yet_published') {
      return { phase: 'pending', retryAfterMs: error.retryAfterMs ?? RETRY_AFTER_MS }
    }
    if (error instanceof ApiError) return { phase: 'unavailable', reason: error.message }
    if (error instanceof FormatError)
      return { phase: 'unreadable', reason: `Unreadable evidence: ${error.message}.` }
    throw error
  }
}

interface GatheredLedger {
  readonly checkpoint: Checkpoint
  /** Where the ledger's own routes begin. */
  readonly prefix: string
  readonly keys: KeyEvidence
}

async function gatherLedger(ledger: string, note: string, signal: AbortSignal): Promise<GatheredLedger> {
  const prefix = `/ledgers/${encodeURIComponent(ledger)}`
  const checkpoint = parseCheckpoint(parseNote(note).text)
  const shownKeys = keysIn(
    await getFreshText(`${prefix}/vkey`, signal, 'application/json'),
    checkpoint.origin,
  )
  return { checkpoint, prefix, keys: keyEvidence(checkpoint.origin, shownKeys) }
}

/** Whether everything checkable checked out. */
export function isSound({ outcome }: { readonly outcome: string }): boolean {
  return outcome === 'own-key' || outcome === 'pasted-key'
}

/** The bytes of one entry, out of the tile that holds it at this size. */
async function fetchEntry(
  prefix: string,
  index: number,
  size: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const n = Math.floor(index / TILE_WIDTH)
  const width = tileWidth('entries', n, size)
  if (width === 0)
    throw new FormatError('entry_missing', 'the checkpoint of the proof does not reach this index')
  const entries = decodeEntryTile(await getFreshBytes(`${prefix}/${tilePath('entries', n, width)}`, signal))
  const entry = entries[index % TILE_WIDTH]
  if (entry === undefined)
    throw new FormatError('entry_missing', 'the tile of entries ends before this index')
  return entry
}

/** The key that counts for an origin; the first one ever seen is pinned at once. */
export function keyEvidence(origin: string, shownKeys: LedgerKeys | undefined): KeyEvidence {
  const known = pinOf(localStorage, origin)
  if (known !== undefined) return { shownKeys, pin: known, isNewPin: false }
  if (shownKeys === undefined) throw new FormatError('bad_vkey', `no key is shown for ${origin}`)
  const pin: Pin = { ...shownKeys, since: Date.now(), source: 'first-seen' }
  rememberPin(localStorage, origin, pin)
  return { shownKeys, pin, isNewPin: true }
}

/** Believes a key on the reader's word from now on. Heads signed by another key are forgotten. */
export function believeKey(origin: string, keys: LedgerKeys, source: Pin['source']): void {
  const known = pinOf(localStorage, origin)
  if (known !== undefined && keyChanged(keys, known)) forgetHead(localStorage, origin)
  rememberPin(localStorage, origin, { ...keys, since: Date.now(), source })
}

/** The head this browser checked before, and how the ledger leads from it to a checkpoint. */
export async function earlierHead(
  prefix: string,
  { origin, size }: Checkpoint,
  signal: AbortSignal,
): Promise<EarlierHead | undefined> {
  const head = headOf(localStorage, origin)
  if (head === undefined) return undefined
  return { head, consistency: await consistencyFrom(head, prefix, size, signal) }
}

async function consistencyFrom(
  head: Head,
  prefix: string,
  size: number,
  signal: AbortSignal,
): Promise<Uint8Array[] | undefined> {
  if (head.size === 0 || head.size >= size) return undefined
  const node = tileNodes(size, (level, n, width) =>
    getFreshBytes(`${prefix}/${tilePath(level, n, width)}`, signal),
  )
  try {
    return await consistencyProof(head.size, size, node)
  } catch (error) {
    if (error instanceof ApiError || error instanceof FormatError) return undefined
    throw error
  }
}

/** A head that could not be compared with the earlier one does not take its place. */
export function remember({ origin, size, root }: Checkpoint, earlier: EarlierHead | undefined): void {
  const isUncompared =
    earlier !== undefined &&
    earlier.consistency === undefined &&
    earlier.head.size > 0 &&
    earlier.head.size < size
  if (!isUncompared) rememberHead(localStorage, origin, { size, root: toHex(root), at: Date.now() })
}
