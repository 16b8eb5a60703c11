/**
 * One payload on its own: opened, committed to again, compared with the root in its entry. What comes of it is plain data, because it
 * may have happened in another thread; the record itself stays where it was opened.
 */
import {
  type CanonicalRecord,
  classificationOf,
  type Entry,
  type Finding,
  finding,
  type FindingCode,
  FormatError,
  isAltered,
  openedSetRoot,
  partDigest,
  setRootShown,
  toHex,
} from '@deponent/format'
import { emitterDeclaredIn, linkIn, statementIn } from '../recording/emitter-facts.ts'
import type { SystemDictionary } from '../vault/dictionaries.ts'
import { frameHead, open } from '../vault/seal.ts'
import { leavesShown } from '../vault/shown.ts'
import { decodeTombstone } from '../vault/tombstone.ts'
import { type OpenedPart, recommit } from '../vault/opened.ts'
import { decodeParts, isInParts } from '../vault/parts-frame.ts'

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

/** What the rest of a check wants to know of a payload. */
export interface RecordFacts {
  /** The record itself, of a kind in which a ledger speaks of itself. Anybody may send one; only the ledger's own are public. */
  readonly own?: CanonicalRecord
  /** It carries a number of its emitter, and a policy changed what was numbered. */
  readonly isAltered?: true
  readonly link?: ReturnType<typeof linkIn>
  readonly declared?: ReturnType<typeof emitterDeclaredIn>
  readonly states?: ReturnType<typeof statementIn>
  /** The root of the set that an erasure shows it commits to, in hex. */
  readonly setRoot?: string
}

/**
 * What came of a payload. `closed`: no root key was supplied. `ahead`: sealed with a key that the keyring has not got to. `erased`: its
 * tombstone opens to the set with the root `set`, in hex.
 */
export type Opening =
  | {
      readonly state: 'opened' | 'closed' | 'ahead'
      readonly facts?: RecordFacts
      /** The sets that the tombstones of erased parts open to, by their roots in hex. */
      readonly partsErased?: readonly string[]
    }
  | { readonly state: 'erased'; readonly set: string; readonly facts?: RecordFacts }
  | { readonly state: 'damaged'; readonly finding: Finding }

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
export function openPayload(opening: OpeningKeys, sealed: SealedPayload): Opening {
  const { index, entry, frame } = sealed
  try {
    const { isPublic, isShown, keyNumbers, isErased } = frameHead(frame)
    if (isErased) return openTombstone(sealed)
    const shown = isShown ? factsShown(entry, frame) : {}
    const partsErased = isInParts(frame) ? setsOfParts(frame, index) : []
    if (!partsErased) return damaged('payload_malformed', NO_PLACE, index)
    const { keys, dictionaries } = opening
    if (!keys && !isPublic) return { state: 'closed', facts: shown, partsErased }
    if (keys && keyNumbers.some((number) => (number + 1) * KEY_BYTES > keys.length))
      return { state: 'ahead', facts: shown, partsErased }
    const opened = open(
      entry,
      frame,
      (number) => keyIn(keys, number),
      (number) => dictionaries[number]?.bytes,
    )
    if (!opened || opened.inParts?.parts.some(isKeyless)) return damaged('payload_missing', KEY_GONE, index)
    const facts = { ...factsOf(entry, recommit(entry, opened), isPublic), ...shown }
    return { state: 'opened', facts, partsErased }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return damaged('payload_mismatch', error.message, index)
  }
}

/** What is said of a payload whose key is gone though the payload is not. */
export const KEY_GONE = 'a key that sealed this payload is not in the keyring'

const NO_PLACE = 'a tombstone has no place in the set it is of'

/** A part that is there though its key is not. */
function isKeyless({ content, isErased }: OpenedPart): boolean {
  return content === undefined && !isErased
}

/** The sets that erased parts of a frame open to, by their roots in hex; undefined when one opens to none. */
function setsOfParts(frame: Uint8Array, index: number): string[] | undefined {
  const roots = decodeParts(frame).parts.flatMap((part) =>
    'erased' in part ? [openedSetRoot(part.erased, index, partDigest(part.hashes))] : [],
  )
  const known = roots.filter((root) => root !== undefined)
  return known.length === roots.length ? known.map(toHex) : undefined
}

function openTombstone({ index, frame }: SealedPayload): Opening {
  try {
    const tombstone = decodeTombstone(frame)
    const setRoot = openedSetRoot(tombstone, index)
    if (!setRoot) return damaged('payload_malformed', NO_PLACE, index)
    const { link } = tombstone
    return { state: 'erased', set: toHex(setRoot), facts: { ...(link && { link }) } }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return damaged('payload_malformed', error.message, index)
  }
}

function damaged(code: FindingCode, message: string, index: number): Opening {
  return { state: 'damaged', finding: finding('error', code, message, index) }
}

function factsShown(entry: Entry, frame: Uint8Array): RecordFacts {
  const setRoot = setRootShown(entry, leavesShown(frame))
  return setRoot ? { setRoot: toHex(setRoot) } : {}
}

function isNumberedAndAltered(record: CanonicalRecord): boolean {
  const classification = record['emitter'] === undefined ? undefined : classificationOf(record)
  return classification !== undefined && isAltered(classification)
}

function factsOf(entry: Entry, record: CanonicalRecord, isPublic: boolean): RecordFacts {
  return {
    ...(isPublic && OWN_KINDS.has(entry.kind) && { own: record }),
    ...(isNumberedAndAltered(record) && { isAltered: true as const }),
    link: linkIn(record),
    declared: emitterDeclaredIn(entry, record),
    states: statementIn(entry, record),
  }
}
