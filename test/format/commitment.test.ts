import { createCipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { JsonObject, JsonValue } from '@deponent/format'
import { canonicalJson, commitRoot, fromHex, preparePayload, readJson, toHex } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonObject, jsonValue } from './arbitrary-json.ts'
import { codeOf } from './signer.ts'

const ID = '01970000-0000-7000-8000-000000000000'

interface Vector {
  readonly name: string
  readonly id: string
  readonly recordSalt: string
  readonly text: string
  readonly leafTexts: string[]
  readonly salts: string
  readonly root: string
}

const VECTORS = JSON.parse(
  readFileSync(new URL('../vectors/commitment-payloads.json', import.meta.url), 'utf8'),
) as { valid: Vector[] }

/** format.md's salt stream, from another implementation: AES-256-CTR, zero IV, over zeros. */
function saltStream(recordSalt: string, leaves: number): string {
  const cipher = createCipheriv('aes-256-ctr', Buffer.from(recordSalt, 'hex'), Buffer.alloc(16))
  return cipher.update(Buffer.alloc(16 * leaves)).toString('hex')
}

/** The commitment tree the slow way, after RFC 6962 §2.1. */
function slowRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const [left, right] = [slowRoot(leaves.slice(0, split)), slowRoot(leaves.slice(split))]
  return createHash('sha256').update(Buffer.of(0x11)).update(left).update(right).digest()
}

function slowLeaf(text: string, salt: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(0x10)).update(salt).update(text, 'utf8').digest()
}

interface Shape {
  readonly id: string
  readonly objects?: string[]
  readonly pointers: string[]
}

/** Builds the record again from leaf texts alone: the inverse that makes flattening injective. */
function recordOf(leafTexts: readonly string[]): JsonObject {
  const [, shape] = JSON.parse(leafTexts[0]!) as ['', Shape]
  const tree = new Map<string, unknown>()
  for (const text of leafTexts.slice(1)) {
    const [pointer, value] = readJson(text).value as [string, JsonValue]
    const tokens = pointer.split('/').slice(1)
    let branch = tree
    for (const token of tokens.slice(0, -1)) {
      if (!branch.has(token)) branch.set(token, new Map())
      branch = branch.get(token) as Map<string, unknown>
    }
    branch.set(tokens.at(-1) ?? '', { value })
  }
  return grown(tree, '', new Set(shape.objects)) as JsonObject
}

function grown(node: unknown, pointer: string, objects: Set<string>): JsonValue {
  if (!(node instanceof Map)) return (node as { value: JsonValue }).value
  const members = [...node].map(
    ([token, child]) => [token, grown(child, `${pointer}/${token}`, objects)] as const,
  )
  const isArray = pointer !== '' && !objects.has(pointer) && members.every(([token], i) => token === `${i}`)
  if (isArray) return members.map(([, value]) => value)
  return Object.fromEntries(
    members.map(([token, value]) => [token.replaceAll('~1', '/').replaceAll('~0', '~'), value]),
  )
}

