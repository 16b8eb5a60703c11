/** Anchors of a bundle: whether each belongs to the history of its checkpoint, and what they say about time. */
import type { Bundle, BundleAnchor } from '../bundle.ts'
import { equalBytes, toHex } from '../bytes.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { cosignatureTimeS } from '../cosignature.ts'
import { FormatError } from '../error.ts'
import { parseVkey } from '../key.ts'
import type { VerifierKey } from '../key.ts'
import { parseNote, verifyEd25519, verifyNote } from '../note.ts'
import type { Ed25519Verify, Note } from '../note.ts'
import { verifyConsistency } from '../tree/consistency.ts'
import { EMPTY_ROOT } from '../tree/rfc6962.ts'
import { trustedLedger } from '../trust.ts'
import type { Trust } from '../trust.ts'
import { finding } from '../verdict.ts'
import type { Finding } from '../verdict.ts'
import { verifyCheckpointNote } from './signed.ts'

/** A time somebody outside has sworn to. */
export interface TimeBound {
  /** Unix milliseconds. */
  readonly timeMs: number
  /** Who says so, for people. */
  readonly source: string
}

/** The time of an entry: what the operator says, and between which two moments outsiders saw it come. */
export interface EntryTime {
  /** The operator's own statement, Unix milliseconds. */
  readonly receivedAt: number
  /** At this time the ledger shown to the source did not reach the entry yet. */
  readonly notBefore?: TimeBound
  /** At this time the ledger shown to the source held the entry. */
  readonly notAfter?: TimeBound
}

export interface JudgedAnchors {
  readonly findings: readonly Finding[]
  /** How many anchors are signed by a trusted key and consistent with the checkpoint. */
  readonly signed: number
  /** Root by size, of those. */
  readonly roots: ReadonlyMap<number, Uint8Array>
  timeOf(index: number, receivedAt: number): EntryTime
}

interface SeenAt extends TimeBound {
  readonly size: number
}

/** Judges every anchor of a bundle against its checkpoint. */
export function judgeAnchors(
  bundle: Bundle,
  checkpoint: Checkpoint | undefined,
  trust: Trust | undefined,
  verify: Ed25519Verify = verifyEd25519,
): JudgedAnchors {
  const findings: Finding[] = []
  const roots = new Map<number, Uint8Array>()
  const seen: SeenAt[] = []
  let signed = 0
  for (const anchor of bundle.anchors) {
    const judged = judgeAnchor(anchor, bundle.origin, checkpoint, trust, verify)
    findings.push(...judged.findings)
    if (judged.stated === undefined) continue
    signed += 1
    roots.set(judged.stated.size, judged.stated.root)
    seen.push(...timesOf(anchor.checkpoint, judged.stated, trust, verify))
  }
  if (checkpoint !== undefined) seen.push(...timesOf(bundle.checkpoint, checkpoint, trust, verify))
  return { findings, signed, roots, timeOf: (index, receivedAt) => timeOf(index, receivedAt, seen) }
}

/** `stated` is there only for an anchor that is signed and consistent with the checkpoint. */
function judgeAnchor(
  { checkpoint: note, consistency }: BundleAnchor,
  origin: string,
  checkpoint: Checkpoint | undefined,
  trust: Trust | undefined,
  verify: Ed25519Verify,
): { findings: Finding[]; stated?: Checkpoint } {
  const { stated, signed, findings } = verifyCheckpointNote(note, withoutQuorum(trust), verify)
  const of = stated === undefined ? 'an anchor' : `the anchor of ${stated.size} entries`
  // That trust is missing, or the operator's own, is said once: of the bundle's checkpoint.
  const own = findings
    .filter(({ code }) => code !== 'trust_missing' && code !== 'trust_self')
    .map((found) => ({ ...found, message: `${of}: ${found.message}` }))
  if (stated === undefined || checkpoint === undefined) return { findings: own }
  if (stated.origin !== origin) {
    own.push(finding('error', 'checkpoint_origin', `${of} names another ledger than the bundle`))
    return { findings: own }
  }
  if (!isConsistent(stated, checkpoint, consistency)) {
    own.push(
      finding('error', 'proof_consistency', `${of} is not shown to be of one history with the checkpoint`),
    )
    return { findings: own }
  }
  return signed ? { findings: own, stated } : { findings: own }
}

/** An anchor speaks for its time only; the reader's quorum is asked of the checkpoint. */
function withoutQuorum(trust: Trust | undefined): Trust | undefined {
  return trust && { ledgers: trust.ledgers.map((ledger) => ({ ...ledger, quorum: 0 })) }
}

function isConsistent(anchor: Checkpoint, checkpoint: Checkpoint, proof: readonly Uint8Array[]): boolean {
  const [first, second] = anchor.size <= checkpoint.size ? [anchor, checkpoint] : [checkpoint, anchor]
  if (first.size === 0 && second.size > 0) return proof.length === 0 && equalBytes(first.root, EMPTY_ROOT)
  return verifyConsistency(first.size, second.size, first.root, second.root, proof)
}

/** When trusted witnesses saw a checkpoint. Forged cosignatures were reported where its signatures were judged. */
function timesOf(
  text: string,
  { origin, size }: Checkpoint,
  trust: Trust | undefined,
  verify: Ed25519Verify,
): SeenAt[] {
  const ledger = trustedLedger(trust, origin)
  if (ledger === undefined) return []
  const note = parseNote(text)
  return ledger.witnesses.map(parseVkey).flatMap((witness) => {
    const lines = note.signatures.filter(
      ({ name, keyId }) => name === witness.name && toHex(keyId) === toHex(witness.keyId),
    )
    return lines.flatMap((line) => {
      const timeS = cosignatureTimeS(line.signature)
      const isSigned = isSignedBy({ text: note.text, signatures: [line] }, witness, verify)
      return timeS === undefined || !isSigned
        ? []
        : [{ size, timeMs: timeS * 1_000, source: `witness ${witness.name}` }]
    })
  })
}

function isSignedBy(note: Note, witness: VerifierKey, verify: Ed25519Verify): boolean {
  try {
    return verifyNote(note, [witness], verify).length === 1
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}

function timeOf(index: number, receivedAt: number, seen: readonly SeenAt[]): EntryTime {
  const before = seen.filter(({ size }) => size <= index).toSorted((a, b) => b.timeMs - a.timeMs)[0]
  const after = seen.filter(({ size }) => size > index).toSorted((a, b) => a.timeMs - b.timeMs)[0]
  return {
    receivedAt,
    ...(before && { notBefore: boundOf(before) }),
    ...(after && { notAfter: boundOf(after) }),
  }
}

function boundOf({ timeMs, source }: SeenAt): TimeBound {
  return { timeMs, source }
}
