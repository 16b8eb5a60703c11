import type { JsonReading } from '@deponent/format'
import { FormatError, readJson, readJsonItems, utf8 } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readJsonItemsFromBytes } from '../../packages/format/src/json/read-bytes.ts'
import { jsonValue, nearlyJson } from './arbitrary-json.ts'
import { codeOf } from './signer.ts'

const faultsOf = ({ faults }: JsonReading) => faults.map(({ code, path }) => `${code} ${path}`)

function messageOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof FormatError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('what JSON.parse reads', () => {
  test('is read the same, written any way', () => {
    fc.assert(
      fc.property(jsonValue, fc.constantFrom(undefined, 1, '\t\r\n '), (value, space) => {
        const text = JSON.stringify(value, null, space)
        const reading = readJson(text)
        expect(JSON.stringify(reading.value)).toBe(JSON.stringify(JSON.parse(text)))
        expect(reading).toMatchObject({ coerced: [], faults: [] })
      }),
    )
  })

  test('is all that is accepted', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyJson, fc.string()), (text) => {
        let valid = true
        try {
          JSON.parse(text)
        } catch {
          valid = false
        }
        expect(codeOf(() => readJson(text))).toBe(valid ? 'accepted' : 'bad_json')
      }),
      { numRuns: 20_000 },
    )
  })

  test.each([
    ['', 'bad_json: unexpected end at position 0'],
    ['{"a":1,}', 'bad_json: unexpected character at position 7'],
    ['[1 2]', 'bad_json: unexpected character at position 3'],
    ['"\\x"', 'bad_json: unexpected character at position 2'],
    ['"\u0001"', 'bad_json: unexpected character at position 1'],
    ['01', 'bad_json: unexpected character at position 1'],
    ['1.', 'bad_json: unexpected end at position 2'],
    ['nan', 'bad_json: unexpected character at position 0'],
    ['\ufeff{}', 'bad_json: unexpected character at position 0'],
    ["{'a':1}", 'bad_json: unexpected character at position 1'],
    ['{} {}', 'bad_json: unexpected character at position 3'],
  ])('a syntax error in %j is refused and its position named', (text, message) => {
    expect(messageOf(() => readJson(text))).toBe(message)
  })

  test('a million opening brackets are refused, not a stack overflow', () => {
    expect(codeOf(() => readJson('['.repeat(1_000_000)))).toBe('too_deep')
    expect(codeOf(() => readJson('{"a":'.repeat(1_000_000)))).toBe('too_deep')
    expect(codeOf(() => readJson(`${'['.repeat(512)}${']'.repeat(512)}`))).toBe('accepted')
  })
})

describe('names', () => {
  test('__proto__ and constructor are data', () => {
    const { value } = readJson('{"__proto__":{"admin":true},"constructor":1,"a":{"__proto__":2}}')
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"constructor":1,"a":{"__proto__":2}}')
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  test('a name that comes twice is a fault at its pointer, and reading goes on', () => {
    const reading = readJson('{"a":1,"b":[{"c/d":1,"c/d":2,"\\u0063/d":3}],"a":{"x":1e999}}')
    expect(faultsOf(reading)).toEqual([
      'duplicate_key /b/0/c~1d',
      'duplicate_key /b/0/c~1d',
      'duplicate_key /a',
      'number_overflow /a/x',
    ])
    expect(reading.value).toEqual({ a: { x: '1e999' }, b: [{ 'c/d': 3 }] })
  })

  test('two names that only look alike are two names', () => {
    expect(faultsOf(readJson('{"\u00e9":1,"e\u0301":2}'))).toEqual([])
  })
})

describe('text', () => {
  test('half a surrogate pair is a fault, escaped or raw, in a value or a name', () => {
    expect(faultsOf(readJson('{"a":"\\ud83d"}'))).toEqual(['lone_surrogate /a'])
    expect(faultsOf(readJson('{"a":["x","\ude00"]}'))).toEqual(['lone_surrogate /a/1'])
    expect(faultsOf(readJson('{"a":{"\\udc00":1}}'))).toEqual(['lone_surrogate /a'])
    expect(faultsOf(readJson('"\\ude00\\ud83d"'))).toEqual(['lone_surrogate '])
  })

  test('a pair is text, raw or escaped, but not half and half: no UTF-8 holds a raw half', () => {
    for (const text of ['"😀"', '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"']) {
      expect(readJson(text)).toEqual({ value: '😀', coerced: [], faults: [] })
    }
    expect(faultsOf(readJson('"\\ud83d\ude00"'))).toEqual(['lone_surrogate '])
  })

  test('text is never normalised', () => {
    expect(readJson('"A\\u030a"').value).toBe('A\u030a')
  })

  test('a pointer that leads through half a character is still text', () => {
    const [fault] = readJson('{"\\ud800":[1e999]}').faults.slice(1)
    expect(fault?.path).toBe('/\ufffd/0')
  })
})

describe('numbers', () => {
  test.each([
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['0.30000000000000004', 0.30000000000000004],
    ['333333333.33333329', 333333333.3333333],
    ['1.0000000000000000000000', 1],
    ['0.00000000000000000000000000000012', 1.2e-31],
    ['1e21', 1e21],
    ['1E-7', 1e-7],
    ['5e-324', 5e-324],
    ['-0', 0],
    ['-0.0e5', 0],
    ['0e999', 0],
  ])('%s is the number it says', (text, value) => {
    expect(readJson(text)).toEqual({ value, coerced: [], faults: [] })
  })

  test.each([
    '9007199254740992',
    '-9007199254740993',
    '1767225600000000001',
    `1${'0'.repeat(400)}`,
    '0.123456789012345678',
    '123456789.1234567891',
    '1.00000000000000000001e5',
    '1e-400',
  ])('%s does not fit a double and stays its text', (text) => {
    expect(readJson(`{"n":[0,${text}]}`)).toEqual({ value: { n: [0, text] }, coerced: ['/n/1'], faults: [] })
  })

  test('every integer is itself or its text, and never another integer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (integer) => {
        const { value, coerced } = readJson(`${integer}`)
        const safe = integer >= -(2n ** 53n) + 1n && integer <= 2n ** 53n - 1n
        expect(value).toBe(safe ? Number(integer) : `${integer}`)
        expect(coerced).toEqual(safe ? [] : [''])
      }),
    )
  })

  test('every decimal of up to 17 digits is read as JSON.parse reads it', () => {
    const decimal = fc
      .tuple(fc.bigInt({ min: 1n, max: 10n ** 17n - 1n }), fc.nat(17), fc.integer({ min: -300, max: 280 }))
      .map(([digits, point, exponent]) => {
        const text = `${digits}`.padStart(point + 1, '0')
        return `${text.slice(0, text.length - point)}.${text.slice(text.length - point) || '0'}e${exponent}`
      })
    fc.assert(
      fc.property(decimal, fc.boolean(), (text, withExponent) => {
        const literal = withExponent ? text : text.slice(0, text.indexOf('e'))
        expect(readJson(literal)).toEqual({ value: JSON.parse(literal), coerced: [], faults: [] })
      }),
      { numRuns: 2_000 },
    )
  })

  test('what overflows, and what is no number, are faults at their pointers', () => {
    const reading = readJson('{"a":1e400,"b":[-1e400,NaN],"c":-Infinity,"d":Infinity}')
    expect(faultsOf(reading)).toEqual([
      'number_overflow /a',
      'number_overflow /b/0',
      'bad_json /b/1',
      'bad_json /c',
      'bad_json /d',
    ])
  })
})

