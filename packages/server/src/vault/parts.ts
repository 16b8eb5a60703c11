/**
 * Seals a payload in parts and opens it again (`parts-frame.ts` has the bytes). The leaves that name one person, or one member of staff, are a
 * part of their own, under their key: its ciphertext and its salts go with that key, and with nothing else. All other leaves are the
 * main part, which can be read while anybody is left who keeps it.
 *
 * The text of the main part is RFC 8785 of `[[leaf numbers of each part], record with null in the place of their leaves]`, that of a part
 * the list of its values.
 */
import {
  canonicalJson,
  type CanonicalRecord,
  commitLeafHashes,
  commitNodeHash,
  type Entry,
  FormatError,
  fromHex,
  inclusionPaths,
  type JsonValue,
  type PreparedPayload,
  readJson,
  toHex,
} from '@deponent/format'
import { type CodingChoice, decodeText, encodeText } from './coding.ts'
import { mapLeaves, valuesAt } from './leaf-walk.ts'
import { type Opened, type OpenedPart, recordFrom } from './opened.ts'
import {
  decodeParts,
  encodeParts,
  type ErasedPart,
  type LivePart,
  type PartsFrame,
  R_BYTES,
} from './parts-frame.ts'
import { boundTo, decrypt, encrypt, recordSecrets, saltsOf, wrappingKey } from './record-secrets.ts'

const KEY_BYTES = 32
const SALT_BYTES = 16

/** A key by its number. */
export interface SealingKey {
  readonly number: number
  readonly key: Uint8Array
}

/** Leaves that go when a key goes. */
export interface PartToSeal extends SealingKey {
  /** Numbers of the leaves, ascending; no leaf is in two parts. */
  readonly leaves: readonly number[]
}

export interface SealedInParts {
  payload: Entry['payload']
  frame: Uint8Array
}

/** Who keeps a payload, and what of it goes with whom. `fresh` gives random bytes. */
export interface Partition {
  readonly keepers: readonly SealingKey[]
  readonly parts: readonly PartToSeal[]
  fresh(bytes: number): Uint8Array
}

/** Commits to a payload and seals it in parts. FormatError `too_many_parts`. */
export function sealInParts(
  id: string,
  prepared: PreparedPayload,
  { keepers, parts, fresh }: Partition,
  choice: CodingChoice = {},
): SealedInParts {
  const r = fresh(R_BYTES)
  const content = keepers.length === 1 ? keepers[0]!.key : fresh(KEY_BYTES)
  const main = recordSecrets(content, id, r)
  const own = parts.map((part) => {
    const partR = fresh(R_BYTES)
    return { ...part, r: partR, secrets: recordSecrets(part.key, id, partR) }
  })
  const count = prepared.leafTexts.length
  const salts = saltsOf(main.recordSalt, count)
  for (const { leaves, secrets } of own) {
    const theirs = saltsOf(secrets.recordSalt, count)
    for (const leaf of leaves) {
      const at = leaf * SALT_BYTES
      salts.set(theirs.subarray(at, at + SALT_BYTES), at)
    }
  }
  const hashes = commitLeafHashes(prepared.leafTexts, salts)
  const { root } = inclusionPaths(hashes, commitNodeHash)
  const bound = boundTo(id, root)
  const record = readJson(prepared.text).value as CanonicalRecord
  const sealedParts = own.map(({ leaves, number, r: partR, secrets }): LivePart => {
    const { coding, bytes } = encodeText(canonicalJson(valuesAt(record, leaves)))
    const sealed = encrypt(secrets.aesKey, bytes, bound)
    return { coding, hashes: leaves.map((leaf) => hashes[leaf]!), number, r: partR, sealed }
  })
  const { coding, bytes } = encodeText(mainText(record, parts), choice)
  const frame = encodeParts({
    coding,
    keepers: keepers.map(({ number, key }) =>
      keepers.length === 1
        ? { number }
        : { number, wrapped: encrypt(wrappingKey(key, id, r), content, bound) },
    ),
    r,
    parts: sealedParts,
    sealed: encrypt(main.aesKey, bytes, bound),
  })
  return { payload: { c: 1, root: toHex(root), leaves: count }, frame }
}

