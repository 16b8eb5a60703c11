import type { JsonValue } from '@deponent/format'
import { canonicalJson, readJson, utf8 } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonValue } from './arbitrary-json.ts'
import { foreignJsonFiles, foreignSuite, foreignText } from './foreign.ts'
import { codeOf } from './signer.ts'

foreignSuite('jcs', 'the vectors of RFC 8785', () => {
  test.each(foreignJsonFiles('jcs/input'))('%s', (file) => {
    const canonical = canonicalJson(readJson(foreignText(`jcs/input/${file}`)).value)
    expect(canonical).toBe(foreignText(`jcs/output/${file}`).trimEnd())
    const hex = foreignText(`jcs/outhex/${file.replace('.json', '.txt')}`).replace(/\s/g, '')
    expect(Buffer.from(utf8(canonical)).toString('hex')).toBe(hex)
  })
})

describe('canonical text', () => {
  test('reads back as the value and is its own canonical text', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = canonicalJson(value)
        const { value: read, coerced, faults } = readJson(text)
        expect({ coerced, faults }).toEqual({ coerced: [], faults: [] })
        expect(canonicalJson(read)).toBe(text)
      }),
    )
  })

  test('does not depend on the order names were written in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), jsonValue), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).toReversed())
        expect(canonicalJson(reversed)).toBe(canonicalJson(object))
      }),
    )
  })

  test('sorts names by UTF-16 code units', () => {
    const value = { '\u20ac': 1, '\r': 2, '1': 3, '\u{1f600}': 4, '\ufb33': 5, '10': 6, '9': 7, a: 8, A: 9 }
    const order = [...canonicalJson(value).matchAll(/:(\d)/g)].map(([, digit]) => Number(digit))
    expect(order).toEqual([2, 3, 6, 7, 9, 8, 1, 4, 5])
  })

  test.each([
    [0, '0'],
    [-0, '0'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [1e21, '1e+21'],
    [999999999999999900000, '999999999999999900000'],
    [1e-7, '1e-7'],
    [0.000001, '0.000001'],
    [333333333.33333325, '333333333.33333325'],
    [-1e-9, '-1e-9'],
  ])('prints %d as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  test('escapes what must be escaped and nothing else', () => {
    expect(canonicalJson('\u0000\b\t\n\u000b\f\r"\\/\u007f\u2028é😀')).toBe(
      '"\\u0000\\b\\t\\n\\u000b\\f\\r\\"\\\\/\u007f\u2028é😀"',
    )
  })

  test('keeps names the prototype has', () => {
    const { value } = readJson('{"toString":1,"__proto__":{"b":1,"a":2}}')
    expect(canonicalJson(value)).toBe('{"__proto__":{"a":2,"b":1},"toString":1}')
  })

  test.each<[string, unknown]>([
    ['number_overflow', Number.NaN],
    ['number_overflow', [Number.POSITIVE_INFINITY]],
    ['lone_surrogate', 'a\ud800'],
    ['lone_surrogate', { '\udfff': 1 }],
    ['bad_value', undefined],
    ['bad_value', { a: undefined }],
    ['bad_value', [() => 1]],
    ['bad_value', 1n],
  ])('refuses what has no canonical text: %s', (code, value) => {
    expect(codeOf(() => canonicalJson(value as JsonValue))).toBe(code)
  })

  test('refuses a value nested beyond what is ever read', () => {
    let value: JsonValue = 1
    for (let depth = 0; depth < 10_000; depth++) value = [value]
    expect(codeOf(() => canonicalJson(value))).toBe('too_deep')
  })
})
