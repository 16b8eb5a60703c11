import { describe, expect, test } from 'vitest'
import {
  DEFAULT_RULES,
  REVEAL_MINUTES_DEFAULT,
  SMALL_CELLS_DEFAULT,
} from '../../packages/dashboard/src/access/default-rules.ts'
import { cellOf, cellText, differences, warningsFor } from '../../packages/dashboard/src/access/policy.ts'
import type { Rule } from '../../packages/dashboard/src/access/policy.ts'
import { rulesIn, rulesText } from '../../packages/dashboard/src/access/policy-text.ts'
import { DEFAULT_POLICY } from '../../packages/server/src/access/default-policy.ts'

const rule = (more: Partial<Rule>): Rule => ({
  role: 'reviewer',
  actions: ['read'],
  fields: ['plain'],
  systems: null,
  purpose: false,
  ...more,
})

describe('the table of the policy', () => {
  test('compares with the very rules the server gives a new ledger', () => {
    expect(DEFAULT_RULES).toEqual(DEFAULT_POLICY.rules)
    expect([SMALL_CELLS_DEFAULT, REVEAL_MINUTES_DEFAULT]).toEqual([
      DEFAULT_POLICY.smallCells,
      DEFAULT_POLICY.revealMinutes,
    ])
  })

  test('adds rules up, and asks for no purpose where one of them asks for none', () => {
    const rules = [rule({ fields: ['plain', 'sealed'], purpose: true }), rule({ fields: ['plain'] })]
    expect(cellOf(rules, 'reviewer', 'read')).toEqual({ free: ['plain'], forPurpose: ['sealed'], limits: [] })
    expect(cellText(cellOf(rules, 'reviewer', 'read'))).toBe('plain; sealed for a stated purpose')
    expect(cellText(cellOf(rules, 'auditor', 'read'))).toBe('no')
  })

  test('names what narrows a right', () => {
    const rules = [rule({ systems: ['credit'], period: { from: Date.parse('2026-01-01') } })]
    expect(cellOf(rules, 'reviewer', 'read').limits).toEqual(['only credit', 'records from 1 Jan 2026'])
  })

  test('finds the rights that differ and no others', () => {
    expect(differences(DEFAULT_RULES, DEFAULT_RULES)).toEqual([])
    const more = [...DEFAULT_RULES, rule({ role: 'operator', actions: ['sql'] })]
    expect(differences(more, DEFAULT_RULES).map(({ role, action }) => [role, action])).toEqual([
      ['operator', 'sql'],
    ])
  })

  test('warns of rules that nobody could change any more, and of sealed fields without a purpose', () => {
    expect(warningsFor(DEFAULT_RULES)).toEqual([])
    const warnings = warningsFor([rule({ fields: ['sealed'] })])
    expect(warnings).toContain('No role could change the policy any more, this change included.')
    expect(warnings).toContain('reviewer would see sealed fields without a purpose.')
  })

  test('survives being written down and read again', () => {
    expect(rulesIn(rulesText(DEFAULT_RULES))).toEqual({ rules: DEFAULT_RULES })
    expect(rulesIn('[{"role":"admin"}]')).toHaveProperty('problem')
    expect(rulesIn('{')).toHaveProperty('problem')
  })
})
