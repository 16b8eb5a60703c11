import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addPeriod, parsePeriod } from '../../packages/server/src/calendar/period.ts'
import { dueOf } from '../../packages/server/src/retention/due.ts'
import {
  NO_RETENTION,
  retentionSchema,
  type RetentionSettings,
} from '../../packages/server/src/retention/settings.ts'

const AT = Date.parse('2026-03-31T12:00:00Z')
const settings = (policies: string[], more: object = {}, triggers: object = {}): RetentionSettings =>
  retentionSchema.parse({
    version: 1,
    policies: more,
    systems: { credit: { policies, triggers } },
  })
const due = (policies: string[], more: object = {}, triggers: object = {}) =>
  dueOf(settings(policies, more, triggers), 'credit', AT)
const own = (bound: string, period: string) => ({ bound, period, basis: 'a decision of ours' })

describe('the content of a record', () => {
  test('is kept for ever where nothing is configured', () => {
    expect(dueOf(NO_RETENTION, 'credit', AT)).toEqual({ state: 'kept', why: 'no_policy' })
    expect(dueOf(settings(['standard']), 'another', AT)).toEqual({ state: 'kept', why: 'no_policy' })
  })

  test('goes when the period of its policy has passed, counted by the calendar', () => {
    expect(due(['standard'])).toEqual({ state: 'until', at: AT + 365 * 86_400_000, policy: 'standard' })
    expect(due(['default'])).toEqual({
      state: 'until',
      at: Date.parse('2033-03-31T12:00:00Z'),
      policy: 'default',
    })
    expect(due(['half'], { half: own('period', 'P6M') })).toEqual({
      state: 'until',
      at: Date.parse('2026-09-30T12:00:00Z'),
      policy: 'half',
    })
  })

  test('does not go before the last floor, which by itself never has it deleted', () => {
    expect(due(['development', 'eu_aia_log_min'])).toMatchObject({
      at: Date.parse('2026-09-30T12:00:00Z'),
      policy: 'eu_aia_log_min',
    })
    expect(due(['standard', 'eu_mifid', 'us_sec_bd_3y'])).toMatchObject({ policy: 'eu_mifid' })
    expect(due(['eu_aia_log_min', 'eu_mifid'])).toEqual({ state: 'kept', why: 'floors_only' })
  })

  test('goes by the first ceiling, and is left to people where a floor lies behind it', () => {
    expect(due(['us_bipa_max'])).toMatchObject({ state: 'until', at: Date.parse('2029-03-31T12:00:00Z') })
    expect(due(['default', 'us_bipa_max'])).toMatchObject({ policy: 'us_bipa_max' })
    expect(due(['eu_mifid', 'us_bipa_max'])).toEqual({
      state: 'conflict',
      floor: 'eu_mifid',
      ceiling: 'us_bipa_max',
    })
  })

  test('is kept while a date or a period that counts is not stated', () => {
    expect(due(['standard', 'us_ecoa'])).toEqual({ state: 'unknown', why: 'trigger', policy: 'us_ecoa' })
    expect(due(['eu_dora_logs'])).toEqual({ state: 'unknown', why: 'period', policy: 'eu_dora_logs' })
    expect(due(['claims'], { claims: { ...own('period', 'P2Y'), trigger: 'use_ended' } })).toMatchObject({
      why: 'trigger',
    })
  })

  test('counts from a date that is stated for its system, and from its own time when that is later', () => {
    const more = { claims: { ...own('period', 'P2Y'), trigger: 'use_ended' } }
    expect(due(['claims'], more, { use_ended: '2027-01-01' })).toMatchObject({
      at: Date.parse('2029-01-01T00:00:00Z'),
    })
    expect(due(['claims'], more, { use_ended: '2020-01-01' })).toMatchObject({
      at: Date.parse('2028-03-31T12:00:00Z'),
    })
  })

  test('is not decided about by policies for documents, artefacts and incidents', () => {
    expect(due(['eu_aia_docs_10y', 'incidents'])).toEqual({ state: 'kept', why: 'no_policy' })
  })

  test('never goes before any floor or after any ceiling, whatever is combined', () => {
    const bound = fc.constantFrom('floor', 'ceiling', 'period')
    const length = fc.integer({ min: 1, max: 60 }).map((months) => `P${months}M`)
    fc.assert(
      fc.property(fc.array(fc.tuple(bound, length), { minLength: 1, maxLength: 6 }), (stated) => {
        const more = Object.fromEntries(stated.map(([kind, period], i) => [`p${i}`, own(kind, period)]))
        const found = due(Object.keys(more), more)
        const ends = (kind: string): number[] =>
          stated.filter(([one]) => one === kind).map(([, period]) => addPeriod(AT, parsePeriod(period)!))
        const floor = Math.max(0, ...ends('floor'))
        const ceiling = Math.min(Infinity, ...ends('ceiling'))
        if (ceiling < floor) expect(found.state).toBe('conflict')
        else if (ends('ceiling').length + ends('period').length === 0) expect(found.state).toBe('kept')
        else {
          if (found.state !== 'until') throw new Error(found.state)
          expect(found.at).toBeGreaterThanOrEqual(floor)
          expect(found.at).toBeLessThanOrEqual(ceiling)
          expect(found.at).toBe(
            Math.min(ceiling, Math.max(floor, ...ends('period'), ends('period').length ? 0 : ceiling)),
          )
        }
      }),
    )
  })
})

describe('settings', () => {
  test.each([
    [{ systems: { credit: { policies: ['seven-years'] } } }, 'systems.credit.policies.0'],
    [{ policies: { mine: { bound: 'floor', basis: 'b' } } }, 'policies.mine.period'],
    [{ policies: { mine: own('floor', '6 months') } }, 'policies.mine.period'],
    [{ systems: { credit: { policies: [], triggers: { event: '2026-01-01' } } } }, 'systems.credit.triggers'],
    [
      { systems: { credit: { policies: [], triggers: { use_ended: '01.01.2026' } } } },
      'systems.credit.triggers.use_ended',
    ],
    [{ policies: { 'Seven Years': own('floor', 'P7Y') } }, 'policies.Seven Years'],
    [{ more: 1 }, ''],
  ])('%j are refused, and the field is named', (more, field) => {
    const { error } = retentionSchema.safeParse({ version: 1, ...more })
    expect(error?.issues.map(({ path }) => path.join('.'))).toContain(field)
  })
})
