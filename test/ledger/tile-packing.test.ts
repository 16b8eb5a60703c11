import { gunzipSync } from 'node:zlib'
import { encodeEntryTile, leafHashes } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packTile, packTileBy, unpackTile } from '../../packages/server/src/ledger/tile-packing.ts'
import { entriesOfTile, salvagedEntries } from '../../packages/server/src/ledger/tile-store.ts'
import { deflateApart } from '../../packages/server/src/platform/deflate.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'

const random = new SeededRandom('tiles')
const hex = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('hex')
const entries = Array.from({ length: 256 }, (_, i) =>
  Buffer.from(`{"id":"${hex(16)}","payload":{"root":"${hex(32)}"},"receivedAt":${1_795_000_000_000 + i}}`),
)
const TILE = encodeEntryTile(entries)
const PACKED = packTile(TILE)

describe('an entry tile on disk', () => {
  test('comes back as it was, whatever it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (tile) => {
        expect(Buffer.from(unpackTile(packTile(tile)))).toEqual(Buffer.from(tile))
      }),
    )
  })

  test('is smaller by more than half, and any gunzip reads it', () => {
    expect(PACKED.length).toBeLessThan(TILE.length / 2)
    expect(gunzipSync(PACKED)).toEqual(Buffer.from(TILE))
  })

  test('lies as it is served when it does not become smaller', () => {
    const noise = encodeEntryTile(Array.from({ length: 256 }, () => random.bytes(1_024)))
    expect(packTile(noise)).toBe(noise)
    expect(entriesOfTile(noise)).toHaveLength(256)
  })

  test('has the same bytes whichever thread compresses it', async () => {
    const noise = encodeEntryTile(Array.from({ length: 256 }, () => random.bytes(64)))
    for (const tile of [TILE, noise])
      expect(Buffer.from(await packTileBy(deflateApart, tile))).toEqual(Buffer.from(packTile(tile)))
  })

  test('is packed whatever its size when it begins as gzip does', () => {
    const misleading = random.bytes(10_000)
    misleading.set([0x1f, 0x8b])
    expect(Buffer.from(unpackTile(packTile(misleading)))).toEqual(Buffer.from(misleading))
  })

  test('is refused with any one bit turned over, and when it is cut off or longer', () => {
    for (let at = 0; at < PACKED.length; at += 1) {
      const changed = PACKED.slice()
      changed[at]! ^= 1 << (at % 8)
      expect({ at, read: readable(changed) }).toEqual({ at, read: false })
    }
    expect(readable(PACKED.subarray(0, -1))).toBe(false)
    expect(readable(Buffer.concat([PACKED, Uint8Array.of(0)]))).toBe(false)
  }, 180_000)

  test('still gives the entries in front of the damage', () => {
    const changed = PACKED.slice()
    changed[Math.floor(PACKED.length / 2)]! ^= 0x10
    const found = leafHashes(salvagedEntries(changed))
    const whole = leafHashes(entries)
    const firstWrong = whole.findIndex((hash, i) => !found[i] || Buffer.compare(found[i], hash) !== 0)
    expect(firstWrong).toBeGreaterThan(100)
    expect(firstWrong).toBeLessThan(156)
  })
})

function readable(stored: Uint8Array): boolean {
  try {
    return Buffer.compare(Buffer.concat(entriesOfTile(stored)), Buffer.concat(entries)) === 0
  } catch {
    return false
  }
}
