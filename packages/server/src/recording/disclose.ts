/** Opens chosen leaves of a sealed payload to a stranger: each with its salt and its path to the root in the entry. */
import {
  type CanonicalRecord,
  chosenLeaves,
  type DisclosedLeaf,
  discloseLeaves,
  type Entry,
  preparePayload,
} from '@deponent/format'
import { type Opened, saltsOf } from '../vault/seal.ts'

/** Leaf 0 and the leaves at and below these pointers; pointers the record does not have are passed over. */
export function discloseFields(
  entry: Entry,
  { text, recordSalt }: Opened,
  pointers: readonly string[],
): DisclosedLeaf[] {
  const prepared = preparePayload(JSON.parse(text) as CanonicalRecord, entry.id)
  const salts = saltsOf(recordSalt, prepared.leafTexts.length)
  return discloseLeaves(prepared.leafTexts, salts, chosenLeaves(prepared.pointers, pointers))
}
