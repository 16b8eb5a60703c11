import {
  commitRoot,
  discloseLeaves,
  encodeEntry,
  formatBundle,
  fromUtf8,
  hashLeaf,
  inclusionPath,
  preparePayload,
  toHex,
} from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { checkErasure } from '../../packages/dashboard/src/erasure/check-erasure.ts'
import type { ErasureEvidence } from '../../packages/dashboard/src/erasure/check-erasure.ts'
import type { ErasureReceipt } from '../../packages/dashboard/src/erasure/erasure.ts'
import { checkpointNote, ORIGIN } from '../format/ledger-of-tests.ts'
import { signer } from '../format/signer.ts'
import { LEAF_HASHES, PIN } from './ledger-on-a-page.ts'

const INDEX = 7
const ID = '01970000-0000-7000-8000-0000000000e7'
const SET_ROOT = 'cd'.repeat(32)

const RECEIPT: ErasureReceipt = {
  erasureId: '01970000-0000-7000-8000-0000000000ee',
  ledger: 'default',
  origin: ORIGIN,
  ground: 'gdpr_17_1_a',
  requestedAt: '2026-11-28T12:00:00.000Z',
  completedAt: '2026-11-28T12:00:05.000Z',
  records: 3,
  keysDestroyed: 1,
  setRoot: SET_ROOT,
  entry: { index: INDEX, id: ID },
  stores: [],
  replayUntil: '2026-12-28T12:00:05.000Z',
  backupHorizon: '',
  statement: '',
}

interface Made {
  readonly kind?: string
  readonly setRoot?: string
  /** Leaves that are disclosed; the second is the set root. */
  readonly shown?: readonly number[]
}

/** The bundle of an erasure entry in a ledger of thirteen. */
function bundleOf({ kind = 'erasure', setRoot = SET_ROOT, shown = [0, 1] }: Made = {}): string {
  const { leafTexts } = preparePayload({ setRoot }, ID)
  const salts = new Uint8Array(16 * leafTexts.length).fill(5)
  const entry = encodeEntry({
    v: 1,
    id: ID,
    kind,
    receivedAt: 1_795_000_000_007,
    system: 's1',
    retention: 'unset',
    payload: { c: 1, root: toHex(commitRoot(leafTexts, salts)), leaves: leafTexts.length },
  })
  const leaves = LEAF_HASHES.with(INDEX, hashLeaf(entry))
  return formatBundle({
    origin: ORIGIN,
    checkpoint: checkpointNote(leaves.length, leaves),
    anchors: [],
    entries: [
      {
        index: INDEX,
        entry: fromUtf8(entry),
        proof: inclusionPath(INDEX, leaves),
        payload: { state: 'disclosed', leaves: discloseLeaves(leafTexts, salts, shown) },
      },
    ],
  })
}

function evidence(more: Partial<ErasureEvidence> = {}): ErasureEvidence {
  return {
    receipt: RECEIPT,
    bundle: bundleOf(),
    shownKeys: { checkpointVkey: PIN.checkpointVkey },
    pin: PIN,
    isNewPin: false,
    earlier: undefined,
    ...more,
  }
}

describe('the receipt of an erasure', () => {
  test('checks out under the pinned key, and says what no proof covers', () => {
    const { outcome, steps, reasons } = checkErasure(evidence())
    expect({ outcome, reasons }).toEqual({ outcome: 'own-key', reasons: [] })
    const open = steps.filter(({ state }) => state === 'open').map(({ title }) => title)
    expect(open).toEqual(
      expect.arrayContaining(['Numbers, grounds and stores', 'No copy elsewhere', 'Outside witness']),
    )
  })

  test('checks out under a key the reader supplied, as that', () => {
    expect(checkErasure(evidence({ pin: { ...PIN, source: 'pasted' } })).outcome).toBe('pasted-key')
  })

  test.each<[string, Partial<ErasureEvidence>, string]>([
    ['names another set', { receipt: { ...RECEIPT, setRoot: 'ef'.repeat(32) } }, 'set root'],
    [
      'names another entry',
      { receipt: { ...RECEIPT, entry: { index: INDEX, id: RECEIPT.erasureId } } },
      'another id',
    ],
    [
      'names another index',
      { receipt: { ...RECEIPT, entry: { index: 3, id: ID } } },
      'no entry at the index',
    ],
    ['rests on an entry of something else', { bundle: bundleOf({ kind: 'change' }) }, 'not of an erasure'],
    ['rests on an entry that shows no set', { bundle: bundleOf({ shown: [0] }) }, 'set root'],
    [
      'is of another ledger',
      { receipt: { ...RECEIPT, origin: 'deponent.invalid/00000000/default' } },
      'another ledger',
    ],
  ])('fails when it %s', (_, more, reason) => {
    const { outcome, reasons } = checkErasure(evidence(more))
    expect(outcome).toBe('failed')
    expect(reasons.join(' ')).toContain(reason)
  })

  test('fails when the entry does not lead to the checkpoint', () => {
    const bundle = JSON.parse(bundleOf()) as { entries: { proof: string[] }[] }
    bundle.entries[0]!.proof[0] = btoa('x'.repeat(32))
    const { outcome, steps } = checkErasure(evidence({ bundle: JSON.stringify(bundle) }))
    expect(outcome).toBe('failed')
    expect(steps.find(({ title }) => title === 'Path to the root')?.state).toBe('failed')
  })

  test('does not rest on a key that is not the pinned one, and shouts when it changed', () => {
    const other = signer(ORIGIN, 99).key.vkey
    expect(
      checkErasure(evidence({ pin: { ...PIN, checkpointVkey: other }, shownKeys: undefined })).outcome,
    ).toBe('failed')
    expect(checkErasure(evidence({ shownKeys: { checkpointVkey: other } })).outcome).toBe('key-changed')
  })
})
