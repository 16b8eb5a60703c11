import { expect, test } from 'vitest'
import { decisionsOf } from '../../bench/decisions/workload.ts'

const options = { seed: 7, count: 2_000, newSubjects: 0.25 }

test('makes the same records from the same seed', () => {
  expect(decisionsOf(options)).toEqual(decisionsOf(options))
  expect(decisionsOf({ ...options, seed: 8 })).not.toEqual(decisionsOf(options))
})

test('begins a longer workload with the records of a shorter one', () => {
  expect(decisionsOf({ ...options, count: 3_000 }).slice(0, options.count)).toEqual(decisionsOf(options))
})

test('makes decisions of about one kilobyte with twenty input features', () => {
  const decisions = decisionsOf(options)
  const bytes = decisions.reduce((total, one) => total + JSON.stringify(one).length, 0) / decisions.length
  expect(bytes).toBeGreaterThan(1_000)
  expect(bytes).toBeLessThan(1_150)
  expect(decisions.every((one) => Object.keys(one.inputFeatures).length === 20)).toBe(true)
})

test('gives every decision an id of its own and the asked share of new people', () => {
  const decisions = decisionsOf(options)
  expect(new Set(decisions.map((one) => one.decisionId)).size).toBe(options.count)
  const people = new Set(decisions.map((one) => one.affectedUserId)).size
  expect(people / options.count).toBeCloseTo(options.newSubjects, 1)
})
