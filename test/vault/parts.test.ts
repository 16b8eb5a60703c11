import { createHash } from 'node:crypto'
import {
  type CanonicalRecord,
  canonicalJson,
  type Entry,
  erasureSet,
  FormatError,
  fromHex,
  openedSetRoot,
  partDigest,
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
import {
  decodeParts,
  frameWithout,
  isInParts,
  isKeptWithout,
  partsSealedWith,
} from '../../packages/server/src/vault/parts-frame.ts'
import { frameHead, open } from '../../packages/server/src/vault/seal.ts'

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

/** The frame without those whose keys these are, the root of the set their parts are in, and the opening of each. */
function erased(frame: Uint8Array, gone: ReadonlySet<number>) {
  const parts = partsSealedWith(frame, gone).map(({ part }) => ({ index: INDEX, part }))
  const { partOpenings, root } = erasureSet(
    [INDEX + 1],
    { saltOf: () => random.bytes(16), paddingOf: () => random.bytes(32) },
    parts,
  )
  return { left: frameWithout(frame, gone, (part) => partOpenings.get(toHex(part))!), root: toHex(root) }
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
        const [who] = left.splice(stream.next().value! % left.length, 1)
        gone.add(who!.number)
        const before = decodeParts(frame).parts[who!.number]!
        const now = erased(frame, gone)
        roots.push(now.root)
        frame = now.left
        expect(erased(frame, gone).left).toBe(frame)
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
          'erased' in part ? [toHex(openedSetRoot(part.erased, INDEX, partDigest(part.hashes))!)] : [],
        )
        expect(told.toSorted()).toEqual(roots.toSorted())
        // Nothing of that says that all of the payload is erased.
        for (const part of decodeParts(frame).parts)
          if ('erased' in part) expect(roots).not.toContain(toHex(openedSetRoot(part.erased, INDEX)!))
      }
      const last = new Set([...gone, left[0]!.number])
      expect(isKeptWithout(frame, last)).toBe(false)
      expect(() => erased(frame, last)).toThrow('nobody keeps')
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
  const { left } = erased(frame, new Set([2]))
  const opened = openedWith(payload, left)!
  expect(recommit({ id: ID, payload }, opened)).toEqual({
    decisionId: 'd',
    affectedUserId: 'anna',
    verdict: 'agree',
  })
  expect(isKeptWithout(frame, new Set([2]))).toBe(true)
  expect(isKeptWithout(frame, new Set([1]))).toBe(false)
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
