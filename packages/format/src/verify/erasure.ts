/** What an entry that says content was deleted shows of the set it commits to. */
import { hexDigest } from '../emitter/tally.ts'
import type { Entry } from '../entry.ts'
import { FormatError } from '../error.ts'
import { fromHex } from '../bytes.ts'
import { verifyDisclosure } from './disclosure.ts'
import type { DisclosedField, DisclosedLeaf } from './disclosure.ts'

/** Kinds of records that say content was deleted: at the request of a person, or because its time had passed. */
const DELETING: ReadonlySet<string> = new Set(['erasure', 'retention.expired'])

/** Whether records of this kind commit to a set of payloads that were deleted. */
export function statesDeletion(kind: string): boolean {
  return DELETING.has(kind)
}

/** The one field of such a record that everybody may see. */
export const SET_ROOT_POINTER = '/setRoot'

/** The set root among the fields of such a record, 32 bytes; undefined when there is none. */
export function setRootIn(fields: readonly DisclosedField[]): Uint8Array | undefined {
  return hexDigest(fields.find(({ pointer }) => pointer === SET_ROOT_POINTER)?.value)
}

/**
 * The set root an entry commits to, by the leaves its sealed payload shows; undefined when its kind deletes nothing or it shows none.
 *
 * @throws FormatError 'payload_mismatch' when a leaf does not lead to the root in the entry
 */
export function setRootShown(
  { id, kind, payload }: Pick<Entry, 'id' | 'kind' | 'payload'>,
  leaves: readonly DisclosedLeaf[],
): Uint8Array | undefined {
  const commitment = { root: fromHex(payload.root), leaves: payload.leaves, id }
  const { fields, findings } = verifyDisclosure(commitment, leaves)
  if (findings.some(({ severity }) => severity === 'error'))
    throw new FormatError(
      'payload_mismatch',
      'what a sealed payload shows does not lead to the root in its entry',
    )
  return statesDeletion(kind) ? setRootIn(fields) : undefined
}
