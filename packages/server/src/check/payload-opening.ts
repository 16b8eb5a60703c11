/**
 * One payload on its own: opened, committed to again, compared with the root in its entry. What comes of it is plain data, because it
 * may have happened in another thread; the record itself stays where it was opened.
 */
import { type CanonicalRecord, type Entry, type Finding, finding, FormatError } from '@deponent/format'
import { emitterDeclaredIn, linkIn, statementIn } from '../recording/emitter-facts.ts'
import type { SystemDictionary } from '../vault/dictionaries.ts'
import { frameHead, open } from '../vault/seal.ts'
import { recommit } from '../vault/vault.ts'

/** Kinds in which a ledger speaks of itself. */
const OWN_KINDS: ReadonlySet<string> = new Set(['key.succeeded', 'key.rotated', 'vault.sealed'])

const KEY_BYTES = 32

/** What payloads are opened with. */
export interface OpeningKeys {
  /** The keys of the keyring by number, 32 bytes each, one behind the other; none without a root key. */
  readonly keys?: Uint8Array
  readonly dictionaries: readonly SystemDictionary[]
}

export interface SealedPayload {
  readonly index: number
  readonly entry: Entry
  readonly frame: Uint8Array
}

/** What the rest of a check wants to know of an opened record. */
export interface RecordFacts {
  /** The record itself, of a kind in which a ledger speaks of itself. Anybody may send one; only the ledger's own are public. */
  readonly own?: CanonicalRecord
  readonly link?: ReturnType<typeof linkIn>
  readonly declared?: ReturnType<typeof emitterDeclaredIn>
  readonly states?: ReturnType<typeof statementIn>
}

/** `closed`: no root key was supplied. `ahead`: sealed with a key that the keyring has not got to. */
export type Opening = RecordFacts | Finding | 'closed' | 'ahead'

/** Packs the keys of a keyring as `OpeningKeys` has them: zeros where one was destroyed. */
export function packedKeys(keys: readonly (Uint8Array | undefined)[]): Uint8Array {
  const packed = new Uint8Array(keys.length * KEY_BYTES)
  keys.forEach((key, number) => key && packed.set(key, number * KEY_BYTES))
  return packed
}

/** The key with this number; undefined when it was destroyed, or no keys were supplied. */
function keyIn(keys: Uint8Array | undefined, number: number): Uint8Array | undefined {
  const key = keys?.subarray(number * KEY_BYTES, (number + 1) * KEY_BYTES)
  return key?.some((byte) => byte !== 0) ? key : undefined
}

/** Checks one payload. */
export function openPayload(
  { keys, dictionaries }: OpeningKeys,
  { index, entry, frame }: SealedPayload,
): Opening {
  try {
    const { isPublic, keyNumbers } = frameHead(frame)
    if (!keys && !isPublic) return 'closed'
    if (keys && keyNumbers.some((number) => (number + 1) * KEY_BYTES > keys.length)) return 'ahead'
    const opened = open(
      entry,
      frame,
      (number) => keyIn(keys, number),
      (number) => dictionaries[number]?.bytes,
    )
    if (opened) return factsOf(entry, recommit(entry, opened), isPublic)
    return finding('error', 'payload_missing', 'a key that sealed this payload is not in the keyring', index)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return finding('error', 'payload_mismatch', error.message, index)
  }
}

function factsOf(entry: Entry, record: CanonicalRecord, isPublic: boolean): RecordFacts {
  return {
    ...(isPublic && OWN_KINDS.has(entry.kind) && { own: record }),
    link: linkIn(record),
    declared: emitterDeclaredIn(entry, record),
    states: statementIn(entry, record),
  }
}
