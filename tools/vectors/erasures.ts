import { createHash } from 'node:crypto'
import {
  encodeEntry,
  erasureSet,
  fromUtf8,
  openedSetRoot,
  preparePayload,
  toHex,
  u64be,
} from '../../packages/format/src/index.ts'
import { fieldsGone } from '../../packages/server/src/vault/opened.ts'
import { sealInParts } from '../../packages/server/src/vault/parts.ts'
import { decodeParts, frameWithout, partsSealedWith } from '../../packages/server/src/vault/parts-frame.ts'
import { open, seal } from '../../packages/server/src/vault/seal.ts'
import { encodeTombstone } from '../../packages/server/src/vault/tombstone.ts'

const ID = '01970000-0000-7000-8000-000000000000'
const KEY = new Uint8Array(32).fill(1)
const R = new Uint8Array(16).fill(2)

const derived = (use: string, n: number): Uint8Array =>
  new Uint8Array(createHash('sha256').update(use).update(u64be(n)).digest())
const SECRETS = {
  saltOf: (index: number) => derived('salt', index).subarray(0, 16),
  paddingOf: (n: number) => derived('padding', n),
}
const LINK = derived('link', 0)
const SETS = [[], [7], [0, 1], [3, 41, 2 ** 40], [1, 2, 3, 5, 8, 13, 21, 34, 55]]

/** Sets of erased entries, tombstones as they lie in the vault, and frames that show the root of a set. */
export function erasureVectors(): object {
  return {
    description:
      'Sets of erased entries with their roots; tombstones in the place of erased payloads, with the set each opens to at its index; frames of erasure entries that show the root of a set; payloads in parts, with what opens of them while others are erased. (format, 12.2 and 14)',
    sets: SETS.map(setVector),
    tombstones: { valid: tombstones(), invalid: brokenTombstones() },
    shown: {
      valid: [
        shown('an erasure that shows its set', 'erasure'),
        shown('an expiry that shows its set', 'retention.expired'),
      ],
      invalid: brokenShown(),
    },
    parts: {
      keys: Object.fromEntries(PEOPLE.map((_, n) => [n, toHex(keyOf(n))])),
      index: INDEX,
      ...partVectors(),
    },
  }
}

const PEOPLE = ['anna', 'ben', 'rita']
const INDEX = 41
const keyOf = (n: number): Uint8Array => derived('key', n)

/** A decision about two people with a reviewer: whole, without one of them, without the reviewer, and broken. */
function partVectors(): object {
  const record = {
    affectedSubjects: [{ id: 'ben', remark: 'stands surety', details: [{}, 1.5] }],
    affectedUserId: 'anna',
    decisionId: 'loan-1',
    humanReviewerId: 'rita',
    prediction: 'high',
  }
  const prepared = preparePayload(record, ID)
  const leaves = (...starts: string[]): number[] =>
    prepared.pointers.flatMap((pointer, i) =>
      starts.some((start) => pointer.startsWith(start)) ? [i + 1] : [],
    )
  const key = (number: number) => ({ number, key: keyOf(number) })
  let drawn = 0
  const { payload, frame } = sealInParts(ID, prepared, {
    keepers: [key(0), key(1)],
    parts: [
      { ...key(0), leaves: leaves('/affectedUserId') },
      { ...key(1), leaves: leaves('/affectedSubjects/0') },
      { ...key(2), leaves: leaves('/humanReviewerId') },
    ],
    fresh: (bytes) => derived('fresh', (drawn += 1)).subarray(0, bytes),
  })
  const entry = {
    v: 1,
    id: ID,
    kind: 'decision',
    receivedAt: 1_795_000_000_000,
    system: 's1',
    retention: 'unset',
    payload,
  } as const
  const allParts = partsSealedWith(frame, new Set([0, 1, 2])).map(({ part }) => ({ index: INDEX, part }))
  const { partOpenings, root } = erasureSet([99], SECRETS, allParts)
  const without = (...numbers: number[]): Uint8Array =>
    frameWithout(frame, new Set(numbers), (part) => partOpenings.get(toHex(part))!)
  const opened = (name: string, bytes: Uint8Array): object => {
    const { text, ...rest } = open({ id: ID, payload }, bytes, keyOf, () => undefined)!
    const setRoots = decodeParts(bytes).parts.flatMap((part) => ('erased' in part ? [toHex(root)] : []))
    return { name, frame: toHex(bytes), text, erasedFields: fieldsGone({ text, ...rest }), setRoots }
  }
  const swapped = frame.slice()
  swapped[swapped.length - 20]! ^= 1
  return {
    entry: fromUtf8(encodeEntry(entry)),
    valid: [
      opened('whole', frame),
      opened('without one of two people', without(1)),
      opened('without the other', without(0)),
      opened('without the reviewer', without(2)),
      opened('without a person and the reviewer', without(0, 2)),
    ],
    invalid: [
      { name: 'changed in the main part', frame: toHex(swapped) },
      { name: 'cut off in a part', frame: toHex(frame.subarray(0, 200)) },
      { name: 'no keeper', frame: toHex(Uint8Array.of(0x10, 1, 0, 0, ...frame.subarray(4))) },
      { name: 'of an unknown form', frame: toHex(Uint8Array.of(0x10, 2, ...frame.subarray(2))) },
    ],
  }
}

