/** A small ledger with real records in it, and the bundles that show parts of it. */
import {
  chosenLeaves,
  commitRoot,
  concatBytes,
  discloseLeaves,
  encodeEntry,
  formatCheckpoint,
  fromUtf8,
  hashLeaf,
  inclusionPath,
  inclusionPaths,
  preparePayload,
  rootOf,
  sha256,
  toHex,
  u64be,
  utf8,
} from '../../packages/format/src/index.ts'
import type {
  Bundle,
  BundleAnchor,
  BundleEntry,
  BundlePayload,
  PreparedPayload,
} from '../../packages/format/src/index.ts'
import { AT_MS, LEDGER_SIGNER, ORIGIN } from './ledger.ts'
import { noteBy } from './signers.ts'
import type { VectorSigner } from './signers.ts'

/** Indices the erasure entry of the ledger covers, and the index of that entry. */
export const ERASED = [3, 7, 11]
export const ERASURE_INDEX = 15

export interface LedgerOfBundles {
  readonly entries: readonly Uint8Array[]
  readonly leaves: readonly Uint8Array[]
  readonly payloads: readonly { readonly prepared: PreparedPayload; readonly salts: Uint8Array }[]
}

function idOf(index: number): string {
  return `01970000-0000-7000-8000-${String(index).padStart(12, '0')}`
}

/** Bytes that look like chance and are the same on every run. */
function seeded(label: string, index: number, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, block) =>
    sha256(utf8(`${label} ${index} ${block}`)),
  )
  return concatBytes(...blocks).slice(0, length)
}

function recordOf(index: number): { kind: string; record: Parameters<typeof preparePayload>[0] } {
  if (index === ERASURE_INDEX) {
    const record = {
      basis: 'attested',
      count: ERASED.length,
      ground: 'gdpr_17_1_a',
      setRoot: toHex(erasureSet().root),
    }
    return { kind: 'erasure', record }
  }
  const record = {
    affectedUserId: `person-${index}`,
    confidence: (index % 100) / 100,
    decisionId: `loan-${index}`,
    inputFeatures: { age: 20 + (index % 50), income: 1_000 * index, 'a/b~c': null },
    messages: [{ content: `a remark of person ${index}`, role: 'user' }],
    modelId: 'credit-risk',
    modelVersion: '3.2',
    prediction: index % 3 === 0 ? 'declined' : 'approved',
    tags: [],
    timestamp: '2026-01-10T00:00:00.000Z',
  }
  return { kind: 'decision', record }
}

function erasureSet(): { root: Uint8Array; leaves: Uint8Array[]; leafOf(index: number): Uint8Array } {
  const leafOf = (index: number): Uint8Array =>
    sha256(concatBytes(Uint8Array.of(0x12), seeded('tombstone', index, 16), u64be(index)))
  const padding = seeded('padding', 0, 32)
  const leaves = [...ERASED.map(leafOf), padding].toSorted((a, b) => (toHex(a) < toHex(b) ? -1 : 1))
  return { root: rootOf(leaves), leaves, leafOf }
}

/** What shows that an entry is in the erasure set. */
export function tombstoneOf(index: number): BundlePayload {
  const { leaves, leafOf } = erasureSet()
  const position = leaves.findIndex((leaf) => toHex(leaf) === toHex(leafOf(index)))
  const path = inclusionPaths(leaves).paths[Math.max(position, 0)]!
  return {
    state: 'erased',
    tombstone: { erasure: ERASURE_INDEX, position, salt: seeded('tombstone', index, 16), path },
  }
}

/** A ledger of `size` entries, of the records here or of others. */
export function ledgerOfBundles(size: number, recordAt: typeof recordOf = recordOf): LedgerOfBundles {
  const payloads = Array.from({ length: size }, (_, index) => {
    const prepared = preparePayload(recordAt(index).record, idOf(index))
    return { prepared, salts: seeded('salt', index, 16 * prepared.leafTexts.length) }
  })
  const entries = payloads.map(({ prepared, salts }, index) =>
    encodeEntry({
      v: 1,
      id: idOf(index),
      kind: recordAt(index).kind,
      receivedAt: AT_MS + 1_000 * index,
      system: 's1',
      retention: 'unset',
      payload: {
        c: 1,
        leaves: prepared.leafTexts.length,
        root: toHex(commitRoot(prepared.leafTexts, salts)),
      },
    }),
  )
  return { entries, leaves: entries.map(hashLeaf), payloads }
}

export function bundleCheckpoint(
  { leaves }: LedgerOfBundles,
  size: number,
  signers: readonly VectorSigner[] = [LEDGER_SIGNER],
): string {
  const root = rootOf(leaves.slice(0, size))
  return noteBy(formatCheckpoint({ origin: ORIGIN, size, root }), ...signers)
}

/** The payload of an entry with some fields disclosed. */
export function disclosed(
  { payloads }: LedgerOfBundles,
  index: number,
  chosen: readonly string[] | 'all',
): BundlePayload {
  const { prepared, salts } = payloads[index]!
  const indices = chosenLeaves(prepared.pointers, chosen)
  return { state: 'disclosed', leaves: discloseLeaves(prepared.leafTexts, salts, indices) }
}

export interface BundleChoice {
  readonly size: number
  readonly indices: readonly number[]
  payloadOf(index: number): BundlePayload
  readonly anchors?: readonly BundleAnchor[]
  readonly signers?: readonly VectorSigner[]
}

export function bundleOf(ledger: LedgerOfBundles, choice: BundleChoice): Bundle {
  const { size, indices, anchors = [], signers } = choice
  const { paths } = inclusionPaths(ledger.leaves.slice(0, size))
  const entries: BundleEntry[] = indices.map((index) => ({
    index,
    entry: fromUtf8(ledger.entries[index]!),
    proof: paths[index] ?? inclusionPath(index, ledger.leaves),
    payload: choice.payloadOf(index),
  }))
  return { origin: ORIGIN, checkpoint: bundleCheckpoint(ledger, size, signers), anchors, entries }
}
