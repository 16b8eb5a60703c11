import { leafHashes } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { drafts, newPlace, openLedger } from './open-ledger.ts'

const random = new SeededRandom('leaves')

describe('a ledger of bytes that are not entries', () => {
  test('keeps them as they came, under a checkpoint, and goes on after a restart', async () => {
    const place = await newPlace()
    const leaves = Array.from({ length: 700 }, (_, i) => random.bytes(1 + (i % 90)))
    for (const [from, to] of [
      [0, 600],
      [600, 700],
    ] as const) {
      const ledger = await openLedger(place, { opaque: true })
      expect(ledger.refusal).toBeUndefined()
      const appended = await ledger.appendLeaves(leaves.slice(from, to))
      expect(appended.first).toBe(from)
      await ledger.close()
    }
    const ledger = await openLedger(place, { opaque: true })
    expect(await ledger.entryRange(0, 700)).toEqual(leaves)
    expect(ledger.checkpoint?.size).toBe(700)
    expect(leafHashes(leaves)[345]).toEqual(await ledger.leafHash(345))
    await ledger.close()
  })

  test('is not what a ledger of entries is', async () => {
    const ledger = await openLedger(await newPlace())
    await expect(ledger.appendLeaves([random.bytes(3)])).rejects.toThrow('holds entries')
    await ledger.append(drafts(1))
    await ledger.close()
  })
})
