/** A set of entries whose time is over, as it is erased and recorded. */
import { toHex } from '@deponent/format'
import type { Expiring, Expiry } from './erasure.ts'
import type { Gathered } from './gather.ts'

export interface NewSet {
  readonly id: string
  /** Unix milliseconds. */
  readonly now: number
  /** Hex, 32 random bytes. */
  readonly seed: string
}

/** The set of these entries, at least one, ascending, that go by these terms. */
export function expiredSet(
  entries: readonly Gathered[],
  terms: Pick<Expiry, 'policy' | 'policyVersion' | 'planDigest'>,
  { id, now, seed }: NewSet,
): Expiring {
  return {
    id,
    ground: 'expired',
    requestedAt: now,
    needsApproval: false,
    expiry: { ...terms, ...spanOf(entries) },
    plan: planFor(entries, seed),
  }
}

function planFor(entries: readonly Gathered[], seed: string): Expiring['plan'] {
  return {
    seed,
    // Keys of people stay: they seal more than this.
    numbers: [],
    indices: entries.map(({ index }) => index),
    left: [],
    parts: [],
    kept: [],
    names: entries.flatMap(({ index, name }) => (name ? [{ key: name, index }] : [])),
    links: entries.flatMap(({ index, link }) => (link ? [[index, toHex(link)] as const] : [])),
  }
}

function spanOf(entries: readonly Gathered[]): { from: number; to: number } {
  const times = entries.map(({ at }) => at)
  return { from: Math.min(...times), to: Math.max(...times) }
}
