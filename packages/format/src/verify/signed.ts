/** Signed statements of a ledger, checked against trust: the one place where signatures become findings. */
import { parseCheckpoint } from '../checkpoint.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { FormatError } from '../error.ts'
import { parseVkey } from '../key.ts'
import type { VerifierKey } from '../key.ts'
import { parseNote, verifyEd25519, verifyNote } from '../note.ts'
import type { Ed25519Verify, Note } from '../note.ts'
import { parsePromise } from '../promise.ts'
import type { LedgerPromise } from '../promise.ts'
import { trustedKeys, trustedLedger } from '../trust.ts'
import type { KeyUse, Trust, TrustedLedger } from '../trust.ts'
import { finding } from '../verdict.ts'
import type { Finding, FindingCode } from '../verdict.ts'

/** A statement that could be read, whether its signature was verified, and what was found on the way. */
export interface Statement<T> {
  /** Absent when the text could not be read. */
  readonly stated?: T
  /** Whether a trusted key signed it and, for a checkpoint, enough witnesses did. */
  readonly signed: boolean
  readonly findings: readonly Finding[]
}

/** Reads and checks a signed checkpoint. */
export function verifyCheckpointNote(
  text: string | Uint8Array,
  trust: Trust | undefined,
  verify: Ed25519Verify = verifyEd25519,
): Statement<Checkpoint> {
  return check(text, parseCheckpoint, 'checkpoint_malformed', (note, stated) =>
    checkpointFindings(note, stated, trustedLedger(trust, stated.origin), verify),
  )
}

/** Reads and checks a signed promise. */
export function verifyPromiseNote(
  text: string | Uint8Array,
  trust: Trust | undefined,
  verify: Ed25519Verify = verifyEd25519,
): Statement<LedgerPromise> {
  return check(text, parsePromise, 'promise_malformed', (note, stated) =>
    signatureFindings(
      note,
      { use: 'promise', size: stated.end },
      trustedLedger(trust, stated.origin),
      verify,
    ),
  )
}

function check<T>(
  text: string | Uint8Array,
  parse: (noteText: string) => T,
  malformed: FindingCode,
  judge: (note: Note, stated: T) => Finding[],
): Statement<T> {
  try {
    const note = parseNote(text)
    const stated = parse(note.text)
    const findings = judge(note, stated)
    return { stated, signed: findings.every(({ severity }) => severity === 'info'), findings }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { signed: false, findings: [finding('error', malformed, error.message)] }
  }
}

function checkpointFindings(
  note: Note,
  checkpoint: Checkpoint,
  ledger: TrustedLedger | undefined,
  verify: Ed25519Verify,
): Finding[] {
  const signature = signatureFindings(note, { use: 'checkpoint', size: checkpoint.size }, ledger, verify)
  return ledger === undefined ? signature : [...signature, ...witnessFindings(note, ledger, verify)]
}

function signatureFindings(
  note: Note,
  { use, size }: { use: KeyUse; size: number },
  ledger: TrustedLedger | undefined,
  verify: Ed25519Verify,
): Finding[] {
  if (ledger === undefined) return [finding('gap', 'trust_missing')]
  const signers = signersOf(note, trustedKeys(ledger, use, size), verify)
  if (signers === 'forged' || signers.length === 0) {
    return [finding('error', use === 'promise' ? 'promise_signature' : 'checkpoint_signature')]
  }
  return ledger.self === true ? [finding('info', 'trust_self')] : []
}

function witnessFindings(note: Note, ledger: TrustedLedger, verify: Ed25519Verify): Finding[] {
  const witnesses = signersOf(note, ledger.witnesses.map(parseVkey), verify)
  if (witnesses === 'forged') return [finding('error', 'witness_signature')]
  return witnesses.length < ledger.quorum ? [finding('gap', 'witness_quorum')] : []
}

/** 'forged' when a signature names one of the keys and does not verify, which condemns the note. */
function signersOf(
  note: Note,
  keys: readonly VerifierKey[],
  verify: Ed25519Verify,
): readonly VerifierKey[] | 'forged' {
  try {
    return verifyNote(note, keys, verify)
  } catch (error) {
    if (error instanceof FormatError) return 'forged'
    throw error
  }
}
