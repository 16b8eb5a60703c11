import { formatBundle, formatNote, parseNote, parseTrust, verifyBundle } from '@deponent/format'
import { expect, test } from 'vitest'
import { makeBundle } from '../../packages/server/src/evidence/make-bundle.ts'
import { type Signer, witness } from '../format/signer.ts'
import { loan, newPlace, openRecording, submission } from '../recording/open-tenant.ts'

/** A witness that cosigns now, as it must: a time before the entry was received would accuse the ledger. */
const witnessNow = (): Signer => witness('witness.example/1', 21, Math.floor(Date.now() / 1_000))

test('a bundle brings the anchors that bound the times of its entries', async () => {
  const { tenant, close } = await openRecording(await newPlace())
  const { ledger, recorder } = tenant
  /** Records a decision, and has the checkpoint over it cosigned. */
  const record = async (i: number): Promise<number> => {
    const envelope = await recorder.record([submission(loan(i))])
    const { index } = envelope.receipts[0]!
    await ledger.published(index + 1, 5_000)
    const { note, size } = ledger.checkpoint!
    const { text, signatures } = parseNote(note)
    const cosigned = formatNote(text, [...signatures, witnessNow().sign(text)])
    await ledger.anchors.add({ size, note: cosigned, timestamps: [] })
    return index
  }
  await record(1)
  const index = await record(2)
  await record(3)
  const bundle = await makeBundle(tenant, {
    indices: [index],
    disclose: ['/prediction'],
    view: (_, payload) => payload,
    statement: {},
  })
  const trust = parseTrust({
    ledgers: [
      {
        origin: ledger.origin,
        keys: [{ vkey: tenant.keys.vkeys.checkpoint, use: 'checkpoint', sizes: '0..' }],
        witnesses: [witnessNow().key.vkey],
        quorum: 0,
        timestampRoots: [],
      },
    ],
  })
  await close()
  const report = verifyBundle(formatBundle(bundle), { trust })
  expect(report.verdict).toBe('valid')
  expect(bundle.anchors.length).toBeGreaterThanOrEqual(2)
  const source = 'witness witness.example/1'
  expect(report.entries[0]!.time).toMatchObject({ notBefore: { source }, notAfter: { source } })
})
