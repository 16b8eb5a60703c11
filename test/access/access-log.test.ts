import type { CanonicalRecord } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import {
  AccessLog,
  AccessUnrecordable,
  FLUSH_MS,
  type Look,
  OBJECTS_MAX,
  type OpenMark,
  REPEATS_MS,
} from '../../packages/server/src/access/access-log.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'

const actor = { id: 'i-1', name: 'Ada', role: 'auditor' }
const look = (more: Partial<Look> = {}): Look => ({
  actor,
  action: 'list',
  operation: 'listDecisions',
  result: 'read',
  query: { modelId: 'm' },
  ...more,
})

class Mark implements OpenMark {
  since: number | undefined
  left = (): number | undefined => this.since
  set = (since: number): void => {
    this.since = since
  }
  clear = (): void => {
    this.since = undefined
  }
}

function aLog(mark = new Mark()) {
  const clock = new TestClock()
  const ledger = {
    records: [] as CanonicalRecord[],
    isRecording: true,
    failure: undefined as Error | undefined,
  }
  const log = new AccessLog({
    clock,
    mark,
    append: (records) => {
      if (ledger.failure) return Promise.reject(ledger.failure)
      ledger.records.push(...records)
      return Promise.resolve()
    },
    isRecording: () => ledger.isRecording,
  })
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { log, clock, ledger, mark, pass }
}

describe('the record of looks', () => {
  test('has a look that shows content before the content leaves', async () => {
    const { log, ledger } = aLog()
    await log.now(
      look({
        action: 'reveal',
        operation: 'getDecision',
        purpose: 'appeal 12',
        objects: ['a'],
        fields: ['all'],
      }),
    )
    expect(ledger.records).toMatchObject([
      {
        action: 'reveal',
        operation: 'getDecision',
        actor,
        purpose: 'appeal 12',
        objects: ['a'],
        fields: ['all'],
        result: 'read',
      },
    ])
  })

  test('has a list within a second', async () => {
    const { log, ledger, pass } = aLog()
    log.soon(look({ count: 2, objects: ['a', 'b'] }))
    expect(ledger.records).toEqual([])
    expect(FLUSH_MS).toBeLessThan(1_000)
    await pass(FLUSH_MS)
    expect(ledger.records).toMatchObject([{ count: 2, objects: ['a', 'b'], query: { modelId: 'm' } }])
  })

  test('tells of polls that repeat a look in one further record, with what they saw for the first time', async () => {
    const { log, ledger, pass } = aLog()
    log.soon(look({ objects: ['a', 'b'] }))
    await pass(5_000)
    log.soon(look({ objects: ['b', 'c'] }))
    await pass(5_000)
    log.soon(look({ objects: ['c', 'd'] }))
    expect(ledger.records).toHaveLength(1)
    await pass(REPEATS_MS)
    await pass(FLUSH_MS)
    expect(ledger.records).toHaveLength(2)
    expect(ledger.records[1]).toMatchObject({ repeats: 2, objects: ['c', 'd'] })
    expect(Date.parse(String(ledger.records[1]!.until)) - Date.parse(String(ledger.records[1]!.from))).toBe(
      10_000,
    )
  })

  test.each([
    ['another person', { actor: { ...actor, id: 'i-2' } }],
    ['another question', { query: { modelId: 'n' } }],
    ['another purpose', { purpose: 'curiosity' }],
    ['another answer', { result: 'denied' as const, code: 'forbidden' }],
  ])('takes no look of %s for a repeat', async (_, other) => {
    const { log, ledger, pass } = aLog()
    log.soon(look())
    log.soon(look(other))
    await pass(FLUSH_MS)
    expect(ledger.records).toHaveLength(2)
  })

  test('names every object although a poll sees more than one record may name', async () => {
    const { log, ledger, pass } = aLog()
    log.soon(look({ objects: [] }))
    const ids = Array.from({ length: OBJECTS_MAX + 7 }, (_, i) => `id-${i}`)
    for (let i = 0; i < ids.length; i += 100) log.soon(look({ objects: ids.slice(i, i + 100) }))
    await log.close()
    await pass(0)
    expect(new Set(ledger.records.flatMap(({ objects }) => (objects ?? []) as string[]))).toEqual(
      new Set(ids),
    )
  })

  test('shows nothing while the ledger takes no entries', async () => {
    const { log, ledger } = aLog()
    ledger.isRecording = false
    expect(() => log.soon(look())).toThrow(AccessUnrecordable)
    await expect(log.now(look())).rejects.toThrow(AccessUnrecordable)
  })

  test('shows nothing more while what was shown could not be recorded, and loses none of it', async () => {
    const { log, ledger, pass } = aLog()
    log.soon(look({ objects: ['a'] }))
    ledger.failure = new Error('overloaded')
    await pass(FLUSH_MS)
    expect(() => log.soon(look({ query: 'other' }))).toThrow(AccessUnrecordable)
    ledger.failure = undefined
    await pass(FLUSH_MS)
    expect(ledger.records).toMatchObject([{ objects: ['a'] }])
    log.soon(look({ query: 'other' }))
  })

  test('says at the next start that a crash may have kept looks from it, and says it once', async () => {
    const mark = new Mark()
    const before = aLog(mark)
    before.log.soon(look())
    const at = before.clock.now()
    // The process ends here, within the half second.
    const after = aLog(mark)
    after.clock.advance(60_000)
    await after.log.begin()
    expect(after.ledger.records).toMatchObject([{ action: 'gap', from: new Date(at).toISOString() }])
    await after.log.begin()
    expect(after.ledger.records).toHaveLength(1)
  })

  test('says nothing of a gap after an end in order', async () => {
    const mark = new Mark()
    const before = aLog(mark)
    before.log.soon(look())
    before.log.soon(look())
    await before.log.close()
    expect(before.ledger.records).toHaveLength(2)
    const after = aLog(mark)
    await after.log.begin()
    expect(after.ledger.records).toEqual([])
  })

  test('counts repeats that no record tells of yet as a gap', async () => {
    const mark = new Mark()
    const { log, pass } = aLog(mark)
    log.soon(look())
    await pass(FLUSH_MS)
    expect(mark.since).toBeUndefined()
    log.soon(look())
    expect(mark.since).toBeDefined()
  })
})
