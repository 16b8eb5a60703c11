/**
 * The set an erasure commits to (format, section 14): which entries are erased, told to nobody but whoever holds the tombstone of one.
 *
 *   leaf_j = SHA-256(0x12 ‖ salt_j ‖ u64 index_j)                 all of a payload
 *   leaf_j = SHA-256(0x12 ‖ salt_j ‖ u64 index_j ‖ part_j)     one part of it, which says nothing of the rest
 *
 * Leaves and padding are sorted by their bytes, so that a place says nothing of an index, and are a power of two many, so that the length
 * of a path says no more of their number than that. The root is that of RFC 6962.
 */
import { concatBytes, toHex, u64be } from './bytes.ts'
import { FormatError } from './error.ts'
import { sha256 } from './hash/sha256.ts'
import { inclusionPaths, rootFromInclusion } from './tree/inclusion.ts'

/** Bytes of the salt of a member. */
export const ERASURE_SALT_BYTES = 16
/** Longest path: no set has more members than a ledger has entries. */
export const ERASURE_PATH_MAX = 53

const DOMAIN = Uint8Array.of(0x12)

/** A part of a payload that is erased without the rest. */
export interface ErasedPartOf {
  readonly index: number
  /** 32 bytes, see `partDigest`. */
  readonly part: Uint8Array
}

/** Shows that one payload, or one part of one, is a member of a set, and nothing of the others. */
export interface SetOpening {
  /** Place in the sorted set, whose size is two to the length of the path. */
  readonly position: number
  /** 16 bytes, used for this member alone. */
  readonly salt: Uint8Array
  /** Sibling hashes up to the set root, nearest first. */
  readonly path: readonly Uint8Array[]
}

/** What makes a set of indices one that nobody can guess at. */
export interface SetSecrets {
  /** 16 bytes for this index, and for the parts of its payload, which nobody can tell without them. */
  saltOf(index: number): Uint8Array
  /** 32 bytes for the n-th padding, which look like any leaf. */
  paddingOf(n: number): Uint8Array
}

/** A set of payloads and parts of payloads: its root, and what shows each of them to be in it. */
export interface ErasureSet {
  readonly root: Uint8Array
  /** Of whole payloads, by index. */
  readonly openings: ReadonlyMap<number, SetOpening>
  /** Of parts, by their digests in hex. */
  readonly partOpenings: ReadonlyMap<string, SetOpening>
}

/** A leaf of the set: that of a member, or padding. */
interface Leaf {
  readonly leaf: Uint8Array
  readonly member?: { readonly index: number; readonly salt: Uint8Array; readonly part?: Uint8Array }
}

/** What a part is known by: SHA-256 of the hashes of its leaves, ascending, one behind the other. */
export function partDigest(leafHashes: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(...leafHashes))
}

/** The leaf of one member: all of the payload at `index`, or the part of it with this digest. */
export function erasureLeaf(salt: Uint8Array, index: number, part?: Uint8Array): Uint8Array {
  return sha256(concatBytes(DOMAIN, salt, u64be(index), ...(part ? [part] : [])))
}

/** The set of these payloads and parts, each given once; the same for the same secrets. An empty set is one padding. */
export function erasureSet(
  indices: readonly number[],
  secrets: SetSecrets,
  parts: readonly ErasedPartOf[] = [],
): ErasureSet {
  const whole = indices.map((index): { index: number; part?: Uint8Array } => ({ index }))
  const members = [...whole, ...parts].map(({ index, part }): Leaf => {
    const salt = secrets.saltOf(index)
    return { leaf: erasureLeaf(salt, index, part), member: { index, salt, ...(part && { part }) } }
  })
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, members.length)))
  const padding = Array.from({ length: size - members.length }, (_, n): Leaf => ({
    leaf: secrets.paddingOf(n),
  }))
  const sorted = [...members, ...padding].toSorted((a, b) => compareBytes(a.leaf, b.leaf))
  const { root, paths } = inclusionPaths(sorted.map(({ leaf }) => leaf))
  const openings = new Map<number, SetOpening>()
  const partOpenings = new Map<string, SetOpening>()
  for (const [position, { member }] of sorted.entries()) {
    if (!member) continue
    const opening = { position, salt: member.salt, path: paths[position]! }
    if (member.part) partOpenings.set(toHex(member.part), opening)
    else openings.set(member.index, opening)
  }
  return { root, openings, partOpenings }
}

/**
 * The set root an opening leads to for the payload at this index, or for the part of it with this digest; undefined when it is malformed.
 */
export function openedSetRoot(
  { position, salt, path }: SetOpening,
  index: number,
  part?: Uint8Array,
): Uint8Array | undefined {
  if (salt.length !== ERASURE_SALT_BYTES || path.length > ERASURE_PATH_MAX) return undefined
  try {
    return rootFromInclusion(erasureLeaf(salt, index, part), position, 2 ** path.length, path)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] !== b[i]) return a[i]! - b[i]!
  }
  return 0
}
