/** A ledger of a few decisions, and the evidence a browser would fetch about one of them. */
import {
  consistencyProof,
  encodeEntry,
  formatTlogProof,
  hashLeaf,
  inclusionPath,
  rootOf,
  toHex,
} from '@deponent/format'
import type { Evidence } from '../../packages/dashboard/src/proof/check.ts'
import type { Head, Pin, TextStore } from '../../packages/dashboard/src/proof/memory.ts'
import { CHECKPOINT_SIGNER, checkpointNote } from '../format/ledger-of-tests.ts'

const AT = 1_795_000_000_000

export const ENTRIES = Array.from({ length: 13 }, (_, index) =>
  encodeEntry({
    v: 1,
    id: `01970000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
    kind: 'decision',
    receivedAt: AT + index,
    system: 's1',
    retention: 'unset',
    payload: { c: 1, root: 'ab'.repeat(32), leaves: 12 },
  }),
)
export const LEAF_HASHES = ENTRIES.map(hashLeaf)

export const PIN: Pin = { checkpointVkey: CHECKPOINT_SIGNER.key.vkey, since: AT, source: 'first-seen' }

/** What a browser holds about decision `index` under the checkpoint of the first `size` entries. */
export function evidenceOf(index: number, size = ENTRIES.length): Evidence {
  return {
    decision: {
      id: `01970000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
      kind: 'decision',
      index,
      receivedAt: new Date(AT + index).toISOString(),
    },
    proof: proofOf(index, size),
    entry: ENTRIES[index]!,
    shownKeys: { checkpointVkey: CHECKPOINT_SIGNER.key.vkey },
    pin: PIN,
    isNewPin: false,
    earlier: undefined,
  }
}

/** The tlog-proof of one entry; `leaves` may be those of another history. */
export function proofOf(index: number, size: number, leaves: readonly Uint8Array[] = LEAF_HASHES): string {
  return formatTlogProof({
    index,
    hashes: inclusionPath(index, leaves.slice(0, size)),
    checkpointNote: checkpointNote(size, [...leaves]),
  })
}

/** The head this ledger had at a size. */
export function headAt(size: number): Head {
  return { size, root: toHex(rootOf(LEAF_HASHES.slice(0, size))), at: AT }
}

/** The consistency proof between two sizes of this ledger. */
export function consistencyOf(size1: number, size2: number): Promise<Uint8Array[]> {
  return consistencyProof(size1, size2, (level, index) =>
    rootOf(LEAF_HASHES.slice(index * 2 ** level, (index + 1) * 2 ** level)),
  )
}

/** A store that forgets everything with the test. */
export function emptyStore(): TextStore {
  const texts = new Map<string, string>()
  return {
    getItem: (name) => texts.get(name) ?? null,
    setItem: (name, text) => {
      texts.set(name, text)
    },
  }
}
