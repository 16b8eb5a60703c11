import {
  CompactRange,
  consistencyProof,
  EMPTY_ROOT,
  FormatError,
  hashLeaf,
  hashNode,
  inclusionPath,
  inclusionPaths,
  inclusionProof,
  perfectSubtrees,
  rootFromInclusion,
  rootOf,
  sha256,
  toHex,
  utf8,
  verifyConsistency,
  verifyInclusion,
} from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  leavesOf,
  nodeOf,
  referenceConsistency,
  referenceLeaf,
  referencePath,
  referenceRoot,
} from './reference-tree.ts'

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 255, 256, 257, 300]
const LEAVES = leavesOf(300)

describe('hashes', () => {
  test('leaf, node and empty root are those of RFC 6962', () => {
    expect(toHex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(EMPTY_ROOT).toEqual(sha256(new Uint8Array(0)))
    expect(toHex(hashLeaf(new Uint8Array(0)))).toMatch(/^6e340b9c.*a01d$/)
    expect(toHex(hashLeaf(utf8('L123456')))).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    )
  })

  test('a leaf can not be passed off as a node', () => {
    const [left, right] = [LEAVES[0]!, LEAVES[1]!]
    expect(hashLeaf(new Uint8Array([...left, ...right]))).not.toEqual(hashNode(left, right))
  })

  test('a node of anything but two 32-byte hashes is refused', () => {
    expect(() => hashNode(utf8('N123'), utf8('N456'))).toThrow(FormatError)
  })

  test('a hash that was given out does not change with the next one', () => {
    const first = hashNode(LEAVES[0]!, LEAVES[1]!)
    const copy = first.slice()
    hashNode(LEAVES[2]!, LEAVES[3]!)
    expect(first).toEqual(copy)
  })
})

describe('roots', () => {
  test.each(SIZES)('the root of %i leaves is that of the definition', (size) => {
    const leaves = LEAVES.slice(0, size)
    expect(rootOf(leaves)).toEqual(referenceRoot(leaves))
    expect(inclusionPaths(leaves).root).toEqual(referenceRoot(leaves))
  })

  test('the entries of a tree hash as the definition says', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (entry) => {
        expect(hashLeaf(entry)).toEqual(referenceLeaf(entry))
      }),
    )
  })
})

