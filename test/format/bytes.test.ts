import {
  concatBytes,
  equalBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  toBase64,
  toHex,
  u64be,
  utf8,
} from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from './signer.ts'

const anyBytes = fc.uint8Array({ maxLength: 200 })

describe('base64', () => {
  test('writes what everybody writes and reads it back', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      }),
    )
  })

  test('a text it reads is the only text of those bytes', () => {
    const likely = fc.string({ unit: fc.constantFrom(...'ABgz019+/=') })
    fc.assert(
      fc.property(likely, (text) => {
        if (codeOf(() => fromBase64(text)) === 'accepted') expect(toBase64(fromBase64(text))).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    'A',
    'AA',
    'AAA',
    'AB==',
    'AAB=',
    '====',
    'A===',
    'AA=A',
    'AA==AAAA',
    'AA-_',
    'AA ==',
    'AAAA\n',
    'éAAA',
  ])('refuses %j', (text) => {
    expect(codeOf(() => fromBase64(text))).toBe('bad_base64')
  })
})

describe('hex', () => {
  test('writes lower case and reads it back', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
        expect(fromHex(toHex(bytes))).toEqual(bytes)
      }),
    )
  })

  test.each(['0', 'AB', '0x00', 'zz', ' 00', '00\n'])('refuses %j', (text) => {
    expect(codeOf(() => fromHex(text))).toBe('bad_hex')
  })
})

describe('UTF-8', () => {
  test('every well-formed text survives, a byte order mark included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text)
      }),
    )
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  })

  test('half a character is refused in both directions', () => {
    expect(codeOf(() => utf8('\ud800'))).toBe('bad_utf8')
    expect(codeOf(() => fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80)))).toBe('bad_utf8')
    expect(codeOf(() => fromUtf8(Uint8Array.of(0xc0, 0x80)))).toBe('bad_utf8')
  })
})

test('u64be writes big-endian beyond 32 bits', () => {
  expect(toHex(u64be(0))).toBe('0000000000000000')
  expect(toHex(u64be(1_795_000_000_000))).toBe('000001a1ee565e00')
  expect(toHex(u64be(Number.MAX_SAFE_INTEGER))).toBe('001fffffffffffff')
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) expect(codeOf(() => u64be(bad))).toBe('bad_integer')
})

test('bytes are joined and compared by content', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (a, b) => {
      const joined = concatBytes(a, b)
      expect(joined).toHaveLength(a.length + b.length)
      expect(equalBytes(joined.subarray(0, a.length), a)).toBe(true)
      expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b))
    }),
  )
})
