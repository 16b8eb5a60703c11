import { createHmac } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  canonicalJson,
  emitterLink,
  EMPTY_HEAD,
  fromHex,
  type JsonObject,
  nextHead,
  toHex,
} from '@deponent/format'
import { listedEmitters, type Reach } from '../../packages/server/src/api/coverage.ts'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { loan, newPlace, openRecording, submission } from './open-tenant.ts'

const EVERYTHING: Reach = { restriction: UNRESTRICTED, reaches: () => true, isWhole: true }

const blindOf = (seq: number): string => createHmac('sha256', 'blinds').update(`${seq}`).digest('hex')

function numbered(record: Record<string, unknown>, seq: number, more: object = {}): Record<string, unknown> {
  return { ...record, emitter: { id: 'checkout-1', epoch: 1, seq, blind: blindOf(seq), ...more } }
}

/** The head after these records, numbered from 1. */
function headAfter(records: readonly Record<string, unknown>[]): Uint8Array {
  return records.reduce((head: Uint8Array, record, i) => {
    const link = emitterLink(fromHex(blindOf(i + 1)), canonicalJson(record as JsonObject))
    return nextHead(head, i + 1, link)
  }, EMPTY_HEAD)
}

const summaryOf = ({ emitters }: Tenant) => emitters.epochs(emitters.named('checkout-1')!)[0]!.tally.summary()
const head = (seq: number, bytes: Uint8Array) => ({ emitter: 'checkout-1', epoch: 1, seq, head: bytes })

async function kindsOf({ ledger }: Tenant): Promise<string[]> {
  return Promise.all(Array.from({ length: ledger.size }, async (_, i) => (await ledger.entry(i)).kind))
}

