import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FormatError, fromHex, toHex, utf8 } from '@deponent/format'
import {
  decodeText,
  DICTIONARY,
  encodeText,
  LEARNED as LEARNED_CODING,
  MIXED,
} from '../../packages/server/src/vault/coding.ts'
import { Mixing } from '../../packages/server/src/vault/mixing.ts'
import { MIXING_WASM } from '../../packages/server/src/vault/mixing.wasm.ts'
import { PROSE } from '../../packages/server/src/vault/prose.ts'
import { compile, MIXING_MODULE, placeOf, wasmModuleSource } from '../../tools/build-wasm.ts'

const LEARNED = { number: 513, bytes: utf8('{"feature_of_the_sender":,"another":"') }
const dictionaryOf = (number: number): Uint8Array | undefined =>
  number === LEARNED.number ? LEARNED.bytes : undefined

describe('payload codings', () => {
  test('every text comes back as it was, short, long, compressible or not', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 400 }),
        fc.integer({ min: 1, max: 40 }),
        (part, times) => {
          const text = part.repeat(times)
          for (const dictionary of [undefined, LEARNED]) {
            const { coding, bytes } = encodeText(text, { dictionary })
            expect(decodeText(coding, bytes, dictionaryOf)).toBe(text)
          }
        },
      ),
    )
  })

  test('the dictionary fits the small window and says nothing about anybody', () => {
    expect(DICTIONARY.length).toBeLessThan(4_096)
    expect(new TextDecoder().decode(DICTIONARY)).not.toMatch(/@|\d{5,}/)
  })

  test('the dictionary and the prose are those whose digests the format names', async () => {
    const format = await readFile(new URL('../../docs/format.md', import.meta.url), 'utf8')
    for (const fixed of [DICTIONARY, PROSE])
      expect(format).toContain(createHash('sha256').update(fixed).digest('hex'))
  })

  test('bytes of no coding are a typed error, never a crash', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 127 }), fc.uint8Array({ maxLength: 300 }), (coding, bytes) => {
        try {
          decodeText(coding, bytes, dictionaryOf)
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }),
    )
  })
})

/** Some kilobytes of words in no order that a repetition could be found in. */
const prose = (seed: number, words: number): string => {
  const list =
    'reading room open desk loan letter card number seldom because answer question however although'.split(
      ' ',
    )
  let state = seed
  return Array.from({ length: words }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return list[(state >> 12) % list.length]
  }).join(' ')
}

describe('context mixing', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../vectors/payload-codings.json', import.meta.url), 'utf8'),
  ) as {
    coding: number
    dictionary: { number: number; text: string }
    valid: { name: string; text: string; coded: string }[]
    invalid: { name: string; coded: string }[]
  }
  const dictionary = utf8(vectors.dictionary.text)
  const known = (number: number): Uint8Array | undefined =>
    number === vectors.dictionary.number ? dictionary : undefined

  test.each(vectors.valid)('$name is read and written as in the vectors', ({ text, coded }) => {
    expect(decodeText(MIXED, fromHex(coded), known)).toBe(text)
    expect(toHex(new Mixing(dictionary).encode(utf8(text))!)).toBe(coded.slice(8))
  })

  test.each(vectors.invalid)('$name is refused', ({ coded }) => {
    expect(() => decodeText(MIXED, fromHex(coded), known)).toThrow(FormatError)
  })

  test('is how prose of some kilobytes is coded with a learned dictionary, and shorter than without', () => {
    const text = prose(1, 700)
    const unhurried = encodeText(text, { dictionary: LEARNED })
    const hurried = encodeText(text, { dictionary: LEARNED, isHurried: true })
    expect([unhurried.coding, hurried.coding]).toEqual([MIXED, LEARNED_CODING])
    expect(unhurried.bytes.length).toBeLessThan(hurried.bytes.length * 0.9)
    for (const { coding, bytes } of [unhurried, hurried])
      expect(decodeText(coding, bytes, dictionaryOf)).toBe(text)
  })

  test('is not taken for texts that are short or very long', () => {
    for (const words of [100, 6_000])
      expect(encodeText(prose(2, words), { dictionary: LEARNED }).coding).toBe(LEARNED_CODING)
  })

  test('every text comes back from it, and one says nothing about the next', () => {
    const mixing = new Mixing(LEARNED.bytes)
    const first = mixing.encode(utf8(prose(3, 300)))!
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.integer({ min: 1, max: 10 }), (part, times) => {
        const text = Uint8Array.from(Array.from({ length: times }, () => [...part]).flat())
        const coded = mixing.encode(text)!
        expect(mixing.decode(coded, text.length)).toEqual(text)
      }),
      { numRuns: 60 },
    )
    expect(mixing.encode(utf8(prose(3, 300)))).toEqual(first)
  })

  test('the model is as it was primed for each of 70,000 texts', () => {
    const mixing = new Mixing(LEARNED.bytes)
    const text = utf8('What is needed for that is your card.')
    const first = mixing.encode(text)!
    for (let i = 0; i < 70_000; i += 1) mixing.encode(text.subarray(0, 1))
    expect(mixing.encode(text)).toEqual(first)
  })

  test('bytes that nobody encoded give some text or none, and leave the model whole', () => {
    const mixing = new Mixing(LEARNED.bytes)
    const text = utf8(prose(4, 200))
    const coded = mixing.encode(text)!
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 40_000 }), (bytes, length) => {
        const decoded = mixing.decode(bytes, length)
        if (decoded) expect(decoded).toHaveLength(length)
      }),
      { numRuns: 60 },
    )
    expect(mixing.decode(coded, text.length)).toEqual(text)
  })

  test('the committed WebAssembly is what its source compiles to, imports nothing and cannot grow', async () => {
    const binary = await compile(MIXING_MODULE)
    expect(readFileSync(placeOf(MIXING_MODULE.generated), 'utf8')).toBe(
      wasmModuleSource(MIXING_MODULE, binary),
    )
    const module = new WebAssembly.Module(Buffer.from(MIXING_WASM, 'base64'))
    expect(WebAssembly.Module.imports(module)).toEqual([])
    const memory = new WebAssembly.Instance(module).exports['memory'] as WebAssembly.Memory
    expect(() => memory.grow(1)).toThrow(RangeError)
  })
})
