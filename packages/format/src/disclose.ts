/** Opening some leaves of a payload commitment: the other half of `verifyDisclosure`. */
import { commitLeafHashes, commitNodeHash } from './hash/sha256.ts'
import { inclusionPaths } from './tree/inclusion.ts'
import { SALT_BYTES } from './verify/disclosure.ts'
import type { DisclosedLeaf } from './verify/disclosure.ts'

/**
 * The leaves that a choice of pointers opens, in order. A pointer opens its own leaf and every leaf below it.
 * The shape, leaf 0, is always among them: without it nobody could tell whether a pointer was committed twice.
 */
export function chosenLeaves(pointers: readonly string[], chosen: readonly string[] | 'all'): number[] {
  const isChosen = (pointer: string): boolean =>
    chosen === 'all' ||
    chosen.some(
      (choice) => pointer === choice || (pointer.startsWith(choice) && pointer[choice.length] === '/'),
    )
  return [0, ...pointers.flatMap((pointer, i) => (isChosen(pointer) ? [i + 1] : []))]
}

/**
 * Opens leaves of a commitment. `salts` holds 16 bytes for each leaf text; `indices` are places among them.
 *
 * @throws FormatError 'bad_salts' when their number does not fit
 */
export function discloseLeaves(
  leafTexts: readonly string[],
  salts: Uint8Array,
  indices: readonly number[],
): DisclosedLeaf[] {
  return discloseHashed(
    commitLeafHashes(leafTexts, salts),
    indices.map((index) => ({
      index,
      salt: salts.slice(SALT_BYTES * index, SALT_BYTES * (index + 1)),
      text: leafTexts[index]!,
    })),
  )
}

/** Opens leaves of a commitment of which no more is known of the others than their hashes. */
export function discloseHashed(
  hashes: readonly Uint8Array[],
  leaves: readonly Omit<DisclosedLeaf, 'path'>[],
): DisclosedLeaf[] {
  const { paths } = inclusionPaths(hashes, commitNodeHash)
  return leaves.map((leaf) => ({ ...leaf, path: paths[leaf.index]! }))
}
