import { utf8 } from '@deponent/format'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeArchive, encodeArchive } from '../../packages/server/src/backup/archive.ts'
import { openObject, sealObject } from '../../packages/server/src/backup/sealed-object.ts'
import { isSnapshotId, nextSnapshotId, timeOfSnapshot } from '../../packages/server/src/backup/snapshot.ts'
import { checkKey } from '../../packages/server/src/platform/object-store.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'

const KEY = new Uint8Array(32).fill(7)
const random = new SeededRandom('encodings')

test('an archive gives back the files it was made of, and nothing when it was cut', () => {
  const files = fc.dictionary(fc.string(), fc.uint8Array({ maxLength: 200 }), { maxKeys: 8 })
  fc.assert(
    fc.property(files, fc.nat(), (given, cut) => {
      const archive = encodeArchive(new Map(Object.entries(given)))
      const found = decodeArchive(archive)!
      expect([...found].map(([name, bytes]) => [name, [...bytes]])).toEqual(
        Object.entries(given).map(([name, bytes]) => [name, [...bytes]]),
      )
      expect(decodeArchive(archive.subarray(0, cut % archive.length))).toBeUndefined()
    }),
  )
})

test('an archive of any bytes is read or refused, and never throws', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodeArchive(bytes)))
})

test('an object opens under its key and its name as what was sealed, and under nothing else', () => {
  const content = fc.uint8Array({ maxLength: 2_000 })
  fc.assert(
    fc.property(content, fc.boolean(), fc.nat(), (given, isLoose, at) => {
      const object = sealObject(KEY, 'objects/a', given, { random, isLoose })
      expect(openObject(KEY, 'objects/a', object)).toEqual(given)
      expect(openObject(KEY, 'objects/b', object)).toBeUndefined()
      expect(openObject(new Uint8Array(32), 'objects/a', object)).toBeUndefined()
      const flipped = object.slice()
      flipped[at % object.length]! ^= 1
      expect(openObject(KEY, 'objects/a', flipped)).toBeUndefined()
      expect(openObject(KEY, 'objects/a', object.subarray(0, at % object.length))).toBeUndefined()
    }),
  )
})

test('the same content is never sealed into the same bytes twice', () => {
  const seal = (): string =>
    Buffer.from(sealObject(KEY, 'a', utf8('the same'), { random })).toString('base64')
  expect(new Set(Array.from({ length: 20 }, seal)).size).toBe(20)
})

test('snapshots sort by when they were made, also when the clock stands still or steps back', () => {
  const clock = fc.array(fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2100, 0) }), { minLength: 1 })
  fc.assert(
    fc.property(clock, (times) => {
      const ids: string[] = []
      for (const now of times) ids.push(nextSnapshotId(now, ids, random))
      expect(ids.toSorted()).toEqual(ids)
      expect(ids.every(isSnapshotId)).toBe(true)
      expect(timeOfSnapshot(ids[0]!)).toBe(times[0])
      for (const id of ids) checkKey(`snapshots/${id}`)
    }),
  )
})