describe('compact range', () => {
  test('appending one leaf at a time gives the root of every size on the way', () => {
    const range = CompactRange.empty()
    for (let size = 0; size <= LEAVES.length; size++) {
      if (size % 7 === 0) expect(range.root()).toEqual(referenceRoot(LEAVES.slice(0, size)))
      expect(range.size).toBe(size)
      if (size < LEAVES.length) range.append(LEAVES[size]!)
    }
  })

  test('appending many leaves at once changes nothing, wherever they are split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(70), { maxLength: 5 }), (pieces) => {
        const range = CompactRange.empty()
        let size = 0
        for (const piece of pieces) {
          range.appendAll(LEAVES.slice(size, size + piece))
          size = Math.min(size + piece, LEAVES.length)
        }
        expect(range.size).toBe(size)
        expect(range.root()).toEqual(referenceRoot(LEAVES.slice(0, size)))
      }),
    )
  })

  test('appending the root of a subtree in its place is appending its leaves, and elsewhere it is refused', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(5), (size, level) => {
        const leaves = 2 ** level
        const range = CompactRange.empty()
        range.appendAll(LEAVES.slice(0, size))
        const append = (): void => range.appendSubtree(rootOf(LEAVES.slice(size, size + leaves)), leaves)
        if (size % leaves !== 0) {
          expect(append).toThrow(FormatError)
          return
        }
        append()
        expect(range.size).toBe(size + leaves)
        expect(range.root()).toEqual(referenceRoot(LEAVES.slice(0, size + leaves)))
        expect(() => range.appendSubtree(LEAVES[0]!, 3)).toThrow(FormatError)
      }),
    )
  })

  test('stopping anywhere and going on from the saved hashes changes nothing', () => {
    fc.assert(
      fc.property(fc.nat(120), fc.nat(120), (first, more) => {
        const whole = CompactRange.empty()
        for (const leaf of LEAVES.slice(0, first)) whole.append(leaf)
        const resumed = CompactRange.of(whole.size, whole.hashes())
        for (const leaf of LEAVES.slice(first, first + more)) resumed.append(leaf)
        expect(resumed.root()).toEqual(rootOf(LEAVES.slice(0, first + more)))
        expect(whole.root()).toEqual(rootOf(LEAVES.slice(0, first)))
      }),
      { numRuns: 40 },
    )
  })

  test('a copy and its original go their own ways', () => {
    const range = CompactRange.of(1, [LEAVES[0]!])
    const copy = range.clone()
    copy.append(LEAVES[1]!)
    range.hashes().pop()
    expect([range.size, copy.size]).toEqual([1, 2])
    expect(range.root()).toEqual(LEAVES[0])
  })

  test.each([
    ['too few hashes', 3, [LEAVES[0]!]],
    ['too many hashes', 2, [LEAVES[0]!, LEAVES[1]!]],
    ['a hash of the wrong width', 1, [new Uint8Array(31)]],
    ['a negative size', -1, []],
    ['a size beyond 2^53-1', 2 ** 53, [LEAVES[0]!]],
  ])('refuses %s', (_, size, hashes) => {
    expect(() => CompactRange.of(size, hashes)).toThrow(FormatError)
  })

  test('refuses to grow beyond 2^53-1 leaves', () => {
    const full = CompactRange.of(
      Number.MAX_SAFE_INTEGER,
      Array.from({ length: 53 }, () => LEAVES[0]!),
    )
    expect(() => full.append(LEAVES[0]!)).toThrow(FormatError)
    expect(full.size).toBe(Number.MAX_SAFE_INTEGER)
    expect(full.root()).toHaveLength(32)
  })
})

describe('inclusion', () => {
  test.each(SIZES.filter((size) => size > 0))('every leaf of a tree of %i has a proof', async (size) => {
    const leaves = LEAVES.slice(0, size)
    const root = referenceRoot(leaves)
    const { paths } = inclusionPaths(leaves)
    for (let index = 0; index < size; index += size > 64 ? 13 : 1) {
      const expected = referencePath(index, leaves)
      expect(inclusionPath(index, leaves)).toEqual(expected)
      expect(paths[index]).toEqual(expected)
      expect(await inclusionProof(index, size, nodeOf(leaves))).toEqual(expected)
      expect(verifyInclusion(leaves[index]!, index, size, expected, root)).toBe(true)
      expect(rootFromInclusion(leaves[index]!, index, size, expected)).toEqual(root)
    }
  })

  test('a proof shows no other leaf, index, size or root', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat(), (size, seed, other) => {
        const leaves = LEAVES.slice(0, size)
        const index = seed % size
        const proof = inclusionPath(index, leaves)
        const root = rootOf(leaves)
        const wrong = other % size
        expect(verifyInclusion(leaves[wrong]!, wrong, size, proof, root)).toBe(wrong === index)
        expect(verifyInclusion(leaves[index]!, wrong, size, proof, root)).toBe(wrong === index)
        expect(verifyInclusion(leaves[index]!, index, size, proof, rootOf(leaves.slice(1)))).toBe(false)
        expect(verifyInclusion(leaves[index]!, index, size, proof.slice(1), root)).toBe(false)
        expect(verifyInclusion(leaves[index]!, index, size, [...proof, root], root)).toBe(false)
      }),
    )
  })

  test('one flipped bit anywhere in a proof is noticed', () => {
    const proof = inclusionPath(77, LEAVES)
    const root = rootOf(LEAVES)
    fc.assert(
      fc.property(fc.nat(proof.length - 1), fc.nat(255), (at, bit) => {
        const changed = proof.map((hash) => hash.slice())
        changed[at]![bit >> 3]! ^= 1 << (bit & 7)
        expect(verifyInclusion(LEAVES[77]!, 77, 300, changed, root)).toBe(false)
      }),
    )
  })

  test.each([
    [-1, 3],
    [3, 3],
    [0.5, 3],
    [0, 2 ** 53],
    [2 ** 53, 2 ** 53 + 2],
    [Number.NaN, 3],
    [0, Number.POSITIVE_INFINITY],
  ])('index %d of size %d is no place in a tree', async (index, size) => {
    expect(verifyInclusion(LEAVES[0]!, index, size, [], LEAVES[0]!)).toBe(false)
    expect(() => rootFromInclusion(LEAVES[0]!, index, size, [])).toThrow(FormatError)
    await expect(inclusionProof(index, size, nodeOf(LEAVES))).rejects.toThrow(FormatError)
  })

  test('the largest tree has a proof of 53 hashes for its first leaf', async () => {
    const size = Number.MAX_SAFE_INTEGER
    const proof = await inclusionProof(0, size, (level, index) => hashLeaf(utf8(`${level}/${index}`)))
    expect(proof).toHaveLength(53)
    const root = rootFromInclusion(LEAVES[0]!, 0, size, proof)
    expect(verifyInclusion(LEAVES[0]!, 0, size, proof, root)).toBe(true)
    expect(verifyInclusion(LEAVES[0]!, 1, size, proof, root)).toBe(false)
  })
})

