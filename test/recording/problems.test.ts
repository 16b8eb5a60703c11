import { expect, test } from 'vitest'
import { problemOf, problemResponse } from '../../packages/server/src/api/problem.ts'
import { NotSequencing, OutcomeUnknown, Overloaded } from '../../packages/server/src/ledger/errors.ts'

test('a ledger that cannot take a record now answers 503 and says when to come back', async () => {
  for (const [error, code] of [
    [new Overloaded('tiles are behind'), 'overloaded'],
    [new OutcomeUnknown('EIO'), 'outcome_unknown'],
    [new NotSequencing('wal_corrupt', 'entries 5..10'), 'wal_corrupt'],
  ] as const) {
    const response = problemResponse(problemOf(error))
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ code, status: 503 })
  }
})

test('a failure nobody foresaw says nothing of what was in it', async () => {
  const response = problemResponse(problemOf(new Error('value of person-7 is 12')))
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('person-7')
})
