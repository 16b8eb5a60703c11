import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chosen,
  flagged,
  listParameters,
  type ListPage,
  numberPlace,
  pageOf,
} from '../../packages/server/src/api/list-page.ts'

const asked = (query: string, names: readonly string[] = ['state', 'overdue']): ReadonlyMap<string, string> =>
  listParameters(new URLSearchParams(query), names)

describe('a list held in memory', () => {
  test('is given page by page, the greatest place first, each item once', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (all, limit) => {
          const found: number[] = []
          let cursor: string | null = ''
          while (cursor !== null) {
            const page: ListPage<number> = pageOf(
              all,
              numberPlace,
              asked(`limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`),
            )
            expect(page.items.length).toBeLessThanOrEqual(limit)
            found.push(...page.items)
            cursor = page.next
          }
          expect(found).toEqual(all.toSorted((a, b) => b - a))
        },
      ),
    )
  })

  test('loses nothing that was to come when something that came is gone', () => {
    const { next } = pageOf([5, 4, 3, 2], numberPlace, asked('limit=2'))
    expect(pageOf([5, 3, 2], numberPlace, asked(`limit=2&cursor=${next}`)).items).toEqual([3, 2])
  })

  test.each([
    ['limit=0', 'bad_parameter', 'limit'],
    ['limit=1001', 'bad_parameter', 'limit'],
    ['limit=ten', 'bad_parameter', 'limit'],
    ['cursor=nonsense', 'bad_cursor', 'cursor'],
    ['cursor=', 'bad_cursor', 'cursor'],
    ['state=zz', 'bad_parameter', 'state'],
    ['state=', 'bad_parameter', 'state'],
    ['overdue=zz', 'bad_parameter', 'overdue'],
    ['state=open&state=closed', 'repeated_parameter', 'state'],
    ['stat=open', 'unknown_parameter', 'stat'],
  ])('asked with %s answers %s, naming %s', (query, code, field) => {
    const read = (): unknown => {
      const parameters = asked(query)
      return [
        chosen(parameters, 'state', ['open', 'closed']),
        flagged(parameters, 'overdue'),
        pageOf([], numberPlace, parameters),
      ]
    }
    expect(read).toThrow(expect.objectContaining({ code, field }))
  })

  test('asked for nothing in particular answers everything', () => {
    const parameters = asked('')
    expect([chosen(parameters, 'state', ['open']), flagged(parameters, 'overdue')]).toEqual([
      undefined,
      undefined,
    ])
    expect(flagged(asked('overdue=false'), 'overdue')).toBe(false)
    expect(pageOf([1, 2], numberPlace, parameters)).toEqual({ items: [2, 1], next: null })
  })
})