describe('consistency', () => {
  test('every tree up to 40 leaves is shown to extend every smaller one', async () => {
    for (let size2 = 1; size2 <= 40; size2++) {
      const leaves = LEAVES.slice(0, size2)
      for (let size1 = 1; size1 <= size2; size1++) {
        const proof = await consistencyProof(size1, size2, nodeOf(leaves))
        const [root1, root2] = [rootOf(leaves.slice(0, size1)), rootOf(leaves)]
        expect(proof).toEqual(referenceConsistency(size1, leaves))
        expect(verifyConsistency(size1, size2, root1, root2, proof)).toBe(true)
        expect(verifyConsistency(size1, size2, root2, root1, proof)).toBe(size1 === size2)
      }
    }
  })

  test('a tree that changed any leaf is not an extension, whatever proof it offers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 120 }), fc.nat(), fc.nat(), async (size2, a, b) => {
        const size1 = 1 + (a % (size2 - 1))
        const honest = LEAVES.slice(0, size2)
        const forged = honest.with(b % size1, LEAVES[299]!)
        const proof = await consistencyProof(size1, size2, nodeOf(forged))
        const root1 = rootOf(honest.slice(0, size1))
        expect(verifyConsistency(size1, size2, root1, rootOf(forged), proof)).toBe(false)
      }),
    )
  })

  test('a proof from the empty tree is empty and shows nothing', async () => {
    expect(await consistencyProof(0, 5, nodeOf(LEAVES))).toEqual([])
    expect(verifyConsistency(0, 5, EMPTY_ROOT, rootOf(LEAVES.slice(0, 5)), [])).toBe(false)
    expect(verifyConsistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])).toBe(true)
  })

  test('a ledger can not shrink', async () => {
    await expect(consistencyProof(6, 5, nodeOf(LEAVES))).rejects.toThrow(FormatError)
    expect(verifyConsistency(6, 5, LEAVES[0]!, LEAVES[1]!, [LEAVES[2]!])).toBe(false)
  })

  test('random hashes prove nothing and do no harm', () => {
    const hash = fc.uint8Array({ minLength: 0, maxLength: 33 })
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.array(hash, { maxLength: 70 }), hash, (a, b, proof, root) => {
        expect(verifyConsistency(a, b, root, LEAVES[0]!, proof)).toBe(false)
        expect(verifyInclusion(LEAVES[0]!, a, b, proof, root)).toBe(false)
      }),
    )
  })
})

test('perfect subtrees cover a range exactly, largest first', () => {
  expect(perfectSubtrees({ start: 0, end: 7 })).toEqual([
    { level: 2, index: 0 },
    { level: 1, index: 2 },
    { level: 0, index: 6 },
  ])
  expect(perfectSubtrees({ start: 8, end: 11 })).toEqual([
    { level: 1, index: 4 },
    { level: 0, index: 10 },
  ])
})
