import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CountedGroup, hiddenGroups } from '../../packages/server/src/projection/queries/small-cells.ts'

/** Groups of a table from its counts; those of no decision do not exist. */
function table(shape: readonly number[], counts: readonly number[]): CountedGroup[] {
  return counts.flatMap((count, at) => (count === 0 ? [] : [{ key: keyAt(shape, at), count }]))
}

function keyAt(shape: readonly number[], at: number): string[] {
  const key: string[] = []
  let rest = at
  for (const size of shape) {
    key.push(`v${rest % size}`)
    rest = Math.floor(rest / size)
  }
  return key
}

const cells = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

const tables = (shapes: readonly (readonly number[])[], most: number) =>
  fc.constantFrom(...shapes).chain((shape) =>
    fc
      .array(fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.nat(most) }), {
        minLength: cells(shape),
        maxLength: cells(shape),
      })
      .map((counts) => ({ shape, counts, groups: table(shape, counts) })),
  )

/** The table with some dimensions left out, as somebody gets it who asks with fewer. */
function marginal(groups: readonly CountedGroup[], kept: readonly number[]): CountedGroup[] {
  const sums = new Map<string, { key: string[]; count: number }>()
  for (const { key, count } of groups) {
    const part = kept.map((dimension) => key[dimension]!)
    const sum = sums.get(JSON.stringify(part))
    if (sum) sum.count += count
    else sums.set(JSON.stringify(part), { key: part, count })
  }
  return [...sums.values()]
}

const subsets = (dimensions: number): number[][] =>
  Array.from({ length: 2 ** dimensions - 1 }, (_, bits) =>
    Array.from({ length: dimensions }, (_, d) => d).filter((d) => (bits >> d) % 2 === 1),
  )

/** A sum somebody knows, over cells of the whole table by position. */
interface KnownSum {
  readonly members: readonly number[]
  readonly sum: number
}

/** What somebody knows who asked the table and every smaller one: cells that are shown and sums that are shown. */
function knowledge(
  shape: readonly number[],
  counts: readonly number[],
  least: number,
): { hidden: ReadonlySet<number>; sums: KnownSum[] } {
  const groups = table(shape, counts)
  const positions = counts.flatMap((count, at) => (count === 0 ? [] : [at]))
  const hidden = new Set([...hiddenGroups(groups, least)].map((i) => positions[i]!))
  const sums: KnownSum[] = []
  for (const kept of subsets(shape.length)) {
    const smaller = marginal(groups, kept)
    const notShown = hiddenGroups(smaller, least)
    for (const [i, { key, count }] of smaller.entries()) {
      if (notShown.has(i)) continue
      const members = counts
        .map((_, at) => at)
        .filter((at) => kept.every((dimension, part) => keyAt(shape, at)[dimension] === key[part]))
      sums.push({ members, sum: count })
    }
  }
  return { hidden, sums }
}

/** Whether there is another table that looks the same and has another count in the cell; by trying. */
function canDiffer(
  counts: readonly number[],
  cell: number,
  shown: ReadonlySet<number>,
  sums: readonly KnownSum[],
): boolean {
  const free = counts.map((_, at) => at).filter((at) => !shown.has(at))
  const order = [cell, ...free.filter((at) => at !== cell)]
  const most = Math.max(...counts) + 3
  const value = new Map<number, number>([...shown].map((at) => [at, counts[at]!]))
  let steps = 0
  const fits = (): boolean =>
    sums.every(({ members, sum }) => {
      let total = 0
      let open = false
      for (const at of members) {
        const known = value.get(at)
        if (known === undefined) open = true
        else total += known
      }
      return open ? total <= sum : total === sum
    })
  const place = (i: number): boolean => {
    if (i === order.length) return true
    steps += 1
    if (steps > 200_000) throw new Error('the table is too large to try')
    const at = order[i]!
    const own = counts[at]!
    const candidates = Array.from({ length: most + 1 }, (_, n) => n)
      .filter((n) => i > 0 || n !== own)
      .toSorted((a, b) => Math.abs(a - own) - Math.abs(b - own))
    for (const candidate of candidates) {
      value.set(at, candidate)
      if (fits() && place(i + 1)) return true
    }
    value.delete(at)
    return false
  }
  return place(0)
}

const SHAPES = [[2], [3], [5], [2, 2], [2, 3], [3, 3], [2, 2, 2]]

