import { createHash } from 'node:crypto'
import { erasureSet, openedSetRoot, partDigest, type SetOpening, toHex, u64be } from '@deponent/format'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const digest = (seed: number, what: string, n: number): Uint8Array =>
  createHash('sha256').update(`${seed}/${what}`).update(u64be(n)).digest()
const secretsOf = (seed: number) => ({
  saltOf: (index: number) => digest(seed, 'salt', index).subarray(0, 16),
  paddingOf: (n: number) => digest(seed, 'padding', n),
})
const indices = fc.uniqueArray(fc.nat({ max: 2 ** 40 }), { maxLength: 70 })

test('each member of an erasure set opens to its root, and to no other index', () => {
  fc.assert(
    fc.property(indices, fc.nat(), (members, seed) => {
      const { root, openings } = erasureSet(members, secretsOf(seed))
      expect([...openings.keys()].toSorted((a, b) => a - b)).toEqual(members.toSorted((a, b) => a - b))
      for (const [index, opening] of openings) {
        expect(toHex(openedSetRoot(opening, index)!)).toBe(toHex(root))
        expect(toHex(openedSetRoot(opening, index + 1)!)).not.toBe(toHex(root))
      }
    }),
  )
})

test('a part of a payload opens to the root of its set, and never as another part or as the whole', () => {
  const parts = fc.uniqueArray(fc.tuple(fc.nat({ max: 50 }), fc.nat()), {
    selector: String,
    minLength: 1,
    maxLength: 20,
  })
  fc.assert(
    fc.property(indices, parts, fc.nat(), (members, named, seed) => {
      const digests = named.map(([index, n]) => ({ index, part: partDigest([digest(n, 'leaf', index)]) }))
      const { root, openings, partOpenings } = erasureSet(members, secretsOf(seed), digests)
      expect(partOpenings.size).toBe(named.length)
      const rootOf = (opening: SetOpening, index: number, part?: Uint8Array): string =>
        toHex(openedSetRoot(opening, index, part)!)
      for (const { index, part } of digests) {
        const opening = partOpenings.get(toHex(part))!
        expect(rootOf(opening, index, part)).toBe(toHex(root))
        expect(rootOf(opening, index + 1, part)).not.toBe(toHex(root))
        expect(rootOf(opening, index, partDigest([part]))).not.toBe(toHex(root))
        expect(rootOf(opening, index)).not.toBe(toHex(root))
        for (const [whole, other] of openings) expect(rootOf(other, whole, part)).not.toBe(toHex(root))
      }
    }),
  )
})

test('the order in which members are given says nothing in the root', () => {
  fc.assert(
    fc.property(indices, fc.nat(), (members, seed) => {
      const forward = erasureSet(members, secretsOf(seed))
      const backward = erasureSet(members.toReversed(), secretsOf(seed))
      expect(backward.root).toEqual(forward.root)
    }),
  )
})

test('a set is padded to a power of two, so that a path tells no more of its size', () => {
  for (const [count, length] of [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 2],
    [5, 3],
    [8, 3],
    [9, 4],
  ] as const) {
    const members = Array.from({ length: count }, (_, i) => i * 7)
    const { openings } = erasureSet(members, secretsOf(1))
    for (const { path } of openings.values()) expect(path).toHaveLength(length)
  }
})

test('an opening that is malformed leads to no root', () => {
  const { openings } = erasureSet([1, 2, 3], secretsOf(2))
  const opening = openings.get(2)!
  expect(openedSetRoot({ ...opening, salt: new Uint8Array(15) }, 2)).toBeUndefined()
  expect(openedSetRoot({ ...opening, position: 4 }, 2)).toBeUndefined()
  expect(openedSetRoot({ ...opening, path: [new Uint8Array(31), opening.path[1]!] }, 2)).toBeUndefined()
  expect(
    openedSetRoot({ ...opening, path: Array.from({ length: 54 }, () => new Uint8Array(32)) }, 2),
  ).toBeUndefined()
})
