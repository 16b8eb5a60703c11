import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recordView } from '../../packages/server/src/api/record-view.ts'
import {
  coveredIn,
  fieldsToOpen,
  pointerText,
  pointerTo,
} from '../../packages/dashboard/src/decision/pointers.ts'
import { untilHere } from '../../packages/dashboard/src/decision/use-revealed.ts'
import { suppressedText } from '../../packages/dashboard/src/elements/suppressed-text.ts'

const SEALED = { sealed: true }

describe('covered fields', () => {
  test('are found wherever they stand, those a purpose opens apart from those covered for good', () => {
    const record = {
      messages: SEALED,
      inputFeatures: { 'a/b': SEALED, age: { sealed: true, withheld: 'protected' }, income: 3 },
    }
    expect(coveredIn(record)).toEqual({ sealed: ['/messages', '/inputFeatures/a~1b'], withheld: 1 })
  })

  test('are told apart as the server covers them', () => {
    const record = { modelId: 'm', messages: ['hello'], inputFeatures: { income: 3, age: 44 } }
    const reviewer = { classes: new Set(['plain', 'identifier'] as const), sealedFeatures: new Set<string>() }
    expect(coveredIn(recordView('decision', record, reviewer))).toEqual({
      sealed: ['/messages'],
      withheld: 1,
    })
  })

  test('have pointers that lead back to their names', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }), (names) => {
        expect(pointerText(pointerTo(...names))).toBe(names.join(' › '))
      }),
    )
  })

  test('join those that are open for the same purpose, and none that are open for another', () => {
    const open = { purpose: 'appeal', fields: ['/a'] }
    expect(fieldsToOpen('/b', open, 'appeal')).toEqual(['/a', '/b'])
    expect(fieldsToOpen('/b', open, 'audit')).toEqual(['/b'])
    expect(fieldsToOpen('all', open, 'appeal')).toBe('all')
    expect(fieldsToOpen('/b', { purpose: 'appeal', fields: 'all' }, 'appeal')).toBe('all')
  })
})

describe('the end of a reveal', () => {
  test('is as far away as the server says, however wrong the clock of the browser is', () => {
    const anHourSlow = Date.parse('2026-11-28T11:00:00Z')
    const until = untilHere('2026-11-28T12:15:00.000Z', 'Sat, 28 Nov 2026 12:00:00 GMT', anHourSlow)
    expect(until - anHourSlow).toBe(15 * 60_000)
    expect(untilHere(undefined, null, anHourSlow)).toBe(anHourSlow)
  })
})

describe('groups that are not shown', () => {
  test('are counted, and never told apart', () => {
    expect(suppressedText({ groups: 3, below: 10 })).toBe(
      '3 groups of fewer than 10 decisions, or that would give one away, are not shown.',
    )
    expect(suppressedText({ groups: 1, below: 10 })).toContain('is not shown')
  })
})