describe('batches', () => {
  test('an array is one reading per element, each with its own pointers and faults', () => {
    const readings = readJsonItems('[{"a":1e999},{"a":NaN,"b":12345678901234567890},3,[{"c":"\\ud800"}]]')
    expect(readings.map(faultsOf)).toEqual([
      ['number_overflow /a'],
      ['bad_json /a'],
      [],
      ['lone_surrogate /0/c'],
    ])
    expect(readings.map(({ coerced }) => coerced)).toEqual([[], ['/b'], [], []])
  })

  test('anything but an array is one reading', () => {
    expect(readJsonItems(' {"a":[1]} ')).toEqual([{ value: { a: [1] }, coerced: [], faults: [] }])
    expect(readJsonItems('[ ]')).toEqual([])
    expect(codeOf(() => readJsonItems('[{},]'))).toBe('bad_json')
  })

  test('an array reads as its elements do alone', () => {
    fc.assert(
      fc.property(fc.array(jsonValue, { maxLength: 4 }), (values) => {
        const readings = readJsonItems(JSON.stringify(values))
        const alone = values.map((value) => readJson(JSON.stringify(value)))
        expect(JSON.stringify(readings)).toBe(JSON.stringify(alone))
      }),
    )
  })

  test('faults are counted up to a limit, coerced numbers beyond what a record may hold', () => {
    const [many] = readJsonItems(`[[${'1e999,'.repeat(1_000)}1]]`)
    expect(many?.faults).toHaveLength(64)
    const [long] = readJsonItems(`[[${'12345678901234567890,'.repeat(5_000)}1]]`)
    expect(long?.coerced).toHaveLength(4_097)
  })
})

describe('bytes', () => {
  const bytesOf = (...parts: (string | number[])[]) =>
    new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))))

  test('bad UTF-8 is laid at the door of the record it is in', () => {
    const readings = readJsonItemsFromBytes(bytesOf('[{"a":"é"},{"b":["x', [0xff], '"]},{"c":"😀"}]'))
    expect(readings.map(faultsOf)).toEqual([[], ['bad_utf8 /b/0'], []])
    expect(readings[2]?.value).toEqual({ c: '😀' })
  })

  test('bad bytes that would complete an escaped half are still bad', () => {
    expect(readJsonItemsFromBytes(bytesOf('["\\ud83d', [0x80], '"]')).map(faultsOf)).toEqual([['bad_utf8 ']])
  })

  test.each([
    ['an overlong form', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
    ['a stray continuation', [0x80]],
  ])('%s is not UTF-8', (_, bad) => {
    expect(readJsonItemsFromBytes(bytesOf('["', bad, '"]')).map(faultsOf)).toEqual([['bad_utf8 ']])
  })

  test('a text of bad bytes is refused whole', () => {
    expect(codeOf(() => readJsonItemsFromBytes(bytesOf('["', Array(2_000).fill(0xff), '"]')))).toBe(
      'bad_utf8',
    )
  })

  test('any bytes are read, or refused with a typed error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), nearlyJson.map(utf8)), (bytes) => {
        expect(['accepted', 'bad_json', 'bad_utf8']).toContain(codeOf(() => readJsonItemsFromBytes(bytes)))
      }),
      { numRuns: 2_000 },
    )
  })
})