describe('emitters', () => {
  test('are known to the ledger by a slug whose name is sealed in a record before their first entry', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const { receipts } = await tenant.recorder.record([submission(numbered(loan(1), 1))])
    const entry = await tenant.ledger.entry(receipts[0]!.index)
    expect(entry.emitter).toEqual({ id: 'e1', epoch: 1, seq: 1 })
    expect(await kindsOf(tenant)).toEqual(['system.declared', 'emitter.declared', 'decision'])
    expect((await tenant.reader.one(1)).record).toMatchObject({ name: 'checkout-1', slug: 'e1' })
    expect((await tenant.reader.one(2)).record!.emitter).toMatchObject({ blind: blindOf(1) })
    await close()
  })

  test('have their stated heads compared with their records, and the outcome recorded', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const records = [loan(1), loan(2), loan(3)]
    const right = headAfter(records)
    await tenant.recorder.recordFrom(
      { submissions: records.map((record, i) => submission(numbered(record, i + 1), i)) },
      { head: head(3, right) },
    )
    expect(summaryOf(tenant)).toMatchObject({
      recorded: 3,
      missing: 0,
      chain: { state: 'verified', verifiedTo: 3 },
    })
    await tenant.recorder.flushHeads()
    const last = await tenant.reader.one(tenant.ledger.size - 1)
    expect(last.record).toMatchObject({
      emitterId: 'checkout-1',
      seq: 3,
      head: toHex(right),
      judgement: 'agrees',
    })
    await tenant.recorder.recordFrom(
      { submissions: [submission(numbered(loan(4), 4))] },
      { head: head(4, EMPTY_HEAD) },
    )
    expect(summaryOf(tenant).chain.state).toBe('differs')
    expect((await tenant.reader.one(tenant.ledger.size - 1)).record).toMatchObject({ judgement: 'differs' })
    await close()
  })

  test('leave a loss on record for each number that was refused', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const refused = { decisionId: 'x', prediction: 'high' }
    const envelope = await tenant.recorder.recordFrom(
      {
        submissions: [loan(1), refused, loan(3)].map((record, i) => submission(numbered(record, i + 1), i)),
      },
      { head: head(3, headAfter([loan(1), refused, loan(3)])) },
    )
    expect(envelope).toMatchObject({ recorded: 2, rejected: 1 })
    expect(summaryOf(tenant)).toMatchObject({
      missing: 0,
      losses: [{ from: 2, to: 2, reason: 'rejected' }],
      chain: { state: 'verified' },
    })
    await tenant.recorder.record([submission(numbered(refused, 2))])
    expect((await kindsOf(tenant)).filter((kind) => kind === 'emitter.loss')).toHaveLength(1)
    await close()
  })

  test('are reported when one number comes with two contents; both are kept', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const { receipts } = await tenant.recorder.record([
      submission(numbered(loan(1), 1)),
      submission(numbered(loan(2), 1), 1),
    ])
    expect(receipts.map(({ status }) => status)).toEqual(['recorded', 'recorded'])
    expect(summaryOf(tenant)).toMatchObject({ forks: 1, recorded: 2 })
    await close()
  })

  test('may resend anything: the same number with the same content is a duplicate, with or without an id', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const { decisionId: _, ...nameless } = loan(1)
    const beat = { emitterId: 'checkout-1', epoch: 1, seq: 2 }
    const submissions = [
      submission(numbered(nameless, 1)),
      submission(numbered(loan(2), 2), 1),
      submission(numbered(beat, 3), 2, 'emitter.heartbeat'),
    ]
    await tenant.recorder.record(submissions)
    const again = await tenant.recorder.record(submissions)
    expect(again).toMatchObject({ recorded: 0, duplicates: 3 })
    expect(summaryOf(tenant)).toMatchObject({ recorded: 3, forks: 0, missing: 0 })
    await close()
  })

  test('have a number accounted for that repeats an older decision under a new number', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    await tenant.recorder.record([submission(numbered(loan(1), 1))])
    const again = await tenant.recorder.record([
      submission(numbered(loan(1), 2)),
      submission(numbered(loan(3), 3), 1),
    ])
    expect(again).toMatchObject({ recorded: 1, duplicates: 1 })
    expect(summaryOf(tenant)).toMatchObject({ missing: 0, losses: [{ from: 2, to: 2, reason: 'duplicate' }] })
    await close()
  })

  test('are known again after a restart, and after the state was lost', async () => {
    const place = await newPlace()
    const first = await openRecording(place)
    const records = [loan(1), loan(2), loan(4)]
    await first.tenant.recorder.record(
      records.map((record, i) => submission(numbered(record, [1, 2, 4][i]!), i)),
    )
    const known = summaryOf(first.tenant)
    expect(known).toMatchObject({ missing: 1, gaps: [[3, 3]] })
    await first.close()
    const second = await openRecording(place)
    expect(summaryOf(second.tenant)).toEqual(known)
    await second.close()
    for (const name of ['state.db', 'state.db-wal', 'state.db-shm'])
      await rm(join(place.data, 'state', name), { force: true })
    const third = await openRecording(place)
    expect(summaryOf(third.tenant)).toEqual(known)
    expect(await third.tenant.recorder.record([submission(numbered(loan(2), 2))])).toMatchObject({
      duplicates: 1,
    })
    await third.close()
  })

  test('are checked by verify, which lists every gap, loss, fork and head that does not follow', async () => {
    const place = await newPlace()
    const { tenant, close } = await openRecording(place)
    const put = (seq: number, i: number, more: object = {}) =>
      tenant.recorder.record([submission(numbered(loan(i), seq, more))])
    for (const seq of [1, 2, 4, 7]) await put(seq, seq)
    await put(7, 70)
    await tenant.recorder.record([
      submission({ emitterId: 'checkout-1', epoch: 1, seq: 5, reason: 'queue_full' }, 0, 'emitter.loss'),
    ])
    await put(1, 100, { epoch: 2 })
    await tenant.recorder.record([
      submission(
        { emitterId: 'checkout-1', epoch: 2, seq: 1, head: 'ab'.repeat(32) },
        0,
        'emitter.heartbeat',
      ),
    ])
    await tenant.ledger.published(tenant.ledger.size, 5_000)
    await close()
    const { verdict, findings } = await checkDirectory(realDisk, place.data)
    const told = findings
      .filter(({ code }) => code.startsWith('emitter_'))
      .map(({ severity, code, message }) => `${severity} ${code} ${message}`)
    expect(verdict).toBe('invalid')
    expect(told).toEqual([
      'gap emitter_gap emitter e1, epoch 1: number 3 never arrived and no loss is declared',
      'gap emitter_gap emitter e1, epoch 1: number 6 never arrived and no loss is declared',
      'info emitter_loss emitter e1, epoch 1: number 5 declared lost (queue_full)',
      'gap emitter_fork emitter e1, epoch 1: number 7 has more than one entry',
      'error emitter_head_mismatch emitter e1, epoch 2: a stated head does not follow from its records',
      'info emitter_unclosed emitter e1, epoch 1: a later epoch began and this one was never closed',
    ])
  })

  test('are told apart from their records, even one that holds its own number again', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const plain = { modelId: 'm', decisionId: 'd', prediction: 1 }
    const { emitter } = numbered(plain, 1)
    const opened = await tenant.recorder.record([submission(numbered(plain, 1))])
    const twice = { ...plain, decisionId: 'twice', contextData: { emitter } }
    await tenant.recorder.record([submission(numbered(twice, 2))])
    await tenant.recorder.record([submission(twice, 0), submission(plain, 1)]).then(({ duplicates }) => {
      expect(duplicates).toBe(2)
    })
    expect(opened.recorded).toBe(1)
    await close()
  })

  test('are silent when nothing is heard for twice the interval they declared, until they close', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const state = (kind: 'emitter.heartbeat' | 'emitter.closed', seq: number) =>
      tenant.recorder.record([
        submission({ emitterId: 'checkout-1', epoch: 1, seq, intervalMs: 1_000 }, 0, kind),
      ])
    await tenant.recorder.record([submission(numbered(loan(1), 1))])
    await state('emitter.heartbeat', 1)
    const at = (ms: number) => listedEmitters(tenant.emitters, tenant.ledger.now() + ms, EVERYTHING)[0]!
    expect(at(1_500).epochs[0]).toMatchObject({ silent: false })
    expect(at(10_000).epochs[0]).toMatchObject({ silent: true })
    expect(at(10_000).findings.map(({ code }) => code)).toContain('emitter_silent')
    await state('emitter.closed', 3)
    expect(at(10_000).epochs[0]).toMatchObject({ silent: false, missing: 2, gaps: [[2, 3]] })
    await close()
  })

  test('show an epoch that was left behind without a close', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    await tenant.recorder.record([submission(numbered(loan(1), 1))])
    await tenant.recorder.record([submission(numbered(loan(2), 1, { epoch: 2 }))])
    const [{ epochs, findings }] = listedEmitters(tenant.emitters, 0, EVERYTHING) as [
      ReturnType<typeof listedEmitters>[0],
    ]
    expect(epochs.map(({ epoch }) => epoch)).toEqual([2, 1])
    expect(findings.map(({ code }) => code)).toEqual(['emitter_unclosed'])
    await close()
  })
})
