/** From what is to be erased to what stands in its place. */
import { createHmac } from 'node:crypto'
import { type ErasureSet, erasureSet, fromHex, type SetSecrets, toHex, u64be, utf8 } from '@deponent/format'
import { frameWithout } from '../vault/parts-frame.ts'
import { encodeTombstone, isTombstone } from '../vault/tombstone.ts'
import type { Planned } from './erasure.ts'

/** Salts and padding from the seed of an erasure; nobody can tell them, or guess at an index, once it is gone. */
function secretsOf(seed: string): SetSecrets {
  const key = fromHex(seed)
  const derived = (use: string, n: number): Uint8Array =>
    new Uint8Array(createHmac('sha256', key).update(utf8(use)).update(u64be(n)).digest())
  return {
    saltOf: (index) => derived('salt', index).subarray(0, 16),
    paddingOf: (n) => derived('padding', n),
  }
}

/** The set an erasure commits to; the same however often it is made. */
export function setOf({ plan: { indices, left, parts, seed } }: Pick<Planned, 'plan'>): ErasureSet {
  const isLeft = new Set(left)
  return erasureSet(
    indices.filter((index) => !isLeft.has(index)),
    secretsOf(seed),
    parts.map(([index, part]) => ({ index, part: fromHex(part) })),
  )
}

/** What is left of each payload, by index: a tombstone, or those parts of it that others keep. `frameOf` says how it is now. */
export async function framesLeft(
  planned: readonly Planned[],
  frameOf: (index: number) => Promise<Uint8Array | undefined>,
): Promise<Map<number, Uint8Array>> {
  const frames = new Map<number, Uint8Array>()
  for (const erasure of planned) {
    const { openings, partOpenings } = setOf(erasure)
    const links = new Map(erasure.plan.links)
    for (const [index, opening] of openings) {
      const link = links.get(index)
      frames.set(index, encodeTombstone({ ...opening, ...(link !== undefined && { link: fromHex(link) }) }))
    }
    const gone = new Set(erasure.plan.numbers)
    for (const index of erasure.plan.left) {
      const frame = frames.get(index) ?? (await frameOf(index))
      // Another erasure took the rest of it: nothing is left to take a part from.
      if (!frame || isTombstone(frame)) continue
      frames.set(
        index,
        frameWithout(frame, gone, (part) => partOpenings.get(toHex(part))!),
      )
    }
  }
  return frames
}
