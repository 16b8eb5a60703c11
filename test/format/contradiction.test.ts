import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EntryTime, TIME_TOLERANCE_MS, timeFindings } from '@deponent/format'

const AT = 1_790_000_000_000
const moment = fc.integer({ min: AT - 10 * TIME_TOLERANCE_MS, max: AT + 10 * TIME_TOLERANCE_MS })
const bound = (timeMs: number) => ({ timeMs, source: 'witness w' })
const codes = (time: EntryTime) =>
  timeFindings(7, time).map(({ severity, code, index }) => [severity, code, index])

describe('the time an entry gives itself', () => {
  test('is contradicted when it was still missing well after', () => {
    expect(codes({ receivedAt: AT, notBefore: bound(AT + TIME_TOLERANCE_MS + 1) })).toEqual([
      ['error', 'received_at_contradicted', 7],
    ])
  })

  test('is contradicted when it was there well before', () => {
    expect(codes({ receivedAt: AT, notAfter: bound(AT - TIME_TOLERANCE_MS - 1) })).toEqual([
      ['error', 'received_at_contradicted', 7],
    ])
  })

  test('stands between its bounds, and near them, for clocks differ', () => {
    const law = fc.property(moment, moment, moment, (receivedAt, before, after) => {
      const isWithin = receivedAt >= before - TIME_TOLERANCE_MS && receivedAt <= after + TIME_TOLERANCE_MS
      expect(codes({ receivedAt, notBefore: bound(before), notAfter: bound(after) })).toHaveLength(
        isWithin ? 0 : 1,
      )
    })
    fc.assert(law)
  })

  test('stands where nobody outside saw anything', () => {
    expect(codes({ receivedAt: AT })).toEqual([])
  })
})
