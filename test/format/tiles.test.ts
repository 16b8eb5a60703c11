import {
  consistencyProof,
  decodeEntryTile,
  decodeHashTile,
  encodeEntryTile,
  encodeHashTile,
  inclusionProof,
  parseTilePath,
  partialWidth,
  rootOf,
  tileNodes,
  tilePath,
  tileWidth,
  verifyConsistency,
  verifyInclusion,
} from '@deponent/format'
import type { TileFetch } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leavesOf, referenceConsistency, referencePath, referenceRoot } from './reference-tree.ts'
import { codeOf } from './signer.ts'

describe('tile paths', () => {
  test.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 999, 256, 'tile/0/999'],
    [0, 1000, 256, 'tile/0/x001/000'],
    [0, 1_234_067, 256, 'tile/0/x001/x234/067'],
    [63, 5, 1, 'tile/63/005.p/1'],
    ['entries', 273, 112, 'tile/entries/273.p/112'],
    [1, 0, 255, 'tile/1/000.p/255'],
    [0, Number.MAX_SAFE_INTEGER, 256, 'tile/0/x009/x007/x199/x254/x740/991'],
  ] as const)('level %s, number %d, width %d is %s', (level, n, width, path) => {
    expect(tilePath(level, n, width)).toBe(path)
    expect(parseTilePath(path)).toEqual({ level, n, width })
  })

  test('every tile has one path and comes back from it', () => {
    const level = fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 }))
    fc.assert(
      fc.property(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }), (level, n, width) => {
        expect(parseTilePath(tilePath(level, n, width))).toEqual({ level, n, width })
      }),
    )
  })

  test.each([
    '',
    'tile/0',
    'tile/0/0',
    'tile/0/0000',
    'tile/00/000',
    'tile/01/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/000',
    'tile/0/x001',
    'tile/0/001/000',
    'tile/0/x01/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/../000',
    'tile/data/000',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x999/x999/x999/x999/x999/x999/999',
    'tile/0/000\n',
  ])('refuses %j', (path) => {
    expect(codeOf(() => parseTilePath(path))).toBe('bad_tile_path')
  })

  test('no path is made of what is no tile', () => {
    for (const [level, n, width] of [
      [64, 0, 256],
      [-1, 0, 256],
      [0, -1, 256],
      [0, 0.5, 256],
      [0, 0, 0],
      [0, 0, 257],
    ]) {
      expect(codeOf(() => tilePath(level!, n!, width))).toBe('bad_tile_path')
    }
  })
})

describe('tile widths', () => {
  test('70,000 leaves leave 112, 17 and 1 in the last tiles', () => {
    expect([0, 1, 2, 3, 63].map((level) => partialWidth(level, 70_000))).toEqual([112, 17, 1, 0, 0])
    expect(partialWidth('entries', 70_000)).toBe(112)
    expect([tileWidth(0, 272, 70_000), tileWidth(0, 273, 70_000), tileWidth(0, 274, 70_000)]).toEqual([
      256, 112, 0,
    ])
  })

  test('256 leaves are one full tile and one hash above it', () => {
    expect([partialWidth(0, 256), partialWidth(1, 256), tileWidth(0, 0, 256), tileWidth(1, 0, 256)]).toEqual([
      0, 1, 256, 1,
    ])
  })

  test('full tiles and the partial one hold every hash of the level', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 7 }), (size, level) => {
        const hashes = BigInt(size) / 256n ** BigInt(level)
        expect(BigInt(partialWidth(level, size))).toBe(hashes % 256n)
      }),
    )
  })
})

