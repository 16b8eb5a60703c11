import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  listSearch,
  parseSearch,
  searchOfList,
  stringifySearch,
} from '../../packages/dashboard/src/address.ts'
import { filterQuery, filterText, readFilter } from '../../packages/dashboard/src/filters.ts'

describe('the address of a list', () => {
  test('restores every filter, the order and the columns', () => {
    const name = fc.constantFrom(
      'modelId',
      'prediction',
      'caseId',
      'feature.race',
      'feature.a=b&c',
      'feature.日本',
    )
    const filters = fc.dictionary(name, fc.string({ minLength: 1, unit: 'grapheme' }))
    const columns = fc.option(fc.array(fc.constantFrom('at', 'system', 'status'), { minLength: 1 }), {
      nil: undefined,
    })
    fc.assert(
      fc.property(filters, fc.constantFrom('at', '-at'), columns, (filters, order, columns) => {
        const list = { filters, order, columns } as const
        const address = stringifySearch(searchOfList(list))
        expect(listSearch(parseSearch(address))).toEqual(list)
      }),
    )
  })

  test('ignores names nobody knows', () => {
    expect(listSearch(parseSearch('?nonsense=1&modelId=m&order=sideways')).filters).toEqual({ modelId: 'm' })
  })

  test('never holds the id of a person, only a handle', () => {
    expect(listSearch({ subject: 'anna@example.org' }).filters).toEqual({})
    expect(listSearch({ subject: '9d99755a719d654cc6f4d26948efc144' }).filters).toHaveProperty('subject')
  })
})

describe('a typed filter', () => {
  test.each([
    ['modelId=credit-risk', { name: 'modelId', value: 'credit-risk' }],
    ['prediction: high risk', { name: 'prediction', value: 'high risk' }],
    ['confidence<0.6', { name: 'maxConfidence', value: '0.6' }],
    ['confidence >= .9', { name: 'minConfidence', value: '0.9' }],
    ['feature.race=Other', { name: 'feature.race', value: 'Other' }],
    ['overridden', { name: 'overridden', value: 'true' }],
    ['from=2026-11-01', { name: 'from', value: '2026-11-01' }],
    ['to=2026-11-01 14:30', { name: 'to', value: '2026-11-01T14:30:00.000Z' }],
  ])('reads %s', (typed, expected) => {
    expect(readFilter(typed)).toEqual(expected)
  })

  test.each(['nonsense=1', 'modelId', 'confidence<much', 'status=fine', 'from=tomorrow', 'feature.=x', ''])(
    'explains what is wrong with “%s”',
    (typed) => {
      expect(readFilter(typed)).toHaveProperty('problem')
    },
  )

  test('asks the API from the first moment of a day', () => {
    expect(filterQuery({ from: '2026-11-01' }).get('from')).toBe('2026-11-01T00:00:00.000Z')
  })

  test('shows only the beginning of a handle on its chip', () => {
    expect(filterText('subject', '9d99755a719d654cc6f4d26948efc144')).toBe('subject 9d99755a…')
  })
})