function setVector(indices: readonly number[]): object {
  const { root } = erasureSet(indices, SECRETS)
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, indices.length)))
  return {
    members: indices.map((index) => ({ index, salt: toHex(SECRETS.saltOf(index)) })),
    paddings: Array.from({ length: size - indices.length }, (_, n) => toHex(SECRETS.paddingOf(n))),
    root: toHex(root),
  }
}

function tombstones(): object[] {
  return SETS.flatMap((indices) => {
    const { openings, root } = erasureSet(indices, SECRETS)
    return [...openings].map(([index, opening], i) => {
      const link = i % 2 === 1 ? LINK : undefined
      return {
        index,
        frame: toHex(encodeTombstone({ ...opening, ...(link && { link }) })),
        link: link ? toHex(link) : null,
        setRoot: toHex(root),
      }
    })
  })
}

function brokenTombstones(): object[] {
  const { openings } = erasureSet([3, 41, 99], SECRETS)
  const opening = openings.get(41)!
  const frame = encodeTombstone({ ...opening, link: LINK })
  const outside = encodeTombstone({ ...opening, position: 4 })
  if (openedSetRoot({ ...opening, position: 4 }, 41)) throw new Error('the place is in the set after all')
  return [
    { name: 'cut off in its head', index: 41, frame: toHex(frame.subarray(0, 20)) },
    { name: 'cut off in its path', index: 41, frame: toHex(frame.subarray(0, 60)) },
    { name: 'without the link it announces', index: 41, frame: toHex(frame.subarray(0, -32)) },
    { name: 'with something behind it', index: 41, frame: `${toHex(frame)}00` },
    { name: 'a place beyond its set', index: 41, frame: toHex(outside) },
    {
      name: 'a path longer than any',
      index: 41,
      frame: toHex(Uint8Array.of(0x40, ...new Uint8Array(20), 54)),
    },
  ]
}

function shown(name: string, kind: string): { name: string; entry: string; frame: string; setRoot: string } {
  const setRoot = toHex(erasureSet([3, 41, 99], SECRETS).root)
  const record = {
    at: '2026-11-28T00:00:00.000Z',
    basis: 'observed',
    count: 3,
    ground: 'gdpr_17_1_a',
    setRoot,
  }
  const { payload, frame } = seal(ID, preparePayload(record, ID), { number: 5, key: KEY }, R, {
    show: ['/setRoot'],
  })
  const entry = {
    v: 1,
    id: ID,
    kind,
    receivedAt: 1_795_000_000_000,
    system: 's1',
    retention: 'unset',
    payload,
  } as const
  return { name, entry: fromUtf8(encodeEntry(entry)), frame: toHex(frame), setRoot }
}

function brokenShown(): object[] {
  const { entry, frame, setRoot } = shown('', 'erasure')
  const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
  const other = `${setRoot[0] === '0' ? '1' : '0'}${setRoot.slice(1)}`
  return [
    {
      name: 'another root than the entry commits to',
      entry,
      frame: frame.replace(hexOf(setRoot), hexOf(other)),
    },
    { name: 'white space in what is shown', entry, frame: frame.replace(hexOf('"leaf":'), hexOf('"leaf" ')) },
    { name: 'cut off in what is shown', entry, frame: frame.slice(0, 60) },
    { name: 'nothing shown', entry, frame: `200000${frame.slice(6)}` },
  ]
}