describe('entry tiles', () => {
  test('entries of any length come back', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 }), (entries) => {
        expect(decodeEntryTile(encodeEntryTile(entries))).toEqual(entries)
      }),
      { numRuns: 50 },
    )
    const longest = new Uint8Array(65_535).fill(7)
    expect(decodeEntryTile(encodeEntryTile([longest]))).toEqual([longest])
  })

  test('an entry too long for its length, and a 257th entry, are refused', () => {
    expect(codeOf(() => encodeEntryTile([new Uint8Array(65_536)]))).toBe('bad_entry_tile')
    const empty = Array.from({ length: 257 }, () => new Uint8Array(0))
    expect(codeOf(() => encodeEntryTile(empty))).toBe('bad_entry_tile')
    expect(codeOf(() => decodeEntryTile(new Uint8Array(2 * 257)))).toBe('bad_entry_tile')
  })

  test('a tile cut off anywhere inside an entry is refused', () => {
    const tile = encodeEntryTile([Uint8Array.of(1, 2, 3), Uint8Array.of(4)])
    const whole = new Set([0, 5, 8])
    for (let length = 0; length <= tile.length; length++) {
      const code = codeOf(() => decodeEntryTile(tile.subarray(0, length)))
      expect([length, code]).toEqual([length, whole.has(length) ? 'accepted' : 'bad_entry_tile'])
    }
  })
})

describe('hash tiles', () => {
  test('hashes come back; half a hash and a 257th are refused', () => {
    const hashes = leavesOf(256)
    expect(decodeHashTile(encodeHashTile(hashes))).toEqual(hashes)
    expect(codeOf(() => decodeHashTile(new Uint8Array(33)))).toBe('bad_hash_tile')
    expect(codeOf(() => decodeHashTile(new Uint8Array(257 * 32)))).toBe('bad_hash_tile')
    expect(codeOf(() => encodeHashTile([...hashes, hashes[0]!]))).toBe('bad_hash_tile')
    expect(codeOf(() => encodeHashTile([new Uint8Array(31)]))).toBe('bad_hash')
  })
})

describe('proofs out of tiles', () => {
  const leaves = leavesOf(70_000)
  const subtrees = Array.from({ length: 273 }, (_, n) => referenceRoot(leaves.slice(n * 256, (n + 1) * 256)))
  const tops = [referenceRoot(subtrees.slice(0, 256))]
  const levels = [leaves, subtrees, tops]
  const stored: TileFetch = (level, n, width) =>
    encodeHashTile((levels[level] ?? []).slice(n * 256, n * 256 + width))

  test('a ledger of 70,000 proves leaves and growth through tiles of three levels', async () => {
    const size = 70_000
    const root = rootOf(leaves)
    for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_999]) {
      const proof = await inclusionProof(index, size, tileNodes(size, stored))
      expect(proof).toEqual(referencePath(index, leaves))
      expect(verifyInclusion(leaves[index]!, index, size, proof, root)).toBe(true)
    }
    for (const size1 of [1, 256, 65_536, 65_537, 69_999]) {
      const proof = await consistencyProof(size1, size, tileNodes(size, stored))
      expect(proof).toEqual(referenceConsistency(size1, leaves))
      expect(verifyConsistency(size1, size, rootOf(leaves.slice(0, size1)), root, proof)).toBe(true)
    }
  })

  test('each tile is fetched once, with the width its size calls for', async () => {
    const fetched: string[] = []
    const counting: TileFetch = (level, n, width) => {
      fetched.push(tilePath(level, n, width))
      return stored(level, n, width)
    }
    await inclusionProof(65_536, 70_000, tileNodes(70_000, counting))
    expect(fetched.sort()).toEqual(['tile/0/256', 'tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1'])
  })

  test('a full tile serves in place of the partial one, a shorter one does not', async () => {
    const longer: TileFetch = (level, n) => stored(level, n, 256)
    expect(await inclusionProof(5, 300, tileNodes(300, longer))).toEqual(
      referencePath(5, leaves.slice(0, 300)),
    )
    const shorter: TileFetch = (level, n, width) => stored(level, n, width - 1)
    await expect(inclusionProof(5, 300, tileNodes(300, shorter))).rejects.toMatchObject({
      code: 'bad_hash_tile',
    })
  })

  test('a subtree outside the tree is refused', async () => {
    await expect(tileNodes(300, stored)(3, 64)).rejects.toMatchObject({ name: 'FormatError' })
    await expect(tileNodes(300, stored)(8, 1)).rejects.toMatchObject({ name: 'FormatError' })
  })
})
