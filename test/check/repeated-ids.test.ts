import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Entry } from '@deponent/format'
import { ID_WORDS, writeIdWords } from '../../packages/server/src/check/id-words.ts'
import { RepeatedIds } from '../../packages/server/src/check/repeated-ids.ts'
import { entryIdOf } from '../../packages/server/src/recording/entry-id.ts'

const LOT = Uint32Array.of(3, 5, 7, 11)
const START = 1_700_000_000_000

function entry(id: string, receivedAt: number): Entry {
  const payload = { c: 1, leaves: 2, root: '0'.repeat(64) } as const
  return { v: 1, id, kind: 'decision', receivedAt, system: 's1', retention: 'unset', payload }
}

function take(ids: RepeatedIds, index: number, { id, receivedAt }: Entry): boolean {
  const words = new Uint32Array(ID_WORDS)
  writeIdWords(id, words, 0)
  return ids.take(index, receivedAt, words, 0)
}

/** Indices the two passes of a check report, for entries in order. */
function repeated(entries: readonly Entry[]): Set<number> {
  const ids = new RepeatedIds(LOT)
  const found = new Set<number>()
  entries.forEach((item, i) => take(ids, i, item) && found.add(i))
  entries.forEach((item, i) => ids.isRepeated(i, item) && found.add(ids.late.get(item.id)!))
  return found
}

const idAt = (at: number, tail: number): string => {
  const random = new Uint8Array(10)
  new DataView(random.buffer).setUint32(4, tail)
  return entryIdOf(at, random)
}

describe('ids that come twice', () => {
  test('are found however far apart, and no other is', () => {
    const step = fc.record({
      waited: fc.integer({ min: 0, max: 90_000 }),
      passed: fc.integer({ min: 0, max: 50_000 }),
    })
    const law = fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), fc.nat(), (steps, chosen) => {
      let at = START
      const entries = steps.map(({ waited, passed }, i) => {
        at += passed
        return entry(idAt(at - waited, i), at)
      })
      expect([...repeated(entries)]).toEqual([])
      const again = entries[chosen % entries.length]!
      expect([...repeated([...entries, entry(again.id, at)])]).toHaveLength(1)
    })
    fc.assert(law)
  })

  test('are not kept for ever', () => {
    const ids = new RepeatedIds(LOT)
    for (let i = 0; i < 5_000; i += 1) take(ids, i, entry(idAt(START + i * 1_000, i), START + i * 1_000))
    expect(ids.late.size).toBe(0)
  })
})
