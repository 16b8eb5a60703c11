import { describe, expect, test } from 'vitest'
import { bytesText } from '../../packages/dashboard/src/display.ts'
import { moneyText, wholeNumber } from '../../packages/dashboard/src/storage/bill.ts'
import { wormText } from '../../packages/dashboard/src/storage/elsewhere.ts'
import { nextToGo, periodText, systemsInForce, whyText } from '../../packages/dashboard/src/storage/kept.ts'
import type { RetentionInForce } from '../../packages/dashboard/src/storage/kept.ts'
import { paceOf, partsOf, sizesByDay } from '../../packages/dashboard/src/storage/stored.ts'
import type { Stored, StoredLayer } from '../../packages/dashboard/src/storage/stored.ts'
import { DIRECTORY_LAYERS } from '../../packages/server/src/sizes/place.ts'

const layer = (name: string, bytes: number, tier: StoredLayer['tier'] = 'hot'): StoredLayer => ({
  name,
  tier,
  bytes,
})

function stored(entries: readonly number[], more: Partial<Stored> = {}): Stored {
  const day = (n: number) => new Date(Date.UTC(2026, 10, 1 + n)).toISOString().slice(0, 10)
  return {
    measuredAt: '2026-11-29T00:00:00Z',
    entries: entries.at(-1)!,
    decisions: entries.at(-1)!,
    layers: [],
    history: entries.map((count, n) => ({ day: day(n), entries: count, layers: { vault: count } })),
    recovery: { backup: null, drill: null },
    ...more,
  }
}

describe('the parts a ledger is shown in', () => {
  test('hold every byte of every layer the server measures, and of layers it does not know yet', () => {
    const names = [...DIRECTORY_LAYERS, 'something-new']
    const layers = [
      ...names.map((name) => layer(name, 10)),
      layer('warm', 5, 'warm'),
      layer('cold', 3, 'cold'),
    ]
    const total = partsOf(layers).reduce((sum, { bytes }) => sum + bytes, 0)
    expect(total).toBe(names.length * 10 + 8)
    expect(partsOf(layers).find(({ id }) => id === 'warm')?.bytes).toBe(5)
  })

  test('are drawn for the last day whatever is left out between', () => {
    const many = stored(Array.from({ length: 31 }, (_, n) => n + 1))
    const drawn = sizesByDay(many.history, 10)
    expect(drawn.length).toBeLessThanOrEqual(10)
    expect(drawn.at(-1)?.total).toBe(31)
  })
})

describe('the pace of decisions', () => {
  test('is that of the last days, in decisions though entries are counted', () => {
    expect(paceOf(stored([100, 200, 300], { decisions: 150 }))).toBe(50)
  })

  test('is not known from one day, nor from days without a record', () => {
    expect(paceOf(stored([100]))).toBeUndefined()
    expect(paceOf(stored([100, 100]))).toBeUndefined()
    expect(paceOf(stored([100, 200], { decisions: null }))).toBeUndefined()
  })
})

describe('retention', () => {
  test('is told in the words of its periods', () => {
    expect(periodText('P6M')).toBe('6 months')
    expect(periodText('P1Y')).toBe('1 year')
    expect(periodText('P1Y6M')).toBe('1 year, 6 months')
    expect(periodText('permanent')).toBe('permanent')
  })

  test('names every other system last', () => {
    const systems = { '*': { policies: ['a'] }, zoo: { policies: [] }, bank: { policies: ['b'] } }
    const names = systemsInForce({ systems } as unknown as RetentionInForce).map(([name]) => name)
    expect(names).toEqual(['bank', 'zoo', '*'])
  })

  test('says what goes first, and why something does not', () => {
    const system = (name: string, due: number, withinAYear: number) => ({
      system: name,
      entries: 10,
      due,
      withinAYear,
      policy: null,
      before: null,
      why: 'no policy',
    })
    const order = nextToGo([system('b', 0, 5), system('a', 0, 5), system('c', 1, 0)])
    expect(order.map(({ system: name }) => name)).toEqual(['c', 'a', 'b'])
    expect(whyText(order[0]!)).toBe('no policy')
    expect(whyText({ ...order[0]!, policy: 'p', before: '2026-01-02T00:00:00Z' })).toContain(
      'before 2 Jan 2026',
    )
  })
})

test('a store that has not answered is called neither WORM nor not', () => {
  expect(wormText({ isWorm: null, description: null })).toMatch(/not answered/)
  expect(wormText({ isWorm: false, description: 'a directory of files: not WORM' })).toContain('not WORM')
})

test('sizes and money are written so that nothing rounds to nothing', () => {
  expect([0, 0.4, 999.4, 999_960, 1_500_000].map(bytesText)).toEqual([
    '0 B',
    '0.4 B',
    '999 B',
    '1.0 MB',
    '1.5 MB',
  ])
  expect(moneyText(0.001, 'EUR')).toBe('< €0.01')
  expect(moneyText(0, 'EUR')).toBe('€0.00')
})

test('a number in the address that is none is not taken', () => {
  expect(['7', '0', '-1', '1.5', 'x', '101', undefined].map((text) => wholeNumber(text, 100))).toEqual([
    7,
    ...Array.from({ length: 6 }, () => undefined),
  ])
})
