/** Follows the keys of a ledger forward: from those somebody trusted once to those that signed later. */
import { FormatError } from '../error.ts'
import { parseVkey } from '../key.ts'
import { parseNote, verifyEd25519, verifyNote } from '../note.ts'
import type { Ed25519Verify } from '../note.ts'
import { parseRotation } from '../rotation.ts'
import type { Rotation } from '../rotation.ts'
import { trustedLedger } from '../trust.ts'
import type { SizeRange, Trust, TrustedKey, TrustedLedger } from '../trust.ts'
import { finding } from '../verdict.ts'
import type { Finding } from '../verdict.ts'

/** A rotation entry as it was shown: where it stands, and the statement it carries. */
export interface ShownRotation {
  readonly index: number
  /** The note under both keys; anything else is reported, not thrown. */
  readonly statement: string
}

/** Trust that follows from trust, and why. */
export interface ExtendedTrust {
  readonly trust: Trust
  readonly findings: readonly Finding[]
}

/**
 * Trust with the keys that rotation entries lead to. An entry counts when both keys signed its statement, the older one is trusted
 * for its use at that size, and it stands at the index its statement calls for. The older key then ends where the newer begins.
 * Where trust in the older key ended anyway, trust in the newer ends with it.
 * An entry of a key nobody trusted changes nothing. That the entry stands in the ledger is for the caller to show.
 */
export function extendTrust(
  trust: Trust,
  shown: readonly ShownRotation[],
  verify: Ed25519Verify = verifyEd25519,
): ExtendedTrust {
  let extended = trust
  const findings: Finding[] = []
  for (const entry of shown.toSorted((a, b) => a.index - b.index)) {
    const rotation = readRotation(entry, verify)
    if (rotation === undefined) {
      findings.push(finding('error', 'rotation_invalid', undefined, entry.index))
      continue
    }
    const next = follow(extended, rotation)
    if (next === undefined) continue
    extended = next
    const message = `trust in a ${rotation.use} key leads to the next one, from size ${rotation.from} on`
    findings.push(finding('info', 'trust_extended', message, entry.index))
  }
  return { trust: extended, findings }
}

/** The rotation an entry carries; undefined when it is malformed, out of place, or not signed by both keys. */
export function readRotation(
  { index, statement }: ShownRotation,
  verify: Ed25519Verify = verifyEd25519,
): Rotation | undefined {
  try {
    const note = parseNote(statement)
    const rotation = parseRotation(note.text)
    const keys = [parseVkey(rotation.previous), parseVkey(rotation.next)]
    const isSigned = verifyNote(note, keys, verify).length === keys.length
    return isSigned && rotation.from === index + 1 ? rotation : undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

/** Undefined when the rotation adds nothing: its older key is not trusted there, or its newer one already is. */
function follow(trust: Trust, rotation: Rotation): Trust | undefined {
  const ledger = trustedLedger(trust, rotation.origin)
  if (ledger === undefined || trusts(ledger, rotation.next, rotation)) return undefined
  if (!trusts(ledger, rotation.previous, rotation)) return undefined
  const keys = ledger.keys.map((key) =>
    isThat(key, rotation.previous, rotation) ? closed(key, rotation) : key,
  )
  const next: TrustedKey = { vkey: rotation.next, use: rotation.use, sizes: inherited(ledger, rotation) }
  const extended: TrustedLedger = { ...ledger, keys: [...keys, next] }
  return { ledgers: trust.ledgers.map((other) => (other === ledger ? extended : other)) }
}

function closed(key: TrustedKey, { from }: Rotation): TrustedKey {
  return { ...key, sizes: { from: key.sizes.from, to: from } }
}

/** A key cannot vouch beyond the sizes it is believed at itself: where the reader gave it an end, the next one ends there too. */
function inherited(ledger: TrustedLedger, rotation: Rotation): SizeRange {
  const ends = ledger.keys
    .filter((key) => isThat(key, rotation.previous, rotation))
    .map(({ sizes }) => sizes.to ?? Number.MAX_SAFE_INTEGER)
  const to = Math.max(...ends)
  return to === Number.MAX_SAFE_INTEGER ? { from: rotation.from } : { from: rotation.from, to }
}

function trusts(ledger: TrustedLedger, vkey: string, rotation: Rotation): boolean {
  return ledger.keys.some((key) => isThat(key, vkey, rotation))
}

function isThat(key: TrustedKey, vkey: string, { use, from }: Rotation): boolean {
  const { sizes } = key
  return key.vkey === vkey && key.use === use && sizes.from <= from && from <= (sizes.to ?? from)
}
