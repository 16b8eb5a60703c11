/** From what is to be erased to what stands in its place. */
import { createHmac } from 'node:crypto'
import { type ErasureSet, erasureSet, fromHex, type SetSecrets, u64be, utf8 } from '@deponent/format'
import type { VaultTombstone } from '../vault/tombstone.ts'

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
export function setOf(seed: string, indices: readonly number[]): ErasureSet {
  return erasureSet(indices, secretsOf(seed))
}

/** What stands in the place of what was erased, by index; `links` as of `ErasurePlan`. */
export function tombstonesOf(
  { openings }: ErasureSet,
  links: readonly (readonly [number, string])[],
): Map<number, VaultTombstone> {
  const linkOf = new Map(links)
  const tombstones = new Map<number, VaultTombstone>()
  for (const [index, opening] of openings) {
    const link = linkOf.get(index)
    tombstones.set(index, { ...opening, ...(link !== undefined && { link: fromHex(link) }) })
  }
  return tombstones
}
