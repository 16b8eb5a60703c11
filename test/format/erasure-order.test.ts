import {
  commitRoot,
  concatBytes,
  discloseLeaves,
  encodeEntry,
  formatBundle,
  formatCheckpoint,
  fromUtf8,
  hashLeaf,
  inclusionPaths,
  parseTrust,
  preparePayload,
  sha256,
  toHex,
  u64be,
  verifyBundle,
} from '@deponent/format'
import type { BundleReport } from '@deponent/format'
import { expect, test } from 'vitest'
import { AT_MS, LEDGER_SIGNER, ORIGIN, trustFile } from '../../tools/vectors/ledger.ts'
import { noteBy } from '../../tools/vectors/signers.ts'

const SALT = new Uint8Array(16).fill(7)
const idOf = (index: number): string => `01970000-0000-7000-8000-00000000000${index}`

function prepared(index: number, record: Parameters<typeof preparePayload>[0], kind: string) {
  const { leafTexts } = preparePayload(record, idOf(index))
  const salts = new Uint8Array(16 * leafTexts.length).fill(index + 1)
  const entry = encodeEntry({
    v: 1,
    id: idOf(index),
    kind,
    receivedAt: AT_MS,
    system: 's1',
    retention: 'unset',
    payload: { c: 1, root: toHex(commitRoot(leafTexts, salts)), leaves: leafTexts.length },
  })
  return { entry, leaves: discloseLeaves(leafTexts, salts, [0, 1]) }
}

/** A ledger of two entries in which the one at `erasure` erases the other. */
function erasedBy(erasure: 0 | 1): BundleReport {
  const erased = 1 - erasure
  const setRoot = toHex(sha256(concatBytes(Uint8Array.of(0x12), SALT, u64be(erased))))
  const entries = [0, 1].map((index) =>
    index === erasure
      ? prepared(index, { setRoot }, 'erasure')
      : prepared(index, { modelId: 'm' }, 'decision'),
  )
  const { root, paths } = inclusionPaths(entries.map(({ entry }) => hashLeaf(entry)))
  const text = formatBundle({
    origin: ORIGIN,
    checkpoint: noteBy(formatCheckpoint({ origin: ORIGIN, size: 2, root }), LEDGER_SIGNER),
    anchors: [],
    entries: entries.map(({ entry, leaves }, index) => ({
      index,
      entry: fromUtf8(entry),
      proof: paths[index]!,
      payload:
        index === erasure
          ? { state: 'disclosed', leaves }
          : { state: 'erased', tombstone: { erasure, position: 0, salt: SALT, path: [] } },
    })),
  })
  return verifyBundle(text, { trust: parseTrust(trustFile()) })
}

test('an erasure covers what was recorded before it, and nothing that came after', () => {
  expect(erasedBy(1)).toMatchObject({ verdict: 'valid', findings: [{ code: 'payload_erased', index: 0 }] })
  expect(erasedBy(0)).toMatchObject({
    verdict: 'incomplete',
    findings: [{ code: 'erasure_unproven', index: 1 }],
  })
})
