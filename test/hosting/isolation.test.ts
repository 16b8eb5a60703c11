import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import type { HostedLedger } from '../../packages/server/src/hosting/hosted-ledger.ts'
import { expositionOf } from '../../packages/server/src/hosting/metrics.ts'
import { NotSequencing } from '../../packages/server/src/ledger/errors.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import { newPlace, type Place } from '../recording/open-tenant.ts'
import { type Hosting, openLedgers, record } from './open-ledgers.ts'

/** The same for both ledgers, to the last byte. */
const DECISION = {
  decisionId: 'loan-1',
  modelId: 'scorer',
  prediction: 'high',
  system: 'loans',
  affectedUserId: 'person-1',
  emitter: { id: 'checkout-1', epoch: 1, seq: 1, blind: 'ab'.repeat(32) },
  timestamp: '2026-01-10T00:00:00.000Z',
}

function unnumbered(decisionId: string): Record<string, unknown> {
  const { emitter: _, ...decision } = DECISION
  return { ...decision, decisionId }
}

let place: Place
let hosting: Hosting
let one: HostedLedger
let other: HostedLedger

beforeAll(async () => {
  place = await newPlace()
  hosting = await openLedgers(place)
  one = hosting.ledgers.default
  other = await hosting.ledgers.create('claims')
  for (const ledger of [one, other]) await record(ledger, DECISION)
})
afterAll(() => hosting.close())

describe('two ledgers that are told the same', () => {
  test('each record it, and each knows a resend of its own', async () => {
    for (const { tenant } of [one, other]) {
      const { size } = tenant.ledger
      const { recorder } = tenant
      const again = await recorder.record([
        { position: 0, kind: 'decision', reading: { value: DECISION, coerced: [], faults: [] } },
      ])
      expect([again.recorded, again.duplicates]).toEqual([0, 1])
      expect(tenant.ledger.size).toBe(size)
      expect(await recorder.findDecisions('loan-1')).toHaveLength(1)
    }
  })

  test('know a decision of their own only', async () => {
    const { receipts } = await record(other, unnumbered('claim-7'))
    expect(await one.tenant.recorder.findDecisions('claim-7')).toEqual([])
    expect(await one.tenant.recorder.findDecisions(receipts[0]!.id)).toEqual([])
    expect(await other.tenant.recorder.findDecisions('claim-7')).toHaveLength(1)
  })

  test('have an origin and signing keys each', () => {
    const [a, b] = [one, other].map(({ tenant }) => [tenant.keys.origin, ...Object.values(tenant.keys.vkeys)])
    expect(new Set([...a!, ...b!]).size).toBe(6)
    expect(b![0]).toMatch(/\/claims$/)
  })

  test('give one person two pseudonyms, and one plaintext two roots, two names and two contents', async () => {
    const [a, b] = [one, other].map(({ tenant }) => tenant.vault)
    expect(a!.subjectId('person-1')).not.toEqual(b!.subjectId('person-1'))
    for (const use of ['subject', 'dedupe', 'content']) expect(a!.derive(use)).not.toEqual(b!.derive(use))
    const [first, second] = await Promise.all(
      [one, other].map(async ({ tenant }) => {
        const [index] = await tenant.recorder.findDecisions('loan-1')
        return tenant.reader.one(index!)
      }),
    )
    expect(first!.record).toEqual(second!.record)
    expect(first!.entry.payload.root).not.toBe(second!.entry.payload.root)
    expect(first!.subjects).not.toEqual(second!.subjects)
  })

  test('share no row of the state store', async () => {
    const store = new SqliteStateStore(join(place.data, 'state/state.db'))
    try {
      const tables = store
        .all("SELECT name FROM sqlite_master WHERE type = 'table'")
        .map(({ name }) => String(name))
      // Marks of resends stand in one table: their keys are made with keys of each ledger's own.
      for (const table of tables.filter((name) => name !== 'seen')) {
        const columns = store.all(`SELECT name, pk FROM pragma_table_info('${table}')`)
        expect([table, columns.find(({ name }) => name === 'ledger')?.pk]).toEqual([table, 1])
      }
      expect(tables).toContain('seen')
    } finally {
      await store.close()
    }
  })

  test('seal with keys of a file each', async () => {
    const names = await readdir(join(place.data, 'keyring'))
    expect(names).toContain('default.keys')
    expect(names).toContain('claims.keys')
    const [a, b] = await Promise.all(
      ['default', 'claims'].map((name) => readFile(join(place.data, `keyring/${name}.keys`))),
    )
    expect(a!.equals(b!)).toBe(false)
    expect(one.tenant.vault.key(0)).not.toEqual(other.tenant.vault.key(0))
  })

  test('follow an emitter of one name apart', async () => {
    await record(one, { ...DECISION, decisionId: 'loan-9', emitter: { ...DECISION.emitter, seq: 9 } })
    const missing = [one, other].map(({ tenant: { emitters } }) =>
      emitters.epochs(emitters.named('checkout-1')!).map(({ tally }) => tally.summary().missing),
    )
    expect(missing).toEqual([[7], [0]])
  })

  test('have a signer state each', async () => {
    await Promise.all([one, other].map(({ tenant }) => tenant.ledger.published(tenant.ledger.size, 5_000)))
    const names = await readdir(place.signer)
    expect(names.filter((name) => /^[0-9a-f]{64}$/.test(name))).toHaveLength(2)
    expect(names.filter((name) => name.endsWith('.erasures'))).toHaveLength(2)
  })

  test('are checked each for itself, and the report says in which of them something is missing', async () => {
    const { verdict, findings, ledgers, checked } = await checkDirectory(realDisk, place.data)
    expect(verdict).toBe('incomplete')
    expect(ledgers.map((ledger) => [ledger.name, ledger.verdict]).toSorted()).toEqual([
      ['claims', 'valid'],
      ['default', 'incomplete'],
    ])
    expect(findings.filter(({ severity }) => severity === 'gap')).toMatchObject([{ ledger: 'default' }])
    expect(checked.entries).toBe(ledgers.reduce((sum, ledger) => sum + ledger.checked.entries, 0))
  })
})

