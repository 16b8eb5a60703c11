import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutoffOf } from '../../packages/server/src/retention/cutoff.ts'
import { dueOf } from '../../packages/server/src/retention/due.ts'
import { retentionSchema } from '../../packages/server/src/retention/settings.ts'

const DAY = 86_400_000
const settings = (policies: string[], more: object = {}, triggers: object = {}) =>
  retentionSchema.parse({ version: 1, policies: more, systems: { credit: { policies, triggers } } })
const cutoff = (
  policies: string[],
  now: string,
  more: object = {},
  triggers: object = {},
): string | undefined => {
  const found = cutoffOf(settings(policies, more, triggers), 'credit', Date.parse(now))
  return found === undefined ? undefined : new Date(found).toISOString()
}
const half = { half: { bound: 'period', period: 'P6M', basis: 'b' } }

test('everything from before the day of the cutoff is due, and not all of that day', () => {
  const now = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) })
  const period = fc.oneof(
    fc.integer({ min: 1, max: 130 }).map((months) => `P${months}M`),
    fc.integer({ min: 1, max: 4_000 }).map((days) => `P${days}D`),
  )
  fc.assert(
    fc.property(now, period, fc.nat(4_000 * DAY), (at, length, before) => {
      const one = settings(['p'], { p: { bound: 'period', period: length, basis: 'b' } })
      const found = cutoffOf(one, 'credit', at)!
      const dueAt = (recorded: number): number => {
        const due = dueOf(one, 'credit', recorded)
        return due.state === 'until' ? due.at : Infinity
      }
      expect(dueAt(found - 1 - before)).toBeLessThanOrEqual(at)
      expect(dueAt(found + DAY - 1)).toBeGreaterThan(at)
    }),
  )
})

test('the cutoff is counted by the calendar', () => {
  expect(cutoff(['half'], '2026-11-28T12:00:00Z', half)).toBe('2026-05-28T00:00:00.000Z')
  expect(cutoff(['half'], '2026-02-28T23:59:59.999Z', half)).toBe('2025-09-01T00:00:00.000Z')
  expect(cutoff(['standard'], '2026-11-28T00:00:00Z')).toBe('2025-11-28T00:00:00.000Z')
})

test('there is none where nothing goes, or nothing yet', () => {
  expect(cutoff(['eu_mifid'], '2026-11-28T00:00:00Z')).toBeUndefined()
  expect(cutoff(['us_ecoa', 'standard'], '2026-11-28T00:00:00Z')).toBeUndefined()
  const claims = { claims: { bound: 'period', period: 'P2Y', basis: 'b', trigger: 'use_ended' } }
  expect(cutoff(['claims'], '2026-11-28T00:00:00Z', claims, { use_ended: '2026-01-01' })).toBeUndefined()
})
