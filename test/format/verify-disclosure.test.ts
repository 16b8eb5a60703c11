import {
  commitLeafHashes,
  commitNodeHash,
  commitRoot,
  preparePayload,
  verifyDisclosure,
} from '@deponent/format'
import type { DisclosedLeaf, DisclosureReport, PayloadCommitment } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonValue } from './arbitrary-json.ts'

const ID = '01970000-0000-7000-8000-000000000000'
const RECORD = { modelId: 'm', prediction: 'high', inputFeatures: { age: 41, 'a/b~c': null }, tags: [] }

/** PATH of RFC 6962 with the payload's node hash. */
function pathOf(index: number, hashes: readonly Uint8Array[]): Uint8Array[] {
  if (hashes.length === 1) return []
  const k = 2 ** (Math.ceil(Math.log2(hashes.length)) - 1)
  const [left, right] = [hashes.slice(0, k), hashes.slice(k)]
  return index < k ? [...pathOf(index, left), subtree(right)] : [...pathOf(index - k, right), subtree(left)]
}

function subtree(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return hashes[0]!
  const k = 2 ** (Math.ceil(Math.log2(hashes.length)) - 1)
  return commitNodeHash(subtree(hashes.slice(0, k)), subtree(hashes.slice(k)))
}

function disclose(texts: readonly string[]): { commitment: PayloadCommitment; leaves: DisclosedLeaf[] } {
  const salts = new Uint8Array(16 * texts.length).map((_, i) => i * 7)
  const hashes = commitLeafHashes(texts, salts)
  const leaves = texts.map((text, index) => ({
    index,
    salt: salts.slice(16 * index, 16 * index + 16),
    text,
    path: pathOf(index, hashes),
  }))
  return { commitment: { root: commitRoot(texts, salts), leaves: texts.length, id: ID }, leaves }
}

function outcome({ verdict, findings }: DisclosureReport): string {
  return [verdict, ...findings.map(({ code }) => code)].join(' ')
}

describe('a disclosure', () => {
  const { commitment, leaves } = disclose(preparePayload(RECORD, ID).leafTexts)

  test('of every leaf shows every field', () => {
    const report = verifyDisclosure(commitment, leaves)
    expect(outcome(report)).toBe('valid')
    expect(report.fields).toEqual([
      { pointer: '/inputFeatures/a~1b~0c', value: null },
      { pointer: '/inputFeatures/age', value: 41 },
      { pointer: '/modelId', value: 'm' },
      { pointer: '/prediction', value: 'high' },
      { pointer: '/tags', value: [] },
    ])
  })

  test('of some fields with the shape is valid and says that others are withheld', () => {
    fc.assert(
      fc.property(fc.subarray(leaves.slice(1), { maxLength: leaves.length - 2 }), (some) => {
        const report = verifyDisclosure(commitment, [leaves[0]!, ...some])
        expect(outcome(report)).toBe('valid fields_withheld')
        expect(report.fields).toHaveLength(some.length)
      }),
    )
  })

  test('without the shape is incomplete', () => {
    expect(outcome(verifyDisclosure(commitment, leaves.slice(1)))).toBe('incomplete shape_withheld')
    expect(outcome(verifyDisclosure(commitment, []))).toBe('incomplete shape_withheld fields_withheld')
  })

  test('with one changed value, salt, place or path is wrong, and the field is not shown', () => {
    const leaf = leaves[3]!
    const changed: DisclosedLeaf[] = [
      { ...leaf, text: '["/modelId","n"]' },
      { ...leaf, salt: leaf.salt.map((byte) => byte ^ 1) },
      { ...leaf, index: 4 },
      { ...leaf, index: 6 },
      { ...leaf, path: leaf.path.slice(1) },
    ]
    for (const forged of changed) {
      const report = verifyDisclosure(commitment, [leaves[0]!, forged])
      expect(outcome(report)).toMatch(/^invalid payload_mismatch/)
      expect(report.fields).toEqual([])
    }
  })

  test.each<[string, Partial<DisclosedLeaf>]>([
    ['text that is no JSON', { text: '["/modelId"' }],
    ['text in another form than RFC 8785', { text: '["/modelId", "m"]' }],
    ['a leaf that is no pair', { text: '["/modelId","m",1]' }],
    ['a pointer that is no text', { text: '[1,"m"]' }],
    ['a value that would have leaves of its own', { text: '["/modelId",{"a":1}]' }],
    ['a list that would have leaves of its own', { text: '["/modelId",[1]]' }],
    ['a salt of the wrong width', { salt: new Uint8Array(15) }],
    ['an index that is none', { index: -1 }],
  ])('with %s is malformed', (_, change) => {
    const report = verifyDisclosure(commitment, [leaves[0]!, { ...leaves[3]!, ...change }])
    expect(outcome(report)).toMatch(/^invalid disclosure_malformed/)
  })

  test('of a shape of another entry is refused', () => {
    expect(outcome(verifyDisclosure({ ...commitment, id: ID.replace('0197', '0198') }, leaves))).toBe(
      'invalid shape_mismatch',
    )
  })

  test.each([
    ['one pointer committed twice', ['/a', '/a'], ['["/a",1]', '["/a",2]']],
    ['fewer pointers than leaves', ['/a'], ['["/a",1]', '["/b",2]']],
    ['a pointer in another place', ['/a', '/b'], ['["/b",1]', '["/a",2]']],
    ['a pointer it does not list', ['/a', '/b'], ['["/a",1]', '["/c",2]']],
    ['what is no pointer, and reads like one', ['!a', '/a'], ['["!a",1]', '["/a",2]']],
    ['an escape that is none', ['/a~2', '/b'], ['["/a~2",1]', '["/b",2]']],
    ['a field inside one that is not empty', ['/a', '/b', '/a/c'], ['["/a",1]', '["/b",1]', '["/a/c",2]']],
    ['the whole record beside a field', ['', '/a'], ['["",{}]', '["/a",2]']],
  ])('is refused when the shape has %s', (_, pointers, texts) => {
    const shape = `["",${JSON.stringify({ id: ID, pointers, v: 1 })}]`
    const forged = disclose([shape, ...texts])
    expect(outcome(verifyDisclosure(forged.commitment, forged.leaves))).toBe('invalid shape_mismatch')
  })

  test('is refused when the shape says more than a shape does', () => {
    const shape = `["",${JSON.stringify({ extra: 1, id: ID, pointers: ['/a'], v: 1 })}]`
    const forged = disclose([shape, '["/a",1]'])
    expect(outcome(verifyDisclosure(forged.commitment, forged.leaves))).toBe('invalid shape_mismatch')
  })

  test('of the shape and leaves of any record is valid', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), jsonValue), (record) => {
        const whole = disclose(preparePayload(record, ID).leafTexts)
        expect(outcome(verifyDisclosure(whole.commitment, whole.leaves))).toBe('valid')
      }),
    )
  })

  test('of anything at all is answered', () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.constant('["","\\ud800"]'),
      fc.constant('["\ud800",1]'),
    )
    const leaf = fc.record({ index: fc.double(), salt: bytes, text: texts, path: fc.array(bytes) })
    fc.assert(
      fc.property(fc.array(fc.oneof(leaf, fc.constantFrom(...leaves)), { maxLength: 5 }), (some) => {
        expect(['valid', 'invalid', 'incomplete']).toContain(verifyDisclosure(commitment, some).verdict)
      }),
      { numRuns: 500 },
    )
  })
})
