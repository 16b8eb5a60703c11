/** Opens chosen leaves of a sealed payload to a stranger: each with its salt and its path to the root in the entry. */
import {
  type CanonicalRecord,
  commitLeafHashes,
  commitNodeHash,
  type DisclosedLeaf,
  type Entry,
  preparePayload,
} from '@deponent/format'
import { type Opened, saltsOf } from '../vault/seal.ts'

const SALT_BYTES = 16

/** The leaves at these pointers, and leaf 0; pointers the record does not have are passed over. */
export function discloseLeaves(
  entry: Entry,
  { text, recordSalt }: Opened,
  pointers: readonly string[],
): DisclosedLeaf[] {
  const prepared = preparePayload(JSON.parse(text) as CanonicalRecord, entry.id)
  const salts = saltsOf(recordSalt, prepared.leafTexts.length)
  const levels = levelsOf(commitLeafHashes(prepared.leafTexts, salts))
  const chosen = pointers
    .map((pointer) => prepared.pointers.indexOf(pointer) + 1)
    .filter((index) => index > 0)
  return [0, ...chosen].map((index) => ({
    index,
    salt: salts.slice(index * SALT_BYTES, (index + 1) * SALT_BYTES),
    text: prepared.leafTexts[index]!,
    path: pathThrough(levels, index),
  }))
}

/** The tree from its leaves up to below the root; a hash without a sibling moves up as it is. */
function levelsOf(leaves: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const levels: (readonly Uint8Array[])[] = []
  let level = leaves
  while (level.length > 1) {
    levels.push(level)
    const above: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const right = level[i + 1]
      above.push(right ? commitNodeHash(level[i]!, right) : level[i]!)
    }
    level = above
  }
  return levels
}

function pathThrough(levels: readonly (readonly Uint8Array[])[], index: number): Uint8Array[] {
  return levels.flatMap((level, height) => {
    const sibling = level[Math.floor(index / 2 ** height) ^ 1]
    return sibling ? [sibling] : []
  })
}