function mainText(record: CanonicalRecord, parts: readonly PartToSeal[]): string {
  const elsewhere = new Set(parts.flatMap(({ leaves }) => leaves))
  const masked = mapLeaves(record, (leaf, value) => (elsewhere.has(leaf) ? null : value))
  return canonicalJson([parts.map(({ leaves }) => [...leaves]), masked])
}

/**
 * Opens a payload in parts, as far as there are keys. Undefined when nobody's key is left who keeps it; FormatError when its bytes are not
 * the ones that were sealed for this entry.
 */
export function openParts(
  { id, payload }: Pick<Entry, 'id' | 'payload'>,
  frame: Uint8Array,
  keyOf: (number: number) => Uint8Array | undefined,
  dictionaryOf: (number: number) => Uint8Array | undefined,
): Opened | undefined {
  const read = decodeParts(frame)
  const bound = boundTo(id, fromHex(payload.root))
  const content = contentKey(read, id, bound, keyOf)
  if (!content) return undefined
  const { aesKey, recordSalt } = recordSecrets(content, id, read.r)
  const text = decodeText(read.coding, decrypt(aesKey, read.sealed, bound), dictionaryOf)
  const [leaves, main] = mainOf(text, read, payload.leaves)
  const parts = read.parts.map((part, i): OpenedPart => {
    const shared = { leaves: leaves[i]!, hashes: part.hashes }
    if ('erased' in part) return { ...shared, isErased: true }
    const key = keyOf(part.number)
    if (!key) return { ...shared, isErased: false }
    const secrets = recordSecrets(key, id, part.r)
    const values = decodeText(part.coding, decrypt(secrets.aesKey, part.sealed, bound), dictionaryOf)
    const read = { recordSalt: secrets.recordSalt, values: valuesOf(values, part) }
    return { ...shared, isErased: false, content: read }
  })
  return { text: canonicalJson(recordFrom(main, parts)), recordSalt, inParts: { main, parts } }
}

function contentKey(
  { keepers, r }: PartsFrame,
  id: string,
  bound: Uint8Array,
  keyOf: (number: number) => Uint8Array | undefined,
): Uint8Array | undefined {
  for (const { number, wrapped } of keepers) {
    const key = keyOf(number)
    if (key) return wrapped ? decrypt(wrappingKey(key, id, r), wrapped, bound) : key
  }
  return undefined
}

/** The leaf numbers of each part and the text of the masked record. */
function mainOf(text: string, { parts }: PartsFrame, count: number): [number[][], string] {
  const value = readJson(text).value
  const [leaves, masked] = Array.isArray(value) ? value : []
  const isWhole = isNumbers(leaves) && leaves.length === parts.length && isRecord(masked)
  if (!isWhole || leaves.some((numbers, i) => numbers.length !== parts[i]!.hashes.length)) throw misfit()
  const all = leaves.flat()
  if (new Set(all).size !== all.length || all.some((leaf) => leaf < 1 || leaf >= count)) throw misfit()
  return [leaves, canonicalJson(masked)]
}

function valuesOf(text: string, { hashes }: LivePart | ErasedPart): JsonValue[] {
  const values = readJson(text).value
  if (!Array.isArray(values) || values.length !== hashes.length) throw misfit()
  return values
}

function isNumbers(value: JsonValue | undefined): value is number[][] {
  return (
    Array.isArray(value) &&
    value.every((list) => Array.isArray(list) && list.every((number) => Number.isSafeInteger(number)))
  )
}

function isRecord(value: JsonValue | undefined): value is CanonicalRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function misfit(): FormatError {
  return new FormatError('payload_malformed', 'the parts of the payload do not fit together')
}
