/** Opens chosen leaves of a sealed payload to a stranger: each with its salt and its path to the root in the entry. */
import { chosenLeaves, type DisclosedLeaf, type Entry } from '@deponent/format'
import { disclosed, leavesOf, type Opened } from '../vault/opened.ts'

/** Leaf 0 and the leaves at and below these pointers; pointers the record does not have are passed over. */
export function discloseFields(entry: Entry, opened: Opened, pointers: readonly string[]): DisclosedLeaf[] {
  const leaves = leavesOf(entry.id, opened)
  return disclosed(leaves, chosenLeaves(leaves.pointers, pointers))
}
