import { createHash } from 'node:crypto'
import {
  type CanonicalRecord,
  canonicalJson,
  type Entry,
  erasureSet,
  FormatError,
  fromHex,
  openedSetRoot,
  preparePayload,
  readJson,
  toHex,
  verifyDisclosure,
} from '@deponent/format'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { leavesOfParty, peopleIn } from '../../packages/server/src/recording/parties.ts'
import { mapLeaves } from '../../packages/server/src/vault/leaf-walk.ts'
import { disclosed, fieldsGone, leavesOf, recommit } from '../../packages/server/src/vault/opened.ts'
import { sealInParts } from '../../packages/server/src/vault/parts.ts'
import { decodeParts, isInParts } from '../../packages/server/src/vault/parts-frame.ts'
import { erasePart, frameHead, open } from '../../packages/server/src/vault/seal.ts'
import { isTombstone } from '../../packages/server/src/vault/tombstone.ts'

const ID = '01970000-0000-7000-8000-000000000000'
const INDEX = 41
const random = new SeededRandom('parts')
const keyOf = (number: number): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`key ${number}`).digest())

const anything = fc.jsonValue({ maxDepth: 2 })
const people = fc.uniqueArray(fc.stringMatching(/^[a-z]{12}$/), { minLength: 2, maxLength: 5 })

/** A record about several people, each with a remark of their own. */
const records = fc
  .record({ ids: people, common: fc.dictionary(fc.string(), anything, { maxKeys: 4 }), more: anything })
  .map(({ ids, common, more }) => {
    const [first, ...others] = ids
    const { value } = readJson(
      JSON.stringify({
        decisionId: 'shared',
        affectedUserId: first,
        affectedSubjects: others.map((id, i) => (i % 2 === 0 ? { id, remark: `about ${id}`, more } : id)),
        common,
      }),
    )
    return { ids, record: value as CanonicalRecord }
  })

function sealed(record: CanonicalRecord) {
  const prepared = preparePayload(record, ID)
  const parties = peopleIn(record)
  const keepers = parties.map((_, number) => ({ number, key: keyOf(number) }))
  const parts = parties.map((party, number) => ({
    number,
    key: keyOf(number),
    leaves: leavesOfParty(party, prepared.pointers),
  }))
  return {
    prepared,
    parts,
    ...sealInParts(ID, prepared, { keepers, parts, fresh: (bytes) => random.bytes(bytes) }),
  }
}

function tombstoneOf(): Parameters<typeof erasePart>[2] {
  const set = erasureSet([INDEX, INDEX + 1], {
    saltOf: () => random.bytes(16),
    paddingOf: () => random.bytes(32),
  })
  return set.openings.get(INDEX)!
}

const openedWith = (payload: Entry['payload'], frame: Uint8Array, gone: ReadonlySet<number> = new Set()) =>
  open(
    { id: ID, payload },
    frame,
    (number) => (gone.has(number) ? undefined : keyOf(number)),
    () => undefined,
  )

test('a record about several people opens as it was sealed, while anybody of them is left', () => {
  fc.assert(
    fc.property(records, fc.nat(), ({ ids, record }, who) => {
      const { payload, frame, prepared } = sealed(record)
      expect(isInParts(frame)).toBe(true)
      expect(frameHead(frame).keepers).toEqual(ids.map((_, number) => number))
      const opened = openedWith(payload, frame)!
      expect(opened.text).toBe(prepared.text)
      expect(fieldsGone(opened)).toBe(0)
      expect(canonicalJson(recommit({ id: ID, payload }, opened))).toBe(prepared.text)
      const others = new Set(ids.map((_, number) => number).filter((number) => number !== who % ids.length))
      expect(openedWith(payload, frame, others)!.text).toContain('"decisionId":"shared"')
      expect(openedWith(payload, frame, new Set([...others, who % ids.length]))).toBeUndefined()
    }),
  )
})

