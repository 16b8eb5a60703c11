import { FormatError } from '@deponent/format'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameHead, open } from '../../packages/server/src/vault/seal.ts'
import { decodeTombstone, encodeTombstone, isTombstone } from '../../packages/server/src/vault/tombstone.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const tombstone = fc.record(
  {
    salt: bytes(16),
    position: fc.nat({ max: 2 ** 32 - 1 }),
    path: fc.array(bytes(32), { maxLength: 20 }),
    link: bytes(32),
  },
  { requiredKeys: ['salt', 'position', 'path'] },
)

test('a tombstone is read back as it was written', () => {
  fc.assert(
    fc.property(tombstone, (written) => {
      const frame = encodeTombstone(written)
      expect(isTombstone(frame)).toBe(true)
      const read = decodeTombstone(frame)
      expect(Object.keys(read).toSorted()).toEqual(Object.keys(written).toSorted())
      expect([...read.salt]).toEqual([...written.salt])
      expect(read.position).toBe(written.position)
      expect(read.path.map((hash) => [...hash])).toEqual(written.path.map((hash) => [...hash]))
      expect(read.link && [...read.link]).toEqual(written.link && [...written.link])
    }),
  )
})

test('a tombstone that is cut off, or has more behind it, is refused', () => {
  fc.assert(
    fc.property(tombstone, fc.nat(), (written, at) => {
      const frame = encodeTombstone(written)
      expect(() => decodeTombstone(frame.subarray(0, at % frame.length))).toThrow(FormatError)
      expect(() => decodeTombstone(new Uint8Array([...frame, 0]))).toThrow(FormatError)
    }),
  )
})

test('a tombstone names no key, is not public and opens to nothing', () => {
  const frame = encodeTombstone({ salt: new Uint8Array(16), position: 0, path: [] })
  expect(frameHead(frame)).toEqual({
    isPublic: false,
    keyNumbers: [],
    keepers: [],
    isShown: false,
    isErased: true,
  })
  const entry = {
    id: '01970000-0000-7000-8000-000000000000',
    payload: { c: 1, root: '00', leaves: 1 } as const,
  }
  expect(
    open(
      entry,
      frame,
      () => undefined,
      () => undefined,
    ),
  ).toBeUndefined()
})
