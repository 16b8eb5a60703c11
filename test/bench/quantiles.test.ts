import { expect, test } from 'vitest'
import { median, quantilesOf } from '../../bench/quantiles.ts'

test('tells nearest-rank quantiles whatever the order of the values', () => {
  const values = Array.from({ length: 100 }, (_, n) => 100 - n)
  expect(quantilesOf(values)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 })
})

test('tells zeros when nothing was measured', () => {
  expect(quantilesOf([])).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 })
})

test('takes the mean of the two middle values of an even number', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([9, 1, 5])).toBe(5)
})