test('whoever is erased in whatever order, what is left opens, commits as before, and holds nothing of them', () => {
  fc.assert(
    fc.property(records, fc.infiniteStream(fc.nat()), ({ ids, record }, stream) => {
      const { payload, parts, prepared, ...first } = sealed(record)
      const left = ids.map((id, number) => ({ id, number }))
      const gone = new Set<number>()
      let { frame } = first
      const roots: string[] = []
      while (left.length > 1) {
        const [erased] = left.splice(stream.next().value! % left.length, 1)
        gone.add(erased!.number)
        const tombstone = tombstoneOf()
        roots.push(toHex(openedSetRoot(tombstone, INDEX)!))
        const before = decodeParts(frame).parts[erased!.number]!
        frame = erasePart(frame, gone, tombstone)
        expect(erasePart(frame, gone, tombstoneOf())).toBe(frame)
        // Not the ciphertext, not what its salts come from, and not the key wrapped for them.
        const bytes = Buffer.from(frame)
        if (!('sealed' in before)) throw new Error('the part was erased before')
        expect(bytes.includes(Buffer.from(before.sealed))).toBe(false)
        expect(bytes.includes(Buffer.from(before.r))).toBe(false)
        expect(frameHead(frame).keyNumbers).toEqual(left.map(({ number }) => number))
        // With every key there ever was.
        const opened = openedWith(payload, frame)!
        recommit({ id: ID, payload }, opened)
        for (const { id } of ids
          .map((name, number) => ({ id: name, number }))
          .filter(({ number }) => gone.has(number)))
          expect(opened.text).not.toContain(id)
        for (const { id } of left) expect(opened.text).toContain(id)
        expect(fieldsGone(opened)).toBe(
          parts.filter(({ number }) => gone.has(number)).reduce((sum, { leaves }) => sum + leaves.length, 0),
        )
        const leaves = leavesOf(ID, opened)
        const indices = leaves.texts.map((_, index) => index)
        const commitment = { root: fromHex(payload.root), leaves: payload.leaves, id: ID }
        const { findings, fields } = verifyDisclosure(commitment, disclosed(leaves, indices))
        expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([])
        expect(fields.length).toBe(prepared.pointers.length - fieldsGone(opened))
        const told = decodeParts(frame).parts.flatMap((part) =>
          'erased' in part ? [toHex(openedSetRoot(part.erased, INDEX)!)] : [],
        )
        expect(told.toSorted()).toEqual(roots.toSorted())
      }
      expect(isTombstone(erasePart(frame, new Set([left[0]!.number]), tombstoneOf()))).toBe(true)
    }),
  )
})

test('a part goes without the rest where one person keeps the record and another is named in it', () => {
  const record = { decisionId: 'd', affectedUserId: 'anna', reviewerId: 'ben', verdict: 'agree' }
  const prepared = preparePayload(record, ID)
  const keepers = [{ number: 1, key: keyOf(1) }]
  const leaves = [prepared.pointers.indexOf('/reviewerId') + 1]
  const parts = [{ number: 2, key: keyOf(2), leaves }]
  const { payload, frame } = sealInParts(ID, prepared, { keepers, parts, fresh: (n) => random.bytes(n) })
  expect(openedWith(payload, frame)!.text).toBe(prepared.text)
  const left = erasePart(frame, new Set([2]), tombstoneOf())
  const opened = openedWith(payload, left)!
  expect(recommit({ id: ID, payload }, opened)).toEqual({
    decisionId: 'd',
    affectedUserId: 'anna',
    verdict: 'agree',
  })
  expect(isTombstone(erasePart(frame, new Set([1]), tombstoneOf()))).toBe(true)
})

test('a frame in parts that is cut off, lengthened or changed in any byte is refused, or tells of a part that is gone', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ record }, place, change) => {
      const { payload, frame, prepared } = sealed(record)
      const at = place % frame.length
      const read = (bytes: Uint8Array): string | undefined => {
        const opened = openedWith(payload, bytes)
        return opened && recommit({ id: ID, payload }, opened) && opened.text
      }
      expect(() => read(frame.subarray(0, at))).toThrow(FormatError)
      expect(() => read(new Uint8Array([...frame, 0]))).toThrow(FormatError)
      const changed = frame.slice()
      changed[at]! ^= change
      let text: string | undefined
      try {
        text = read(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
        return
      }
      // A keeper that nobody asks, as long as another opens it.
      expect(text === undefined || text === prepared.text || at < 4 + 5 * 52).toBe(true)
    }),
  )
})

test('leaves are walked in the order in which they are committed to', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const record = JSON.parse(JSON.stringify(value)) as CanonicalRecord
      const { leafTexts, text } = preparePayload(record, ID)
      const seen: string[] = []
      const same = mapLeaves(record, (leaf, of) => {
        seen.push(leafTexts[leaf]!.endsWith(`,${canonicalJson(of)}]`) ? 'fits' : leafTexts[leaf]!)
        return of
      })
      expect(canonicalJson(same)).toBe(text)
      expect(seen).toEqual(Array.from({ length: leafTexts.length - 1 }, () => 'fits'))
    }),
  )
})
