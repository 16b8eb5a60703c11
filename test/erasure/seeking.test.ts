import { brotliCompressSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBlocks } from '../../packages/server/src/residue/column-blocks.ts'
import { lz4Block } from '../../packages/server/src/residue/lz4.ts'
import { Seeker, Stream } from '../../packages/server/src/residue/seeker.ts'
import { spellingsOf, spellingsOfBytes } from '../../packages/server/src/residue/spellings.ts'

const seekerOf = (text: string) => new Seeker([{ name: 'it', spellings: spellingsOf(text) }])
const text = fc.string({ unit: 'grapheme', minLength: 6, maxLength: 40 }).filter((it) => it.isWellFormed())

describe('a text is found', () => {
  test.each<[string, (it: string, before: string, after: string) => Uint8Array]>([
    ['as it is', (it, a, b) => Buffer.from(a + it + b)],
    ['in UTF-16', (it, a, b) => Buffer.from(a + it + b, 'utf16le')],
    ['inside JSON', (it, a, b) => Buffer.from(JSON.stringify({ [a]: [it + b] }))],
    ['in hexadecimal', (it, a, b) => Buffer.from(Buffer.from(a + it + b).toString('hex'))],
    ['inside base64', (it, a, b) => Buffer.from(Buffer.from(a + it + b).toString('base64'))],
    ['inside base64url', (it, a, b) => Buffer.from(Buffer.from(a + it + b).toString('base64url'))],
    ['in an address', (it) => Buffer.from(`/v1/subjects/${encodeURIComponent(it)}?x=1`)],
  ])('%s', (_, encode) => {
    fc.assert(
      fc.property(text, fc.string(), fc.string(), (it, before, after) => {
        expect(seekerOf(it).in(encode(it, before, after))).not.toEqual([])
      }),
    )
  })

  test('wherever the pieces it comes in are cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (it, cuts) => {
        const bytes = Buffer.from(`some before ${it} some after`)
        const stream = new Stream(seekerOf(it))
        let at = 0
        for (const cut of [...cuts, bytes.length]) {
          stream.push(bytes.subarray(at, at + cut))
          at += cut
        }
        expect(stream.found).toContain('it as text')
        expect(stream.bytes).toBe(bytes.length)
      }),
    )
  })

  test('escaped to ASCII, decomposed and composed', () => {
    const seeker = seekerOf('Zoë Ångström')
    expect(seeker.inText('"Zo\\u00EB \\u00C5ngstr\\u00F6m"')).toEqual(['it as JSON escapes'])
    expect(seeker.inText('"Zo\\u00eb \\u00c5ngstr\\u00f6m"')).toEqual(['it as JSON escapes'])
    expect(seeker.inText('Zoë Ångström'.normalize('NFD'))).toEqual(['it as text'])
  })

  test('and nothing is where it is not', () => {
    const seeker = new Seeker([
      { name: 'it', spellings: spellingsOf('person-7') },
      { name: 'handle', spellings: spellingsOfBytes('handle', new Uint8Array(16).fill(7)) },
    ])
    expect(seeker.inText('person-6 person_7 PERSON-7 person -7')).toEqual([])
    expect(seeker.in(new Uint8Array(64))).toEqual([])
    expect(seeker.in(new Uint8Array(16).fill(7))).toEqual(['handle as handle'])
  })
})

/** A block as the engine writes it, with a checksum that nobody reads. */
function block(method: number, data: Uint8Array, size: number): Buffer {
  const head = Buffer.alloc(9)
  head[0] = method
  head.writeUInt32LE(data.length + 9, 1)
  head.writeUInt32LE(size, 5)
  return Buffer.concat([head, data])
}

const checked = (bytes: Buffer): Buffer => Buffer.concat([Buffer.alloc(16, 0xcc), bytes])

/** LZ4 without a match: one run of literals. */
function lz4Literals(bytes: Uint8Array): Buffer {
  const long = bytes.length - 15
  if (long < 0) return Buffer.concat([Buffer.of(bytes.length << 4), bytes])
  const lengths = Buffer.concat([Buffer.alloc(Math.floor(long / 255), 255), Buffer.of(long % 255)])
  return Buffer.concat([Buffer.of(0xf0), lengths, bytes])
}

describe('blocks of columns', () => {
  const content = Buffer.from('a value of a column '.repeat(20))
  const zstd = zstdCompressSync(content)
  const blocks = [
    checked(block(0x02, content, content.length)),
    checked(block(0x82, lz4Literals(content), content.length)),
    checked(block(0x90, zstd, content.length)),
    checked(
      block(0x91, Buffer.concat([Buffer.of(1, 0x90), block(0x90, zstd, content.length)]), content.length),
    ),
  ]

  test('are read in every form that holds text, one behind the other', () => {
    const { contents, next } = readBlocks(Buffer.concat(blocks), true)
    expect(contents.map((each) => Buffer.from(each).toString())).toEqual(blocks.map(() => content.toString()))
    expect(next).toBe(Buffer.concat(blocks).length)
  })

  test('are found behind bytes that are none, and wait for the rest when they are cut', () => {
    const bytes = Buffer.concat([Buffer.from('statistics\x90\x82\x02'), blocks[2]!])
    expect(readBlocks(bytes, true).contents).toHaveLength(1)
    const cut = readBlocks(bytes.subarray(0, -3), false)
    expect(cut.contents).toEqual([])
    expect(readBlocks(bytes.subarray(cut.next), true).contents).toHaveLength(1)
  })

  test('never fail, whatever bytes they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...blocks), (noise, real) => {
        const damaged = Buffer.from(real)
        noise.forEach((byte, i) => (damaged[(i * 31) % damaged.length]! ^= byte))
        readBlocks(damaged, true)
        readBlocks(noise, false)
        lz4Block(noise, 200)
        lz4Block(brotliCompressSync(noise), noise.length)
      }),
    )
  })

  test('of LZ4 copy what came before, overlapping themselves', () => {
    // "ab", then ten bytes from two back, then "c".
    const bytes = Buffer.of(0x26, 0x61, 0x62, 2, 0, 0x10, 0x63)
    expect(Buffer.from(lz4Block(bytes, 13)!).toString()).toBe('ababababababc')
    expect(lz4Block(bytes, 12)).toBeUndefined()
  })
})
