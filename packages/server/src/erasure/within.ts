/**
 * Erasures in a ledger that came back with fewer entries than it had when they were written down. What they were about from its size on was
 * lost with the entries, and others take their places.
 */
import { type Erasure, type ErasedName, isExpiry, isPlanned, type Planned } from './erasure.ts'

/** Whether what is written down of an erasure names an entry that a ledger of `size` entries does not have. */
export function reachesBeyond(erasure: Erasure, size: number): boolean {
  const indices = isPlanned(erasure) ? erasure.plan.indices : []
  const named = (erasure.names ?? []).flatMap(({ index }) => index ?? [])
  return [...indices, ...named].some((index) => index >= size)
}

/** The erasure with what a ledger of `size` entries has of it. Names of what was lost are still refused, and found nowhere. */
export function within(erasure: Erasure, size: number): Erasure {
  const { names } = erasure
  return {
    ...erasure,
    ...(isPlanned(erasure) && { plan: planWithin(erasure, size) }),
    ...(names && { names: names.map((name) => nameWithin(name, size)) }),
  }
}

function planWithin(erasure: Planned, size: number): Planned['plan'] {
  const { indices, kept, left, links, names, parts, ...plan } = erasure.plan
  const isHere = (index: number | undefined): boolean => index !== undefined && index < size
  return {
    ...plan,
    indices: indices.filter(isHere),
    left: left.filter(isHere),
    parts: parts.filter(([index]) => isHere(index)),
    kept: kept.filter(({ index }) => isHere(index)),
    links: links.filter(([index]) => isHere(index)),
    names: isExpiry(erasure)
      ? names.filter(({ index }) => isHere(index))
      : names.map((name) => nameWithin(name, size)),
  }
}

function nameWithin({ index, key }: ErasedName, size: number): ErasedName {
  return index !== undefined && index < size ? { key, index } : { key }
}
