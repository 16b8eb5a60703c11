import { normalizeRecord, readJson } from '@deponent/format'
import { expect, it } from 'vitest'
import { iso } from '../../packages/server/src/demo/calendar.ts'
import { textOf } from '../../packages/server/src/demo/demo-record.ts'
import { live } from '../../packages/server/src/demo/live.ts'
import type { DemoRecord } from '../../packages/server/src/demo/demo-record.ts'

const now = Date.UTC(2026, 10, 20, 13, 37)

function first(count: number, seed = 's', from = now): DemoRecord[] {
  const records: DemoRecord[] = []
  for (const record of live({ seed, now: from })) if (records.push(record) === count) break
  return records
}

const records = first(4_000)
const onSundayNight = first(4_000, 's', Date.UTC(2026, 10, 22, 1))

it('live traffic is the same for the same seed and moment, and another otherwise', () => {
  expect(JSON.stringify(first(300))).toBe(JSON.stringify(records.slice(0, 300)))
  expect(JSON.stringify(first(300, 't'))).not.toBe(JSON.stringify(records.slice(0, 300)))
  expect(JSON.stringify(first(300, 's', now + 1))).not.toBe(JSON.stringify(records.slice(0, 300)))
})

it('live traffic comes in the order of time, every few hundred milliseconds', () => {
  expect(records.every(({ at }, i) => at >= (records[i - 1]?.at ?? now))).toBe(true)
  const gapMs = (records[records.length - 1]!.at - now) / records.length
  expect(gapMs).toBeGreaterThan(200)
  expect(gapMs).toBeLessThan(700)
})

it('live traffic shows all three systems, and reviews within minutes at any hour', () => {
  expect(new Set(records.map(({ record }) => record['system'])).size).toBe(3)
  for (const shown of [records, onSundayNight]) {
    const kinds = new Set(shown.map(({ kind }) => kind))
    expect([...kinds].sort()).toEqual(['comment', 'contest', 'decision', 'review', 'score'])
    const queued = shown
      .filter(({ kind }) => kind === 'review')
      .map(({ at, record }) => at - Date.parse(textOf(record, 'queuedAt') ?? iso(at)))
    expect(Math.max(...queued)).toBeLessThan(10 * 60_000)
  }
})

it('live traffic is accepted by the format without an error, each decision under its own id', () => {
  for (const { kind, record } of records) {
    expect(normalizeRecord(kind, readJson(JSON.stringify(record))).errors).toEqual([])
  }
  const ids = records
    .filter(({ kind }) => kind === 'decision')
    .map(({ record }) => record['decisionId'] ?? record['audit_id'])
  expect(new Set(ids).size).toBe(ids.length)
})
