/** Anchors of a bundle: whether each belongs to the history of its checkpoint, and what they say about time. */
import type { Bundle, BundleAnchor } from '../bundle.ts'
import { equalBytes } from '../bytes.ts'
import { parseCheckpoint } from '../checkpoint.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { FormatError } from '../error.ts'
import { parseNote, verifyEd25519 } from '../note.ts'
import type { Ed25519Verify } from '../note.ts'
import { verifyConsistency } from '../tree/consistency.ts'
import { EMPTY_ROOT } from '../tree/rfc6962.ts'
import type { Trust } from '../trust.ts'
import { finding } from '../verdict.ts'
import type { Finding } from '../verdict.ts'
import { entryTime, verifyAnchor } from './interval.ts'
import type { AnchorTime, EntryTime } from './interval.ts'

export interface JudgedAnchors {
  readonly findings: readonly Finding[]
  /** How many anchors are signed by a trusted key and consistent with the checkpoint. */
  readonly signed: number
  /** Root by size, of those. */
  readonly roots: ReadonlyMap<number, Uint8Array>
  timeOf(index: number, receivedAt: number): EntryTime
}

/** An anchor's checkpoint is there only when it is signed and consistent with the bundle's. */
interface JudgedAnchor {
  readonly findings: Finding[]
  readonly checkpoint?: Checkpoint
  readonly times: readonly AnchorTime[]
}

/** Judges every anchor of a bundle against its checkpoint. */
export function judgeAnchors(
  bundle: Bundle,
  checkpoint: Checkpoint | undefined,
  trust: Trust | undefined,
  verify: Ed25519Verify = verifyEd25519,
): JudgedAnchors {
  const judged = bundle.anchors.map((anchor) => judgeAnchor(anchor, bundle.origin, checkpoint, trust, verify))
  const signed = judged.flatMap((anchor) => anchor.checkpoint ?? [])
  const times = judged.flatMap((anchor) => anchor.times)
  if (checkpoint !== undefined) {
    // What is wrong with the bundle's own checkpoint was reported where its signatures were judged.
    const own = { size: checkpoint.size, note: bundle.checkpoint, timestamps: [] }
    times.push(...verifyAnchor(own, trust, verify).times)
  }
  return {
    findings: judged.flatMap(({ findings }) => findings),
    signed: signed.length,
    roots: new Map(signed.map(({ size, root }) => [size, root])),
    timeOf: (index, receivedAt) => entryTime(index, receivedAt, times),
  }
}

function judgeAnchor(
  { checkpoint: note, timestamps, consistency }: BundleAnchor,
  origin: string,
  checkpoint: Checkpoint | undefined,
  trust: Trust | undefined,
  verify: Ed25519Verify,
): JudgedAnchor {
  const stated = readCheckpoint(note)
  if (stated === undefined)
    return { findings: [finding('error', 'anchor_malformed', 'an anchor has no checkpoint')], times: [] }
  const of = `the anchor of ${stated.size} entries`
  const check = verifyAnchor({ size: stated.size, note, timestamps }, trust, verify)
  // That trust is missing is said once: of the bundle's checkpoint.
  const findings = check.findings
    .filter(({ code }) => code !== 'trust_missing')
    .map((found) => ({ ...found, message: `${of}: ${found.message}` }))
  if (checkpoint === undefined) return { findings, times: [] }
  if (stated.origin !== origin) {
    const message = `${of} names another ledger than the bundle`
    return { findings: [...findings, finding('error', 'checkpoint_origin', message)], times: [] }
  }
  if (!isConsistent(stated, checkpoint, consistency)) {
    const message = `${of} is not shown to be of one history with the checkpoint`
    return { findings: [...findings, finding('error', 'proof_consistency', message)], times: [] }
  }
  return { findings, times: check.times, ...(check.checkpoint && { checkpoint: check.checkpoint }) }
}

function readCheckpoint(note: string): Checkpoint | undefined {
  try {
    return parseCheckpoint(parseNote(note).text)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function isConsistent(anchor: Checkpoint, checkpoint: Checkpoint, proof: readonly Uint8Array[]): boolean {
  const [first, second] = anchor.size <= checkpoint.size ? [anchor, checkpoint] : [checkpoint, anchor]
  if (first.size === 0 && second.size > 0) return proof.length === 0 && equalBytes(first.root, EMPTY_ROOT)
  return verifyConsistency(first.size, second.size, first.root, second.root, proof)
}