describe('small groups', () => {
  test('are never shown, and a table without any is shown whole', () => {
    fc.assert(
      fc.property(
        tables([[1], [7], [4, 5], [3, 3, 3], [2, 2, 2, 2]], 30),
        fc.integer({ min: 2, max: 12 }),
        ({ groups }, least) => {
          const hidden = hiddenGroups(groups, least)
          for (const [i, { count }] of groups.entries()) {
            if (count < least) expect(hidden).toContain(i)
          }
          if (groups.every(({ count }) => count >= least)) expect(hidden.size).toBe(0)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('stand with another and with as many decisions as a group must have, in every sum that is shown', () => {
    fc.assert(
      fc.property(tables(SHAPES, 14), fc.integer({ min: 2, max: 8 }), ({ shape, counts }, least) => {
        const { hidden, sums } = knowledge(shape, counts, least)
        // Where nothing at all is shown, a sum that is known stands for all its groups.
        if (hidden.size === counts.filter((count) => count > 0).length) return
        for (const { members } of sums) {
          const behind = members.filter((at) => hidden.has(at))
          if (behind.length === 0) continue
          expect(behind.length).toBeGreaterThan(1)
          const total = behind.reduce((sum, at) => sum + counts[at]!, 0)
          expect(total).toBeGreaterThanOrEqual(least)
          // How many groups are hidden in all is told; of as many decisions each would have one.
          if (members.length === counts.length) expect(total).toBeGreaterThan(behind.length)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('do not follow from what is shown in the table and in every smaller one', () => {
    fc.assert(
      fc.property(tables(SHAPES, 9), fc.integer({ min: 2, max: 5 }), ({ shape, counts }, least) => {
        const { hidden, sums } = knowledge(shape, counts, least)
        const present = counts.flatMap((count, at) => (count === 0 ? [] : [at]))
        const shown = new Set(present.filter((at) => !hidden.has(at)))
        for (const at of hidden) {
          // Of a table that is not shown at all, large groups may follow from smaller tables that are shown; and of one
          // with three dimensions any, because its three faces can have it determined with no small group in them.
          if (shown.size > 0 || (counts[at]! < least && shape.length < 3))
            expect(canDiffer(counts, at, shown, sums)).toBe(true)
        }
      }),
      { numRuns: 20_000 },
    )
  })

  test('do not follow even for somebody who knows which groups there are, while anything is shown', () => {
    fc.assert(
      fc.property(tables(SHAPES, 9), fc.integer({ min: 2, max: 5 }), ({ shape, counts }, least) => {
        const { hidden, sums } = knowledge(shape, counts, least)
        if (hidden.size === counts.filter((count) => count > 0).length) return
        const known = new Set(counts.map((_, at) => at).filter((at) => !hidden.has(at)))
        for (const at of hidden) expect(canDiffer(counts, at, known, sums)).toBe(true)
      }),
      { numRuns: 1_500 },
    )
  })

  test('of a smaller table do not follow from a larger one either', () => {
    fc.assert(
      fc.property(
        tables(
          [
            [2, 2],
            [2, 3],
            [3, 3],
            [2, 2, 2],
          ],
          9,
        ),
        fc.integer({ min: 2, max: 5 }),
        ({ shape, counts, groups }, least) => {
          const hidden = hiddenGroups(groups, least)
          for (const kept of subsets(shape.length)) {
            const smaller = marginal(groups, kept)
            for (const i of hiddenGroups(smaller, least)) {
              const { key } = smaller[i]!
              const parts = groups.flatMap((group, at) =>
                kept.every((dimension, part) => group.key[dimension] === key[part]) ? [at] : [],
              )
              expect(parts.some((at) => hidden.has(at))).toBe(true)
            }
          }
          expect(counts.length).toBe(cells(shape))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('leave nothing to hide in what is shown', () => {
    fc.assert(
      fc.property(
        tables([[6], [4, 4], [3, 3, 3]], 25),
        fc.integer({ min: 2, max: 12 }),
        ({ groups }, least) => {
          const hidden = hiddenGroups(groups, least)
          const shown = groups.filter((_, i) => !hidden.has(i))
          expect(hiddenGroups(shown, least).size).toBe(0)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('are the same whichever order the groups come in', () => {
    fc.assert(
      fc.property(tables([[6], [3, 4]], 14), fc.integer({ min: 2, max: 8 }), ({ groups }, least) => {
        const names = (of: readonly CountedGroup[]) =>
          [...hiddenGroups(of, least)].map((i) => of[i]!.key.join()).toSorted()
        expect(names(groups.toReversed())).toEqual(names(groups))
      }),
      { numRuns: 300 },
    )
  })

  test.each<[string, CountedGroup[], string[]]>([
    ['nothing', [], []],
    [
      'a table of less than one group altogether',
      [
        { key: ['a'], count: 4 },
        { key: ['b'], count: 5 },
      ],
      ['a', 'b'],
    ],
    [
      'a small one with the next smallest',
      [
        { key: ['a'], count: 3 },
        { key: ['b'], count: 40 },
        { key: ['c'], count: 12 },
      ],
      ['a', 'c'],
    ],
    [
      'no more than two small ones that make a group together',
      [
        { key: ['a'], count: 6 },
        { key: ['b'], count: 7 },
        { key: ['c'], count: 12 },
      ],
      ['a', 'b'],
    ],
    [
      'one more than as many groups as they have decisions',
      [
        ...Array.from({ length: 10 }, (_, i) => ({ key: [`single-${i}`], count: 1 })),
        { key: ['b'], count: 10 },
        { key: ['c'], count: 12 },
      ],
      ['b', ...Array.from({ length: 10 }, (_, i) => `single-${i}`)],
    ],
  ])('hides %s', (_, groups, expected) => {
    const hidden = [...hiddenGroups(groups, 10)].map((i) => groups[i]!.key.join())
    expect(hidden.toSorted()).toEqual(expected)
  })

  test('in great number hide the whole table of several dimensions, and only that', () => {
    const groups = Array.from({ length: 40 }, (_, a) =>
      Array.from({ length: 40 }, (_, b) => ({ key: [`${a}`, `${b}`], count: b === 0 ? 50 : 1 })),
    ).flat()
    expect(hiddenGroups(groups, 10).size).toBe(groups.length)
    const days = Array.from({ length: 9_999 }, (_, day) => ({
      key: [`${day}`],
      count: day % 2 === 0 ? 50 : 1,
    }))
    expect(hiddenGroups(days, 10).size).toBe(4_999 + 1)
  })
})
