import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FormatError, utf8 } from '@deponent/format'
import { decodeText, DICTIONARY, encodeText } from '../../packages/server/src/vault/coding.ts'

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
            const { coding, bytes } = encodeText(text, dictionary)
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

  test('the dictionary is the one whose digest the format names', async () => {
    const format = await readFile(new URL('../../docs/format.md', import.meta.url), 'utf8')
    expect(format).toContain(createHash('sha256').update(DICTIONARY).digest('hex'))
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
