import { describe, expect, test } from 'vitest'
import { lint } from '../../packages/server/src/retention/lint.ts'
import { NO_RETENTION, retentionSchema } from '../../packages/server/src/retention/settings.ts'

const NOW = Date.parse('2026-11-28T00:00:00Z')

function codesOf(policies: string[], more: object = {}, system: object = {}): string[] {
  const settings = retentionSchema.parse({
    version: 1,
    policies: more,
    systems: { '*': { policies, ...system } },
  })
  return lint(settings, NOW).map(({ code }) => code)
}
const reason = { justification: 'claims may be brought for so long' }

describe('retention settings', () => {
  test('that say nothing of other systems are told what that means', () => {
    expect(lint(NO_RETENTION, NOW)).toMatchObject([{ code: 'nothing_for_others', system: '*' }])
  })

  test('that count days for years are told how many they miss', () => {
    expect(codesOf(['high_risk'])).toEqual(['day_count_misses_years', 'no_justification'])
    expect(codesOf(['financial'], { financial: reason })).toEqual(['day_count_misses_years'])
    expect(codesOf(['standard'])).toEqual(['day_count_misses_years'])
    expect(codesOf(['mine'], { mine: { bound: 'period', period: 'P3653D', basis: 'b', ...reason } })).toEqual(
      [],
    )
    expect(codesOf(['high-risk'], { 'high-risk': reason })).toEqual([])
    expect(codesOf(['development'])).toEqual([])
  })

  test('that take six months for a target are told that it is a floor', () => {
    for (const period of ['P6M', 'P180D', 'P184D'])
      expect(codesOf(['mine'], { mine: { bound: 'period', period, basis: 'b' } })).toEqual([
        'floor_as_target',
      ])
    expect(codesOf(['eu_aia_log_min', 'soc2_period'])).toEqual([])
  })

  test('with floors and no end are told that an archive deletes nothing', () => {
    expect(codesOf(['eu_aia_log_min'])).toEqual(['floor_without_end'])
    const [only] = lint(
      retentionSchema.parse({
        version: 1,
        systems: { '*': { policies: ['eu_mifid'] } },
      }),
      NOW,
    )
    expect(only!.message).toContain('archive')
  })

  test('whose time of review has come are told since when nobody stated them again', () => {
    const settings = retentionSchema.parse({
      version: 1,
      policies: {
        mine: { bound: 'period', period: 'P1Y', basis: 'b', reviewEvery: 'P1Y' },
        other: { bound: 'period', period: 'P1Y', basis: 'b', reviewEvery: 'P2Y' },
      },
      systems: { '*': { policies: ['mine', 'other'] } },
    })
    const [only, ...more] = lint(settings, NOW, Date.parse('2025-11-28T00:00:00Z'))
    expect(only).toMatchObject({ code: 'review_overdue', policy: 'mine' })
    expect(only!.message).toContain('2025-11-28')
    expect(more).toEqual([])
    expect(lint(settings, NOW, Date.parse('2025-11-28T00:00:01Z'))).toEqual([])
    expect(lint(settings, NOW)).toEqual([])
  })

  test('that contradict one another are told which', () => {
    expect(codesOf(['eu_mifid', 'us_bipa_max'])).toEqual(['conflict'])
  })

  test('that delete nothing until something is stated are told what', () => {
    expect(codesOf(['us_ecoa'])).toEqual(['trigger_not_stated'])
    expect(codesOf(['eu_dora_logs'])).toEqual(['period_not_stated'])
    expect(codesOf(['incidents'])).toEqual([
      'indefinite_without_review',
      'trigger_not_stated',
      'layer_not_deleted',
    ])
    expect(codesOf(['eu_mdr'], {}, { triggers: { last_device_placed: '2026-01-01' } })).toEqual([
      'layer_not_deleted',
    ])
  })

  test('that change what a preset of the name says are told so', () => {
    expect(codesOf(['standard'], { standard: { period: 'P2Y' } })).toEqual(['preset_changed'])
    expect(codesOf(['eu_dora_logs', 'soc2_period'], { eu_dora_logs: { period: 'P1Y' } })).toEqual([])
  })

  test('too short for a system of high risk are told so', () => {
    expect(codesOf(['development'], {}, { isHighRisk: true })).toEqual(['not_in_production'])
    expect(codesOf(['soc2_period'], {}, { isHighRisk: true })).toEqual([])
  })
})