describe('a fault in one ledger', () => {
  test('does not stop another from recording', async () => {
    const broken = await hosting.ledgers.create('broken')
    broken.tenant.ledger.refuse(new NotSequencing('write_failed', 'a disk error'))
    await expect(
      broken.tenant.recorder.record([
        { position: 0, kind: 'decision', reading: { value: DECISION, coerced: [], faults: [] } },
      ]),
    ).rejects.toThrow('a disk error')
    await record(other, unnumbered('claim-8'))
    expect([one, other].map(({ tenant }) => tenant.ledger.refusal)).toEqual([undefined, undefined])
    expect(await broken.metrics.text()).toContain('deponent_ledger_writable{ledger="broken"} 0')
    expect(await one.metrics.text()).toContain('deponent_ledger_writable{ledger="default"} 1')
  })
})

describe('keys of emitters', () => {
  test('keys of one emitter name in two ledgers open one ledger each, and lie in files of their own', async () => {
    const { ledgers } = hosting
    const by = { id: 'i-1', name: 'Ada', role: 'admin' }
    const [one, other] = [ledgers.default.control, ledgers.get('claims')!.control]
    const asked = {
      name: 'till',
      roles: ['writer' as const],
      systems: null,
      period: {},
      purposes: null,
      emitter: 'checkout-1',
      expiresAt: null,
    }
    const [first, second] = [await one.make(asked, by), await other.make(asked, by)]
    expect([one, other].map((control) => control.holderOf(first.token) !== undefined)).toEqual([true, false])
    expect([one, other].map((control) => control.holderOf(second.token) !== undefined)).toEqual([false, true])
    expect((await readdir(join(place.data, 'keyring/access'))).toSorted()).toEqual([
      'claims.json',
      'default.json',
    ])
  })

  test('of a ledger bear its name, count its own, and are shown without those of another', async () => {
    one.metrics.recorded.inc(3)
    other.metrics.recorded.inc(5)
    one.metrics.requestSeconds.observe({ operation: 'recordDecisions', status: '201' }, 0.01)
    const text = await other.metrics.text()
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(samples.filter((line) => !line.includes('ledger="claims"'))).toEqual([])
    expect(samples).toContain('deponent_records_recorded_total{ledger="claims"} 5')
    expect(text).not.toContain('recordDecisions')
  })

  test('of several ledgers and of the process are one exposition that explains each name once', async () => {
    hosting.ledgers.metrics.refused.inc({ code: 'unauthorized' })
    const text = await expositionOf([hosting.ledgers.metrics, one.metrics, other.metrics])
    const explained = text.split('\n').filter((line) => line.startsWith('# TYPE'))
    expect(new Set(explained).size).toBe(explained.length)
    expect(text).toContain('deponent_requests_refused_total{code="unauthorized"} 1')
    expect(text).toContain('deponent_records_recorded_total{ledger="default"} 3')
    expect(text).toContain('deponent_records_recorded_total{ledger="claims"} 5')
    expect(text.split('\n').filter((line) => line.startsWith('deponent_ledgers'))).toEqual([
      'deponent_ledgers{state="open"} 3',
      'deponent_ledgers{state="archived"} 0',
      'deponent_ledgers{state="unavailable"} 0',
    ])
  })

  test('bear no name from a record', async () => {
    const text = await expositionOf([one.metrics, other.metrics])
    for (const name of ['loans', 'checkout-1', 'scorer', 'loan-1', 'person-1'])
      expect(text).not.toContain(name)
  })
})
