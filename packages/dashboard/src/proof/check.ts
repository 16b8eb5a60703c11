/**
 * Checks one decision against its ledger, step by step, from evidence that was already fetched. Pure, so that
 * every way of failing can be tried; the verdict is the format's own, the steps show how it came about.
 */
import {
  decodeEntry,
  equalBytes,
  FormatError,
  hashLeaf,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  rootFromInclusion,
  toHex,
  verifyCheckpointNote,
  verifyTlogProof,
} from '@deponent/format'
import type { Checkpoint, Entry, Finding, Note, TlogProof } from '@deponent/format'
import { trustOfPin } from './keys.ts'
import { historyStep, keyStep, outcomeOf, signatureStep, witnessStep } from './steps.ts'
import type { EarlierHead, KeyEvidence, Outcome, Step } from './steps.ts'

/** What a page says about the decision it shows; the entry must say the same. A page that shows no content knows only an id. */
export interface ShownDecision {
  readonly id: string
  readonly kind: string
  readonly index?: number
  readonly receivedAt?: string
}

/** Everything the check needs, fetched beforehand. */
export interface Evidence extends KeyEvidence {
  readonly decision: ShownDecision
  /** The tlog-proof, verbatim. */
  readonly proof: string
  /** The bytes at the decision's index in the ledger. */
  readonly entry: Uint8Array
  readonly earlier: EarlierHead | undefined
}

export interface DecisionCheck {
  readonly outcome: Outcome
  readonly steps: readonly Step[]
  /** What the format's verifier found. */
  readonly findings: readonly Finding[]
  /** Why it failed, in sentences; empty when it did not. */
  readonly reasons: readonly string[]
}

interface ReadProof {
  readonly proof: TlogProof
  readonly note: Note
  readonly checkpoint: Checkpoint
}

/** Runs every step; a failed one never hides the others. */
export function checkDecision(evidence: Evidence): DecisionCheck {
  const read = readProof(evidence.proof)
  if (read instanceof FormatError) return malformed(read)
  const trust = trustOfPin(read.checkpoint.origin, evidence.pin)
  const report = verifyTlogProof(evidence.proof, { entry: evidence.entry }, trust)
  const isSigned = verifyCheckpointNote(read.proof.checkpointNote, trust).signed
  const steps = [
    entryStep(evidence),
    identityStep(evidence, read),
    pathStep(evidence, read),
    signatureStep(read.note, read.checkpoint, evidence, isSigned),
    keyStep(evidence),
    historyStep(evidence.earlier, read.checkpoint),
    witnessStep(read.note, evidence.pin),
    contentStep(evidence),
  ]
  const reasons = steps.filter(({ state }) => state === 'failed').map(({ text }) => text)
  const { verdict, findings } = report
  if (verdict !== 'valid' && reasons.length === 0) reasons.push(...findings.map(({ message }) => message))
  return { outcome: outcomeOf(evidence, reasons), steps, findings, reasons }
}

function readProof(text: string): ReadProof | FormatError {
  try {
    const proof = parseTlogProof(text)
    const note = parseNote(proof.checkpointNote)
    return { proof, note, checkpoint: parseCheckpoint(note.text) }
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}

function malformed(error: FormatError): DecisionCheck {
  const text = `The proof cannot be read: ${error.message}.`
  const step: Step = { title: 'Proof', state: 'failed', text, values: [] }
  return { outcome: 'failed', steps: [step], findings: [], reasons: [text] }
}

function entryStep({ entry }: Evidence): Step {
  return {
    title: 'Entry hashed',
    state: 'passed',
    text: 'This browser fetched the bytes the ledger holds and hashed them itself.',
    values: [
      ['bytes', String(entry.length)],
      ['leaf hash', toHex(hashLeaf(entry))],
    ],
  }
}

function identityStep({ decision, entry }: Evidence, { proof }: ReadProof): Step {
  const title = 'Entry is this decision'
  const read = readEntry(entry)
  if (read === undefined) {
    return { title, state: 'failed', text: 'The bytes at this index are not an entry.', values: [] }
  }
  const received = new Date(read.receivedAt).toISOString()
  const differing = [
    ['id', read.id, decision.id],
    ['kind', read.kind, decision.kind],
    ['index', proof.index, decision.index ?? proof.index],
    [
      'received',
      read.receivedAt,
      decision.receivedAt === undefined ? read.receivedAt : Date.parse(decision.receivedAt),
    ],
  ].filter(([, held, shown]) => held !== shown)
  const values = [['id', read.id] as const, ['received', received] as const]
  if (differing.length === 0) {
    return {
      title,
      state: 'passed',
      text: 'Id, kind, index and time of receipt are the ones shown here.',
      values,
    }
  }
  const names = differing.map(([name]) => name).join(', ')
  return { title, state: 'failed', text: `The entry is not the decision shown: ${names} differ.`, values }
}

function readEntry(bytes: Uint8Array): Entry | undefined {
  try {
    return decodeEntry(bytes)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function pathStep({ entry }: Evidence, { proof, checkpoint }: ReadProof): Step {
  const reached = reachedRoot(hashLeaf(entry), proof, checkpoint.size)
  const leads = reached !== undefined && equalBytes(reached, checkpoint.root)
  const hashes = proof.hashes.length
  return {
    title: 'Path to the root',
    state: leads ? 'passed' : 'failed',
    text: leads
      ? `With ${hashes} neighbouring ${hashes === 1 ? 'hash' : 'hashes'} the leaf leads to the root of the checkpoint.`
      : 'The entry does not lead to the root of the checkpoint: entry, proof or checkpoint was altered.',
    values: [
      ['position', `${proof.index} of ${checkpoint.size}`],
      ['root reached', reached === undefined ? 'none: the proof does not fit' : toHex(reached)],
      ['root signed', toHex(checkpoint.root)],
    ],
  }
}

function reachedRoot(leaf: Uint8Array, { index, hashes }: TlogProof, size: number): Uint8Array | undefined {
  try {
    return rootFromInclusion(leaf, index, size, hashes)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function contentStep({ entry }: Evidence): Step {
  const payload = readEntry(entry)?.payload
  return {
    title: 'Field values',
    state: 'open',
    text: 'Not checked on this page. The entry commits to every field by one root; “deponent verify” opens the sealed content and compares.',
    values:
      payload === undefined
        ? []
        : [
            ['payload root', payload.root],
            ['committed leaves', String(payload.leaves)],
          ],
  }
}
