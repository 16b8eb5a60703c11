import { readFileSync } from 'node:fs'
import { isoTime, normalizeRecord, parseTime, readJson, recordTime } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const isoOf = (source: string | number) => {
  const time = parseTime(source)
  return time === undefined ? 'refused' : isoTime(time.ms) + (time.assumedUtc ? ' assumed' : '')
}

describe('times', () => {
  test.each([
    ['2026-01-10T00:00:00Z', '2026-01-10T00:00:00.000Z'],
    ['2026-01-10T00:00:00.123456789Z', '2026-01-10T00:00:00.123Z'],
    ['2026-01-10t09:30:00z', '2026-01-10T09:30:00.000Z'],
    ['2026-01-10 09:30:00+02:00', '2026-01-10T07:30:00.000Z'],
    ['2026-01-10T09:30:00.5-0330', '2026-01-10T13:00:00.500Z'],
    ['2026-01-10T09:30:00+05', '2026-01-10T04:30:00.000Z'],
    ['2026-01-10T00:00:00-00:00', '2026-01-10T00:00:00.000Z'],
    ['2026-01-10 09:30:00,250 +01:00', '2026-01-10T08:30:00.250Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (source, iso) => {
    expect(isoOf(source)).toBe(iso)
  })

  test.each([
    ['2026-01-10T09:30:00', '2026-01-10T09:30:00.000Z assumed'],
    ['2026-01-10 09:30', '2026-01-10T09:30:00.000Z assumed'],
    ['2026-01-10', '2026-01-10T00:00:00.000Z assumed'],
  ])('without a zone UTC is assumed and said: %s', (source, iso) => {
    expect(isoOf(source)).toBe(iso)
  })

  test.each([
    ['seconds', 1_767_225_600, '2026-01-01T00:00:00.000Z'],
    ['seconds with a fraction', 1_767_225_600.123, '2026-01-01T00:00:00.123Z'],
    ['milliseconds', 1_767_225_600_123, '2026-01-01T00:00:00.123Z'],
    ['microseconds', 1_767_225_600_123_456, '2026-01-01T00:00:00.123Z'],
    ['nanoseconds', '1767225600123999999', '2026-01-01T00:00:00.123Z'],
    ['digits of seconds', '1767225600', '2026-01-01T00:00:00.000Z'],
    ['a decimal text', '1767225600.1239', '2026-01-01T00:00:00.123Z'],
    ['before 1970', -1.5, '1969-12-31T23:59:58.500Z'],
    ['the epoch', 0, '1970-01-01T00:00:00.000Z'],
  ])('epoch %s is told by its magnitude', (_, source, iso) => {
    expect(isoOf(source)).toBe(iso)
  })

  test.each([
    '',
    'yesterday',
    '2026-13-01',
    '2026-00-01',
    '2026-02-29',
    '2026-02-30T00:00:00Z',
    '2026-04-31',
    '2026-01-00',
    '2026-01-10T24:00:00Z',
    '2026-01-10T00:60:00Z',
    '2026-01-10T00:00:61Z',
    '2026-01-10T00:00:00+24:00',
    '2026-01-10T00:00:00+01:60',
    '2026-1-10',
    '10/01/2026',
    '2026-01-10Z',
    '2026-01-10T',
    ' 2026-01-10',
    '0000-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '1e9',
    '0x10',
    '+1767225600',
    '٢٠٢٦-٠١-١٠',
    // Dates without separators would pass for seconds or milliseconds.
    '2026',
    '20260110',
    '20260110120000',
  ])('%j is no time', (source) => {
    expect(isoOf(source)).toBe('refused')
  })

  test.each([1e30, Number.MAX_VALUE, null, true, [], {}])('%j is no time either', (source) => {
    expect(parseTime(source)).toBeUndefined()
  })

  test('every moment comes back from its own spelling, in any zone', () => {
    const moment = fc.integer({
      min: -62_167_219_200_000 + 86_400_000,
      max: 253_402_300_799_999 - 86_400_000,
    })
    fc.assert(
      fc.property(moment, fc.integer({ min: -1439, max: 1439 }), (ms, offset) => {
        expect(parseTime(isoTime(ms))).toEqual({ ms, assumedUtc: false })
        const zone = `${String(Math.trunc(Math.abs(offset) / 60)).padStart(2, '0')}:${String(Math.abs(offset) % 60).padStart(2, '0')}`
        const local = isoTime(ms + offset * 60_000).replace('Z', (offset < 0 ? '-' : '+') + zone)
        expect(parseTime(local)).toEqual({ ms, assumedUtc: false })
      }),
    )
  })

  test('epochs of one moment agree in every unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e11, max: 9_999_999_999_999 }), (ms) => {
        for (const source of [ms, `${ms}`, `${ms}000`, `${ms}000999`]) expect(parseTime(source)?.ms).toBe(ms)
        expect(parseTime(`${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}`)?.ms).toBe(ms)
      }),
    )
  })

  test('any text is a time or is not, without an exception', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123456789-:.TZ+ ') })),
        (text) => void parseTime(text),
      ),
    )
  })
})

