/** A small ledger that signs what real ones sign, for tests of verifiers. */
import {
  formatCheckpoint,
  formatPromise,
  formatTlogProof,
  inclusionPath,
  inclusionPaths,
  rootOf,
  toBase64,
  toHex,
} from '@deponent/format'
import type { Trust } from '@deponent/format'
import { leavesOf } from './reference-tree.ts'
import { noteBy, signer } from './signer.ts'

export const ORIGIN = 'deponent.invalid/7f3a91c2/default'
export const CHECKPOINT_SIGNER = signer(ORIGIN, 11)
export const RECEIPT_SIGNER = signer(`${ORIGIN}/promise`, 12)
export const LEAVES = leavesOf(20)

export const TRUST: Trust = {
  ledgers: [
    {
      origin: ORIGIN,
      keys: [
        { vkey: CHECKPOINT_SIGNER.key.vkey, use: 'checkpoint', sizes: { from: 0 } },
        { vkey: RECEIPT_SIGNER.key.vkey, use: 'promise', sizes: { from: 0 } },
      ],
      witnesses: [],
      quorum: 0,
      timestampRoots: [],
    },
  ],
}

/** The signed checkpoint over the first `size` leaves. */
export function checkpointNote(size: number, leaves = LEAVES, by = [CHECKPOINT_SIGNER]): string {
  return noteBy(formatCheckpoint({ origin: ORIGIN, size, root: rootOf(leaves.slice(0, size)) }), ...by)
}

export function promiseNote(start: number, end: number, leaves = LEAVES, by = RECEIPT_SIGNER): string {
  const root = rootOf(leaves.slice(start, end))
  return noteBy(formatPromise({ origin: ORIGIN, start, end, root, at: 1_795_000_000_000 }), by)
}

export interface SavedAnswer {
  recorded: number
  duplicates: number
  rejected: number
  receipts: {
    position: number
    id: string
    ledger: string
    index: number
    leafHash: string
    status: string
    path?: string[]
  }[]
  promise: string | null
  errors: unknown[]
}

/** The answer to a POST that recorded leaves start..end. */
export function savedAnswer(start: number, end: number, leaves = LEAVES): SavedAnswer {
  const { paths } = inclusionPaths(leaves.slice(start, end))
  const receipts = paths.map((path, position) => ({
    position,
    id: '01970000-0000-7000-8000-000000000000',
    ledger: 'default',
    index: start + position,
    leafHash: toHex(leaves[start + position]!),
    status: 'recorded',
    path: path.map(toBase64),
  }))
  return {
    recorded: end - start,
    duplicates: 0,
    rejected: 0,
    receipts,
    promise: promiseNote(start, end, leaves),
    errors: [],
  }
}

export function proofText(index: number, size: number, note = checkpointNote(size)): string {
  return formatTlogProof({ index, hashes: inclusionPath(index, LEAVES.slice(0, size)), checkpointNote: note })
}
