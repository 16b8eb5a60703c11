/** What a ledger signs about itself, made from what it is said to hold. */
import {
  formatCheckpoint,
  formatPromise,
  inclusionPaths,
  leafHashes,
  rootOf,
  toBase64,
  toHex,
  encodeEntry,
} from '@deponent/format'
import type { SigningKey } from '../ledger/signing-key.ts'
import type { Contents } from './contents.ts'
import { leavesOf } from './rewrite.ts'

/** The keys of one ledger. */
export interface LedgerKeys {
  checkpoint: SigningKey
  promise: SigningKey
}

/** The signed checkpoint over the first `size` entries. */
export function checkpointOf(
  keys: LedgerKeys,
  origin: string,
  contents: Contents,
  size = contents.items.length,
): string {
  const root = rootOf(leavesOf({ ...contents, items: contents.items.slice(0, size) }))
  return keys.checkpoint.note(formatCheckpoint({ origin, size, root }))
}

/** What the sender of entry `index` was answered: its receipt, with the promise of a batch of `start..end`. */
export function receiptOf(
  keys: LedgerKeys,
  origin: string,
  contents: Contents,
  { index, start, end }: { index: number; start: number; end: number },
): string {
  const items = contents.items.slice(start, end)
  const leaves = leafHashes(items.map(({ entry }) => encodeEntry(entry)))
  const { root, paths } = inclusionPaths(leaves)
  const at = items.at(-1)!.entry.receivedAt
  return JSON.stringify({
    index,
    leafHash: toHex(leaves[index - start]!),
    path: paths[index - start]!.map(toBase64),
    promise: keys.promise.note(formatPromise({ origin, start, end, root, at })),
  })
}
