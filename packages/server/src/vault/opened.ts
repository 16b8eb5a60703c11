/** An opened payload: its record, its leaves and salts, and whether it is the one its entry commits to. */
import {
  canonicalJson,
  type CanonicalRecord,
  commitLeafHashes,
  commitNodeHash,
  type DisclosedLeaf,
  discloseHashed,
  type Entry,
  equalBytes,
  FormatError,
  inclusionPaths,
  type JsonValue,
  preparePayload,
  readJson,
  toHex,
} from '@deponent/format'
import { mapLeaves, textWith } from './leaf-walk.ts'
import { saltsOf } from './record-secrets.ts'

const SALT_BYTES = 16

/** An opened payload: its canonical text, as far as it opens, and the secret its salts come from. */
export interface Opened {
  readonly text: string
  /** Of a payload in parts, that of the main part. */
  readonly recordSalt: Uint8Array
  /** Undefined for a payload that is in one piece. */
  readonly inParts?: {
    /** The text of the main part: the record with null in the place of every leaf of a part. */
    readonly main: string
    readonly parts: readonly OpenedPart[]
  }
}

/** A part of an opened payload. */
export interface OpenedPart {
  /** Numbers of its leaves, ascending. */
  readonly leaves: readonly number[]
  readonly hashes: readonly Uint8Array[]
  /** Undefined when it does not open any more. */
  readonly content?: { readonly recordSalt: Uint8Array; readonly values: readonly JsonValue[] }
  readonly isErased: boolean
}

/** The leaves of an opened payload, leaf 0 among them. */
export interface OpenedLeaves {
  /** Pointers of leaves 1, 2, … */
  readonly pointers: readonly string[]
  /** Undefined for a leaf that does not open any more. */
  readonly texts: readonly (string | undefined)[]
  /** 16 bytes each; of no meaning for a leaf that does not open any more. */
  readonly salts: Uint8Array
  readonly hashes: readonly Uint8Array[]
}

/** How many fields of a payload do not open any more. */
export function fieldsGone({ inParts }: Opened): number {
  const gone = inParts?.parts.filter(({ content }) => content === undefined) ?? []
  return gone.reduce((sum, { leaves }) => sum + leaves.length, 0)
}

/** The record as far as it opens: what is gone is not there, and null in a list. */
export function recordFrom(main: string, parts: readonly OpenedPart[]): CanonicalRecord {
  const values = new Map<number, JsonValue | undefined>()
  for (const { leaves, content } of parts) leaves.forEach((leaf, i) => values.set(leaf, content?.values[i]))
  return mapLeaves(readJson(main).value as CanonicalRecord, (leaf, value) =>
    values.has(leaf) ? values.get(leaf) : value,
  )
}

/** The leaves of a payload of the entry with this id. FormatError `payload_malformed` when its parts do not fit together. */
export function leavesOf(id: string, { text, recordSalt, inParts }: Opened): OpenedLeaves {
  const prepared = preparePayload(readJson(inParts?.main ?? text).value as CanonicalRecord, id)
  const { leafTexts, pointers } = prepared
  const salts = saltsOf(recordSalt, leafTexts.length)
  if (!inParts) return { pointers, texts: leafTexts, salts, hashes: commitLeafHashes(leafTexts, salts) }
  const texts: (string | undefined)[] = [...leafTexts]
  for (const { leaves, content } of inParts.parts) {
    const own = content && saltsOf(content.recordSalt, leafTexts.length)
    leaves.forEach((leaf, i) => {
      texts[leaf] = content && textWith(prepared, leaf, content.values[i]!)
      const at = leaf * SALT_BYTES
      if (own) salts.set(own.subarray(at, at + SALT_BYTES), at)
    })
  }
  const hashes = commitLeafHashes(
    texts.map((leafText) => leafText ?? ''),
    salts,
  )
  for (const part of inParts.parts)
    part.leaves.forEach((leaf, i) => {
      if (texts[leaf] === undefined) hashes[leaf] = part.hashes[i]!
    })
  return { pointers, texts, salts, hashes }
}

/** Opens some leaves to a stranger; those that do not open any more are left out. */
export function disclosed(leaves: OpenedLeaves, indices: readonly number[]): DisclosedLeaf[] {
  const there = indices.filter((index) => leaves.texts[index] !== undefined)
  return discloseHashed(
    leaves.hashes,
    there.map((index) => ({
      index,
      salt: leaves.salts.slice(index * SALT_BYTES, (index + 1) * SALT_BYTES),
      text: leaves.texts[index]!,
    })),
  )
}

/** Recomputes the commitment of an opened payload; FormatError `payload_mismatch` unless it is the entry's. */
export function recommit(entry: Pick<Entry, 'id' | 'payload'>, opened: Opened): CanonicalRecord {
  const record = readJson(opened.text).value as CanonicalRecord
  const leaves = leavesOf(entry.id, opened)
  const { root } = inclusionPaths(leaves.hashes, commitNodeHash)
  const isTold = (opened.inParts?.parts ?? []).every(({ leaves: numbers, hashes }) =>
    numbers.every((leaf, i) => equalBytes(leaves.hashes[leaf]!, hashes[i]!)),
  )
  if (
    toHex(root) !== entry.payload.root ||
    leaves.hashes.length !== entry.payload.leaves ||
    canonicalJson(record) !== opened.text ||
    !isTold
  ) {
    throw new FormatError('payload_mismatch', 'the opened payload does not commit to the root in its entry')
  }
  return record
}
