import type { JsonValue } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differencesOf, EXACT } from '../../packages/server/src/reproduction/differences.ts'

describe('differences', () => {
  test('name the field path of each, with both values', () => {
    const recorded = { label: 'a', scores: [1, 2], 'odd/name': { x: true }, gone: null }
    const replayed = { label: 'b', scores: [1, 3, 4], 'odd/name': { x: false, y: 1 } }
    expect(differencesOf(recorded, replayed, EXACT, '/prediction')).toEqual([
      { path: '/prediction/label', recorded: 'a', replayed: 'b' },
      { path: '/prediction/scores/1', recorded: 2, replayed: 3 },
      { path: '/prediction/scores/2', replayed: 4 },
      { path: '/prediction/odd~1name/x', recorded: true, replayed: false },
      { path: '/prediction/odd~1name/y', replayed: 1 },
      { path: '/prediction/gone', recorded: null },
    ])
  })

  test('of numbers count beyond both tolerances only, and of nothing else is anything tolerated', () => {
    const apart = (a: JsonValue, b: JsonValue, absolute: number, relative: number) =>
      differencesOf(a, b, { absolute, relative }).length
    expect(apart(0.5, 0.5000001, 0, 0)).toBe(1)
    expect(apart(0.5, 0.5000001, 1e-6, 0)).toBe(0)
    expect(apart(1000, 1001, 0, 1e-3)).toBe(0)
    expect(apart(1000, 1002, 0, 1e-3)).toBe(1)
    expect(apart(0, 1e-9, 0, 0.5)).toBe(1)
    expect(apart('0.5', 0.5, 1, 1)).toBe(1)
    expect(apart('0.5', '0.50', 1, 1)).toBe(1)
  })

  test('are not told of what is covered for the reader, and stop at a hundred', () => {
    expect(differencesOf({ a: { sealed: true }, b: 1 }, { a: 'x', b: 1 }, EXACT)).toEqual([])
    const many = Array.from({ length: 500 }, (_, i) => i)
    expect(differencesOf(many, [], EXACT)).toHaveLength(100)
  })

  test('there are none between a value and itself, and one at least between two that are not the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const one = JSON.parse(JSON.stringify(a)) as JsonValue
        const other = JSON.parse(JSON.stringify(b)) as JsonValue
        expect(differencesOf(one, structuredClone(one), EXACT)).toEqual([])
        const isSame = differencesOf(one, other, EXACT).length === 0
        const mirrored = differencesOf(other, one, EXACT).length === 0
        expect(isSame).toBe(mirrored)
      }),
    )
  })
})
