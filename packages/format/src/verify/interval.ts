/**
 * The time of an entry is an interval. Nobody outside saw the entry itself; they saw trees. A tree that holds
 * it bounds its time from above. A tree that ends before it bounds, from below, its time in this ledger: the
 * entry was not in the ledger that was shown then, which does not say that it existed nowhere else.
 */
import type { Anchor } from '../anchor.ts'
import { equalBytes, utf8 } from '../bytes.ts'
import { parseCheckpoint } from '../checkpoint.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { cosignatureTimeS } from '../cosignature.ts'
import { FormatError } from '../error.ts'
import { parseVkey } from '../key.ts'
import type { VerifierKey } from '../key.ts'
import { parseNote, verifyEd25519, verifyNote } from '../note.ts'
import type { Ed25519Verify, Note } from '../note.ts'
import { trustedKeys, trustedLedger } from '../trust.ts'
import type { Trust, TrustedLedger } from '../trust.ts'
import { finding } from '../verdict.ts'
import type { Finding } from '../verdict.ts'
import { verifyTimestamp } from './timestamp.ts'

/** When somebody outside saw a tree: between two moments, both included, in Unix milliseconds. */
export interface AnchorTime {
  /** Size of the tree that was seen. */
  readonly size: number
  readonly earliestMs: number
  readonly latestMs: number
  /** Who says so: `witness <name>` or `timestamp <authority>`. */
  readonly source: string
}

/** One end of an interval, and whose word it is. */
export interface TimeBound {
  readonly timeMs: number
  readonly source: string
}

/** What is known about when an entry was recorded. */
export interface EntryTime {
  /** The operator's own statement. */
  readonly receivedAt: number
  /** The latest moment at which somebody outside was shown this ledger without the entry. */
  readonly notBefore?: TimeBound
  /** The earliest moment by which somebody outside had been shown this ledger with the entry. */
  readonly notAfter?: TimeBound
}

/** The verified times of an anchor, and what was wrong with it. */
export interface AnchorCheck {
  /** The checkpoint, present when a trusted key of the ledger signed it. */
  readonly checkpoint?: Checkpoint
  /** Empty unless there is a checkpoint. Whoever uses them has to know that its tree is one with theirs. */
  readonly times: readonly AnchorTime[]
  readonly findings: readonly Finding[]
}

/**
 * Checks an anchor: the ledger's signature, then each cosignature of a trusted witness and each timestamp. A
 * timestamp of an authority the trust file does not name is no fault of the anchor and only says nothing.
 */
export function verifyAnchor(
  anchor: Anchor,
  trust: Trust | undefined,
  verify: Ed25519Verify = verifyEd25519,
): AnchorCheck {
  try {
    const note = parseNote(anchor.note)
    const checkpoint = parseCheckpoint(note.text)
    if (checkpoint.size !== anchor.size) return refused('anchor_malformed', 'an anchor has another size')
    const ledger = trustedLedger(trust, checkpoint.origin)
    if (ledger === undefined) return { times: [], findings: [finding('gap', 'trust_missing')] }
    const keys = trustedKeys(ledger, 'checkpoint', checkpoint.size)
    if (!isSignedBy(note, keys, verify)) return refused('anchor_signature')
    return {
      checkpoint,
      ...collect([
        ...witnessTimes(note, checkpoint, ledger, verify),
        ...timestampTimes(anchor, note, ledger),
      ]),
    }
  } catch (error) {
    if (error instanceof FormatError) return refused('anchor_malformed', error.message)
    throw error
  }
}

function refused(code: 'anchor_malformed' | 'anchor_signature', message?: string): AnchorCheck {
  return { times: [], findings: [finding('error', code, message)] }
}

function isSignedBy(note: Note, keys: readonly VerifierKey[], verify: Ed25519Verify): boolean {
  try {
    return verifyNote(note, keys, verify).length > 0
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}

type TimeOrFinding = AnchorTime | Finding

function collect(found: readonly TimeOrFinding[]): { times: AnchorTime[]; findings: Finding[] } {
  const times: AnchorTime[] = []
  const findings: Finding[] = []
  for (const item of found) {
    if ('severity' in item) findings.push(item)
    else times.push(item)
  }
  return { times, findings }
}

function witnessTimes(
  note: Note,
  { size }: Checkpoint,
  { witnesses }: TrustedLedger,
  verify: Ed25519Verify,
): TimeOrFinding[] {
  const keys = witnesses.map(parseVkey)
  return note.signatures.flatMap((line): TimeOrFinding[] => {
    const named = keys.filter((key) => key.name === line.name && equalBytes(key.keyId, line.keyId))
    const timeS = cosignatureTimeS(line.signature)
    if (named.length === 0) return []
    const alone: Note = { text: note.text, signatures: [line] }
    if (timeS === undefined || !isSignedBy(alone, named, verify))
      return [finding('error', 'witness_signature')]
    // The witness cut its time to whole seconds.
    const earliestMs = timeS * 1000
    return [{ size, earliestMs, latestMs: earliestMs + 999, source: `witness ${line.name}` }]
  })
}

function timestampTimes(anchor: Anchor, note: Note, { timestampRoots }: TrustedLedger): TimeOrFinding[] {
  const message = utf8(note.text)
  return anchor.timestamps.map((token): TimeOrFinding => {
    try {
      const { timeMs, accuracyMs, authority } = verifyTimestamp(token, message, timestampRoots)
      const source = `timestamp ${authority}`
      return { size: anchor.size, earliestMs: timeMs - accuracyMs, latestMs: timeMs + accuracyMs, source }
    } catch (error) {
      if (error instanceof FormatError) return timestampFinding(error)
      throw error
    }
  })
}

function timestampFinding({ code, message }: FormatError): Finding {
  if (code === 'timestamp_untrusted') return finding('info', 'timestamp_untrusted', message)
  if (code === 'timestamp_mismatch') return finding('error', 'timestamp_mismatch', message)
  if (code === 'bad_trust') return finding('error', 'trust_malformed', message)
  return finding('error', 'timestamp_malformed', message)
}

/**
 * The interval of the entry at `index`, from verified times of trees that are all prefixes of one another.
 * A bound that nobody gave is absent.
 */
export function entryTime(index: number, receivedAt: number, times: readonly AnchorTime[]): EntryTime {
  const before = times.filter(({ size }) => size <= index)
  const after = times.filter(({ size }) => size > index)
  const latest = before.reduce<AnchorTime | undefined>(
    (best, time) => (best && best.earliestMs >= time.earliestMs ? best : time),
    undefined,
  )
  const earliest = after.reduce<AnchorTime | undefined>(
    (best, time) => (best && best.latestMs <= time.latestMs ? best : time),
    undefined,
  )
  return {
    receivedAt,
    ...(latest && { notBefore: { timeMs: latest.earliestMs, source: latest.source } }),
    ...(earliest && { notAfter: { timeMs: earliest.latestMs, source: earliest.source } }),
  }
}