describe('the time of a record', () => {
  const decision = (time: string) =>
    normalizeRecord('decision', readJson(`{"modelId":"m","prediction":1,"timestamp":${time}}`))

  test('has one spelling, and the source keeps its own beside it', () => {
    expect(decision('"2026-01-10T01:00:00+01:00"').record).toMatchObject({
      timestamp: '2026-01-10T00:00:00.000Z',
      timestampSource: '2026-01-10T01:00:00+01:00',
    })
  })

  test('a time already in that spelling has no source beside it', () => {
    expect(decision('"2026-01-10T00:00:00.000Z"').record).toEqual({
      modelId: 'm',
      prediction: 1,
      timestamp: '2026-01-10T00:00:00.000Z',
    })
  })

  test('an assumed zone is marked', () => {
    expect(decision('"2026-01-10"').record).toMatchObject({
      atAssumed: 'utc',
      timestamp: '2026-01-10T00:00:00.000Z',
      timestampSource: '2026-01-10',
    })
  })

  test('nanoseconds sent as a number keep every digit', () => {
    const { record, errors } = decision('1767225600123999999')
    expect(errors).toEqual([])
    expect(record).toMatchObject({
      timestamp: '2026-01-01T00:00:00.123Z',
      timestampSource: '1767225600123999999',
    })
    expect(record).not.toHaveProperty('coerced')
  })

  test.each([
    ['"soon"', 'bad_time'],
    ['true', 'wrong_type'],
    ['{}', 'wrong_type'],
  ])('%s refuses the record', (time, code) => {
    expect(decision(time).errors).toMatchObject([{ code, path: '/timestamp' }])
  })

  test('a source that tells another moment is not believed, but kept', () => {
    const text =
      '{"outcome":1,"decisionId":"d","at":"2026-01-10T00:00:00.000Z","atSource":"2020-01-01T00:00:00Z","atAssumed":"utc"}'
    expect(normalizeRecord('outcome', readJson(text)).record).toEqual({
      at: '2026-01-10T00:00:00.000Z',
      decisionId: 'd',
      metadata: { atSource: '2020-01-01T00:00:00Z', atAssumed: 'utc' },
      outcome: 1,
    })
  })

  test('is found under timestamp for decisions and under at for the others', () => {
    const ms = Date.UTC(2026, 0, 10)
    expect(recordTime(decision('"2026-01-10"').record)).toBe(ms)
    const outcome = '{"outcome":1,"decisionId":"d","timestamp":1768003200}'
    expect(recordTime(normalizeRecord('outcome', readJson(outcome)).record)).toBe(ms)
    expect(recordTime({})).toBeUndefined()
  })
})

describe('vectors', () => {
  const { valid, invalid } = JSON.parse(
    readFileSync(new URL('../vectors/records-times.json', import.meta.url), 'utf8'),
  ) as {
    valid: { source: string | number; ms: number; assumedUtc: boolean }[]
    invalid: { name: string; source: string | number }[]
  }

  test.each(valid)('$source', ({ source, ms, assumedUtc }) => {
    expect(parseTime(source)).toEqual({ ms, assumedUtc })
  })

  test.each(invalid)('$name is refused', ({ source }) => {
    expect(parseTime(source)).toBeUndefined()
  })
})