describe('flattening', () => {
  test('makes the leaves a reader of the format expects', () => {
    const record = { b: [1, { 'x/y': null }], a: {}, 'c~d': [], '': 'é"\n' }
    expect(preparePayload(record, ID)).toEqual({
      text: '{"":"é\\"\\n","a":{},"b":[1,{"x/y":null}],"c~d":[]}',
      pointers: ['/', '/a', '/b/0', '/b/1/x~1y', '/c~0d'],
      leafTexts: [
        `["",{"id":"${ID}","pointers":["/","/a","/b/0","/b/1/x~1y","/c~0d"],"v":1}]`,
        '["/","é\\"\\n"]',
        '["/a",{}]',
        '["/b/0",1]',
        '["/b/1/x~1y",null]',
        '["/c~0d",[]]',
      ],
    })
  })

  test('keeps array elements in array order', () => {
    const { pointers } = preparePayload({ a: Array.from({ length: 12 }, (_, i) => i) }, ID)
    expect(pointers).toEqual(Array.from({ length: 12 }, (_, i) => `/a/${i}`))
  })

  test('an empty record has leaf 0 alone', () => {
    expect(preparePayload({}, ID)).toEqual({
      text: '{}',
      pointers: [],
      leafTexts: [`["",{"id":"${ID}","pointers":[],"v":1}]`],
    })
  })

  test('an object that flattens like an array is named in leaf 0, any other is not', () => {
    const shapeOf = (record: JsonObject) =>
      (JSON.parse(preparePayload(record, ID).leafTexts[0]!) as ['', Shape])[1]
    expect(shapeOf({ a: { '0': 1, '1': 2 }, b: [{ '0': [] }] }).objects).toEqual(['/a', '/b/0'])
    expect(shapeOf({ '0': 1 }).objects).toEqual([''])
    const others: JsonValue[] = [{ '1': 1 }, { '0': 1, '2': 1 }, { '00': 1 }, { '0': 1, x: 1 }, [1], {}]
    for (const a of others) {
      expect(shapeOf({ a }).objects).toBeUndefined()
    }
    const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`${i}`, i]))
    expect(shapeOf({ a: eleven }).objects).toBeUndefined()
  })

  test('its text is the canonical text, and so is every leaf', () => {
    fc.assert(
      fc.property(jsonObject, (record) => {
        const { text, leafTexts, pointers } = preparePayload(record, ID)
        expect(text).toBe(canonicalJson(record))
        for (const leaf of leafTexts) expect(canonicalJson(readJson(leaf).value)).toBe(leaf)
        expect(leafTexts.slice(1).map((leaf) => (JSON.parse(leaf) as [string])[0])).toEqual(pointers)
      }),
    )
  })

  test('is injective: the leaves alone give the record back', () => {
    const tricky = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom<JsonValue>(0, '0', {}, [], null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('0', '1', '2', '00', '', '/', '~', '~1', '-'), tie('value')),
      ),
    })).value
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('0', '1', 'a', ''), fc.oneof(tricky, jsonValue)),
        (record) => {
          expect(canonicalJson(recordOf(preparePayload(record, ID).leafTexts))).toBe(canonicalJson(record))
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('limits', () => {
  const nested = (depth: number): JsonObject => (depth === 1 ? { a: 1 } : { a: nested(depth - 1) })

  test('a record is 32 deep and no deeper', () => {
    expect(codeOf(() => preparePayload(nested(32), ID))).toBe('accepted')
    expect(codeOf(() => preparePayload(nested(33), ID))).toBe('too_deep')
    expect(codeOf(() => preparePayload(nested(500), ID))).toBe('too_deep')
  })

  test('a record has 4,096 leaves beside leaf 0 and no more', () => {
    const wide = (leaves: number) => ({ a: Array.from({ length: leaves }, () => 0) })
    expect(preparePayload(wide(4_096), ID).leafTexts).toHaveLength(4_097)
    expect(codeOf(() => preparePayload(wide(4_097), ID))).toBe('too_many_leaves')
  })

  test('what has no canonical text is refused', () => {
    expect(codeOf(() => preparePayload({ a: Number.NaN }, ID))).toBe('number_overflow')
    expect(codeOf(() => preparePayload({ 'a\ud800': 1 }, ID))).toBe('lone_surrogate')
    expect(codeOf(() => preparePayload({ a: '\udc00' }, ID))).toBe('lone_surrogate')
  })
})

describe('vectors', () => {
  test.each(VECTORS.valid)('$name', ({ id, recordSalt, text, leafTexts, salts, root }) => {
    const { value, coerced, faults } = readJson(text)
    expect({ coerced, faults }).toEqual({ coerced: [], faults: [] })
    expect(preparePayload(value as JsonObject, id)).toMatchObject({ text, leafTexts })
    expect(salts).toBe(saltStream(recordSalt, leafTexts.length))
    expect(toHex(commitRoot(leafTexts, fromHex(salts)))).toBe(root)
    const saltBytes = Buffer.from(salts, 'hex')
    const leaves = leafTexts.map((leaf, i) => slowLeaf(leaf, saltBytes.subarray(16 * i, 16 * i + 16)))
    expect(slowRoot(leaves).toString('hex')).toBe(root)
  })
})
