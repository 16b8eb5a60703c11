import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeEntry, hashLeaf, parseTrust, toHex, verifyReceipt } from '@deponent/format'
import { loan, newPlace, openRecording, submission } from './open-tenant.ts'

describe('the recorder', () => {
  test('answers a new record with a receipt that anyone can verify with the key in the directory', async () => {
    const place = await newPlace()
    const { tenant, close } = await openRecording(place)
    const envelope = await tenant.recorder.record([submission(loan(1)), submission(loan(2), 1)])
    expect(envelope).toMatchObject({ recorded: 2, duplicates: 0, rejected: 0, errors: [] })
    const [receipt] = envelope.receipts
    expect(receipt).toMatchObject({
      position: 0,
      decisionId: 'loan-1',
      ledger: 'default',
      status: 'recorded',
    })
    expect(toHex(hashLeaf(await tenant.ledger.entryBytes(receipt!.index)))).toBe(receipt!.leafHash)
    const { ledgers } = JSON.parse(await readFile(join(place.data, 'format.json'), 'utf8')) as {
      ledgers: { default: object }
    }
    const trust = parseTrust({
      ledgers: [{ ...ledgers.default, witnesses: [], quorum: 0, timestampRoots: [] }],
    })
    expect(verifyReceipt(structuredClone(envelope), trust).verdict).toBe('valid')
    await close()
  })

  test('declares a system before its first entry and shows the ledger nothing but its slug', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const envelope = await tenant.recorder.record([submission(loan(1, { system: 'credit scoring' }))])
    const declared = decodeEntry(await tenant.ledger.entryBytes(0))
    const entry = decodeEntry(await tenant.ledger.entryBytes(envelope.receipts[0]!.index))
    expect(declared).toMatchObject({ kind: 'system.declared', system: 's1', retention: 'unset' })
    expect(entry).toMatchObject({ kind: 'decision', system: 's1' })
    expect((await tenant.reader.one(1)).systemName).toBe('credit scoring')
    await close()
  })

  test('recognises a resend for ever, and tells a conflict from a duplicate', async () => {
    const place = await newPlace()
    const first = await openRecording(place)
    const original = await first.tenant.recorder.record([submission(loan(1))])
    const again = await first.tenant.recorder.record([submission(loan(1))])
    expect(again).toMatchObject({ recorded: 0, duplicates: 1, promise: null })
    expect(again.receipts[0]).toEqual({
      position: 0,
      id: original.receipts[0]!.id,
      decisionId: 'loan-1',
      ledger: 'default',
      index: original.receipts[0]!.index,
      leafHash: original.receipts[0]!.leafHash,
      status: 'duplicate',
    })
    await first.close()
    const second = await openRecording(place)
    const later = await second.tenant.recorder.record([
      submission(loan(1)),
      submission(loan(1, { confidence: 0.2 }), 1),
    ])
    expect(later).toMatchObject({ recorded: 0, duplicates: 1, rejected: 1 })
    expect(later.errors[0]).toMatchObject({ position: 1, decisionId: 'loan-1', code: 'id_conflict' })
    await second.close()
  })

  test('knows a record of any kind again by the digest its sender gave of what it was made of', async () => {
    const place = await newPlace()
    const outcome = { decisionId: 'loan-1', outcome: 'repaid', originDigest: 'a'.repeat(64) }
    const sent = [
      submission(outcome, 0, 'outcome'),
      submission({ ...outcome, originDigest: 'b'.repeat(64) }, 1, 'outcome'),
      submission({ decisionId: 'loan-1', comment: 'repaid', originDigest: 'a'.repeat(64) }, 2, 'comment'),
    ]
    const first = await openRecording(place)
    await first.tenant.recorder.record([submission(loan(1))])
    expect(await first.tenant.recorder.record(sent)).toMatchObject({ recorded: 3, duplicates: 0, errors: [] })
    await first.close()
    // Once from what the state kept, once from ledger and vault alone.
    for (const isStateKept of [true, false]) {
      if (!isStateKept) await rm(join(place.data, 'state'), { recursive: true })
      const { tenant, close } = await openRecording(place)
      expect(await tenant.recorder.record(sent)).toMatchObject({ recorded: 0, duplicates: 3, errors: [] })
      await close()
    }
  })

  test('records one of many simultaneous resends and gives the others its receipt', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => tenant.recorder.record([submission(loan(5)), submission(loan(5), 1)])),
    )
    expect(answers.reduce((sum, { recorded }) => sum + recorded, 0)).toBe(1)
    expect(answers.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(39)
    expect(new Set(answers.flatMap(({ receipts }) => receipts.map(({ index }) => index))).size).toBe(1)
    await close()
  })

  test("finds a decision by entry id, by the sender's id, and says when two systems used one id", async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const { receipts } = await tenant.recorder.record([
      submission(loan(1, { system: 'a' })),
      submission(loan(1, { system: 'b' }), 1),
    ])
    expect(await tenant.recorder.findDecisions(receipts[1]!.id)).toEqual([receipts[1]!.index])
    expect(await tenant.recorder.findDecisions('loan-1', 'b')).toEqual([receipts[1]!.index])
    expect(await tenant.recorder.findDecisions('loan-1')).toHaveLength(2)
    expect(await tenant.recorder.findDecisions('loan-2')).toEqual([])
    await close()
  })

  test('seals a record about a decision with the keys of the people the decision is about', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const { receipts } = await tenant.recorder.record([submission(loan(1))])
    const outcome = await tenant.recorder.record([
      submission({ decisionId: 'loan-1', outcome: 1 }, 0, 'outcome'),
    ])
    const index = outcome.receipts[0]!.index
    expect(await tenant.vault.keyNumbersOf(index)).toEqual(
      await tenant.vault.keyNumbersOf(receipts[0]!.index),
    )
    const read = await tenant.reader.one(index)
    expect(read.target).toEqual({ index: receipts[0]!.index, id: receipts[0]!.id })
    expect(read.record?.links).toEqual([{ rel: 'outcomeOf', id: receipts[0]!.id }])
    const unknown = await tenant.recorder.record([
      submission({ decisionId: 'nobody', outcome: 1 }, 0, 'outcome'),
    ])
    expect(unknown.errors[0]).toMatchObject({ code: 'unknown_decision' })
    await close()
  })

  test('opens after a restart what it sealed before, and lets nothing personal reach the files in the clear', async () => {
    const place = await newPlace()
    const first = await openRecording(place)
    const { receipts } = await first.tenant.recorder.record(
      Array.from({ length: 50 }, (_, i) => submission(loan(i), i)),
    )
    await first.close()
    const second = await openRecording(place)
    const read = await second.tenant.reader.one(receipts[7]!.index)
    expect(read.record).toMatchObject({ decisionId: 'loan-7', affectedUserId: 'person-7' })
    expect(read.subjects).toEqual([second.tenant.reader.subjectHandle('person-7')])
    await second.close()
    const wal = await readFile(join(place.data, 'ledgers/default/wal/00000002-00000000.wal'))
    for (const secret of ['person-7', 'private remark', 'loan-7', 'scorer'])
      expect(wal.includes(secret)).toBe(false)
  })

  test('rebuilds what it knows of past records when its state store is lost', async () => {
    const place = await newPlace()
    const first = await openRecording(place)
    await first.tenant.recorder.record(Array.from({ length: 300 }, (_, i) => submission(loan(i), i)))
    await first.close()
    const { rm } = await import('node:fs/promises')
    for (const name of ['state.db', 'state.db-wal', 'state.db-shm'])
      await rm(join(place.data, 'state', name), { force: true })
    const second = await openRecording(place)
    const again = await second.tenant.recorder.record([
      submission(loan(123)),
      submission(loan(299, { confidence: 0.1 }), 1),
    ])
    expect(again).toMatchObject({ recorded: 0, duplicates: 1, rejected: 1 })
    expect(second.tenant.systems.nameOf('s1')).toBe('default')
    await second.close()
  })

  test("keeps the place of a record in its emitter's numbering sealed beside it, and out of its identity", async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const emitter = { id: 'checkout-1', epoch: 1, seq: 42, blind: 'ab'.repeat(32) }
    const { receipts } = await tenant.recorder.record([submission(loan(1, { emitter }))])
    expect((await tenant.reader.one(receipts[0]!.index)).record?.emitter).toMatchObject(emitter)
    const again = await tenant.recorder.record([submission(loan(1, { emitter: { ...emitter, seq: 43 } }))])
    expect(again.duplicates).toBe(1)
    await close()
  })
})
