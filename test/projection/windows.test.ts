import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Restriction, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { windowsOf } from '../../packages/server/src/projection/queries/windows.ts'
import { tierSuite } from './tier-suite.ts'
import { RESTRICTIONS, story, type TierWorld } from './tier-world.ts'
import { ask, decision } from './world.ts'

const DAY_MS = 86_400_000

const months = fc
  .array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 30 })
  .map((rows) => rows.map((n, i) => ({ from: i * 30 * DAY_MS, to: (i + 1) * 30 * DAY_MS, rows: n })))
const moment = fc.integer({ min: -100 * DAY_MS, max: 1_000 * DAY_MS })
const orders = fc.constantFrom('at' as const, '-at' as const)

describe('where a list looks first', () => {
  test('is always an end of the time it may be of, and each look reaches further than the one before', () => {
    fc.assert(
      fc.property(months, orders, fc.option(moment), (files, order, at) => {
        const cursor = at === null ? undefined : { at, index: 0, size: 0, question: '' }
        const windows = windowsOf({ files: () => files }, new Map(), order, cursor)
        const edges = windows.map(({ from, to }) => (order === '-at' ? from : -to))
        expect(edges).toEqual([...new Set(edges)].toSorted((a, b) => b - a))
        const begins = new Set(windows.map(({ from, to }) => (order === '-at' ? to : from)))
        expect(begins.size).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('has about as many decisions in files as it is to have', () => {
    const files = [0, 1, 2].map((i) => ({ from: i * 1_000, to: (i + 1) * 1_000, rows: 1_000_000 }))
    const windows = windowsOf(
      { files: () => files },
      new Map([['to', '1970-01-01T00:00:03.000Z']]),
      '-at',
      undefined,
    )
    expect(windows).toEqual([
      { from: 2_868, to: 3_000 },
      { from: 1_951, to: 3_000 },
    ])
  })

  test('is everywhere at once when the question points at few decisions, or nothing lies in files', () => {
    const files = [{ from: 0, to: 1_000, rows: 9_000_000 }]
    expect(windowsOf({ files: () => files }, new Map([['subject', 'p']]), '-at', undefined)).toEqual([])
    expect(windowsOf({ files: () => [] }, new Map(), '-at', undefined)).toEqual([])
  })
})

const suite = tierSuite()

function newWorld(): Promise<TierWorld> {
  return suite.newWorld().startTiered(suite.engine)
}

/** Every page of a list, to its end. */
async function pages(
  { projection }: TierWorld,
  parameters: Record<string, string>,
  restriction: Restriction,
): Promise<number[]> {
  const indices: number[] = []
  let next: string | null = ''
  while (next !== null) {
    const page = await projection.list(ask({ ...parameters, ...(next && { cursor: next }) }), restriction)
    indices.push(...page.items.map(({ index }) => index))
    ;({ next } = page)
  }
  return indices
}

const LISTS: readonly Record<string, string>[] = [
  { limit: '7' },
  { limit: '13', order: 'at' },
  { limit: '5', overridden: 'true' },
  { limit: '6', order: 'at', maxLatencyMs: '15' },
  { limit: '9', to: '2024-02-01T00:00:00.000Z' },
  { limit: '9', from: '2024-01-20T00:00:00.000Z', order: 'at' },
]

describe('a list over months in files', () => {
  test('has the same pages as in the index, however short the time it looks at first', async () => {
    const world = await newWorld()
    world.source.add(...story(0, 150))
    await world.indexed()
    const all = async (): Promise<number[][]> => {
      const given: number[][] = []
      for (const restriction of RESTRICTIONS)
        for (const list of LISTS) given.push(await pages(world, list, restriction))
      return given
    }
    const before = await all()
    await world.projection.moveMonths()
    for (const many of [1, 3_000, 30_000, 1_000_000]) {
      for (const month of world.states.all()) {
        const files = month.files.map((file) => ({ ...file, rows: file.rows * many }))
        world.states.put({ ...month, files })
      }
      expect(await all()).toEqual(before)
    }
  })

  test('finds a person who is the second of several, before and after the month moved', async () => {
    const world = await newWorld()
    const at = '2024-01-05T00:00:00.000Z'
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)]
    const shared = decision({ decisionId: 'shared', timestamp: at })
    world.source.add(
      { ...shared, subjects: [first, second] },
      decision({ decisionId: 'other', timestamp: at }),
    )
    await world.indexed()
    const found = () => pages(world, { subject: second }, UNRESTRICTED)
    expect(await found()).toEqual([0])
    await world.projection.moveMonths()
    expect(await found()).toEqual([0])
  })
})
