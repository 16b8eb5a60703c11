import { finding, FINDING_CODES, reportOf, verdictOf } from '@deponent/format'
import type { FindingCode, Severity } from '@deponent/format'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const codes = Object.keys(FINDING_CODES) as FindingCode[]
const findings = fc.array(
  fc.record({
    severity: fc.constantFrom<Severity>('error', 'gap', 'info'),
    code: fc.constantFrom(...codes),
    message: fc.string(),
  }),
)

test('an error makes invalid, a gap without an error makes incomplete, anything else is valid', () => {
  fc.assert(
    fc.property(findings, (findings) => {
      const severities = new Set(findings.map(({ severity }) => severity))
      const expected = severities.has('error') ? 'invalid' : severities.has('gap') ? 'incomplete' : 'valid'
      expect(verdictOf(findings)).toBe(expected)
      expect(verdictOf(findings.toReversed())).toBe(expected)
    }),
  )
})

test('a report names every finding and counts what was checked', () => {
  const found = [finding('info', 'trust_self'), finding('error', 'leaf_mismatch', 'as it happens', 7)]
  expect(reportOf(found, { entries: 3 })).toEqual({
    verdict: 'invalid',
    findings: [
      { severity: 'info', code: 'trust_self', message: FINDING_CODES.trust_self },
      { severity: 'error', code: 'leaf_mismatch', index: 7, message: 'as it happens' },
    ],
    checked: { entries: 3, checkpoints: 0, payloads: 0, erased: 0 },
  })
})

test('every code is snake case and says in one line what it means', () => {
  for (const [code, meaning] of Object.entries(FINDING_CODES)) {
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/)
    expect(meaning).toMatch(/^[^\n]{10,120}[^.\n]$/)
  }
})
