import {
  decodeEntry,
  encodeEntry,
  type Entry,
  FormatError,
  preparePayload,
  setRootShown,
} from '@deponent/format'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameHead, open, seal } from '../../packages/server/src/vault/seal.ts'
import { leavesShown } from '../../packages/server/src/vault/shown.ts'

const ID = '01970000-0000-7000-8000-000000000000'
const KEY = new Uint8Array(32).fill(7)
const R = new Uint8Array(16).fill(9)
const SET_ROOT = 'ab'.repeat(32)
const erasure = {
  setRoot: SET_ROOT,
  count: 3,
  ground: 'gdpr_17_1_a',
  reason: 'asked by letter',
  at: '2026-11-28T00:00:00.000Z',
}

function sealed(record: Record<string, string | number> = erasure) {
  return seal(ID, preparePayload(record, ID), { number: 5, key: KEY }, R, { show: ['/setRoot'] })
}

function entryOf(payload: Entry['payload'], kind = 'erasure'): Entry {
  const entry = { v: 1, id: ID, kind, receivedAt: 1, system: 's1', retention: 'unset', payload } as const
  return decodeEntry(encodeEntry(entry))
}

const opened = (frame: Uint8Array, payload: Entry['payload']) =>
  open(
    { id: ID, payload },
    frame,
    () => KEY,
    () => undefined,
  )

test('a sealed frame shows the set root of an erasure to whoever has no key, and nothing else of it', () => {
  const { frame, payload } = sealed()
  expect(frameHead(frame)).toEqual({
    isPublic: false,
    keyNumbers: [5],
    keepers: [5],
    isShown: true,
    isErased: false,
  })
  expect(setRootShown(entryOf(payload), leavesShown(frame))).toEqual(
    new Uint8Array(Buffer.from(SET_ROOT, 'hex')),
  )
  const text = Buffer.from(frame).toString('latin1')
  for (const hidden of ['ground', 'gdpr', 'letter', 'reason', 'count']) expect(text).not.toContain(hidden)
})

test('what a frame shows commits and opens as if it showed nothing', () => {
  const shown = sealed()
  const closed = seal(ID, preparePayload(erasure, ID), { number: 5, key: KEY }, R)
  expect(shown.payload).toEqual(closed.payload)
  expect(opened(shown.frame, shown.payload)).toEqual(opened(closed.frame, closed.payload))
})

test('a set root that was changed where it is shown is refused', () => {
  const { frame, payload } = sealed()
  const bytes = Buffer.from(frame)
  const at = bytes.indexOf(SET_ROOT)
  bytes.write('cd', at)
  expect(() => setRootShown(entryOf(payload), leavesShown(bytes))).toThrow(FormatError)
})

test('a record of another kind shows no set root', () => {
  const { frame, payload } = sealed()
  expect(setRootShown(entryOf(payload, 'comment'), leavesShown(frame))).toBeUndefined()
})

test('a frame that shows something is refused when it is cut off or changed anywhere', () => {
  const { frame, payload } = sealed()
  const read = (bytes: Uint8Array) => {
    setRootShown(entryOf(payload), leavesShown(bytes))
    return opened(bytes, payload)
  }
  fc.assert(
    fc.property(fc.nat({ max: frame.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      expect(() => read(frame.subarray(0, at))).toThrow(FormatError)
      const changed = frame.slice()
      changed[at]! ^= change
      let text: string | undefined
      try {
        text = read(changed)?.text
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
      }
      // Another key number than its own names another key, which this ring of one does not know.
      if (text !== undefined) expect(frameHead(changed).keyNumbers).not.toEqual([5])
    }),
  )
})
