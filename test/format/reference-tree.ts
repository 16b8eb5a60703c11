/** The tree written down once more, straight from RFC 6962 §2.1 and with another SHA-256, to compare ours with. */
import { createHash } from 'node:crypto'

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

const prefix = (byte: number) => Uint8Array.of(byte)

export function referenceLeaf(entry: Uint8Array): Uint8Array {
  return sha256(prefix(0), entry)
}

/** MTH over leaf hashes. */
export function referenceRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  if (leafHashes.length === 0) return sha256()
  if (leafHashes.length === 1) return leafHashes[0]!
  const k = split(leafHashes.length)
  return sha256(prefix(1), referenceRoot(leafHashes.slice(0, k)), referenceRoot(leafHashes.slice(k)))
}

/** PATH(m, D[n]). */
export function referencePath(m: number, leafHashes: readonly Uint8Array[]): Uint8Array[] {
  if (leafHashes.length === 1) return []
  const k = split(leafHashes.length)
  const [left, right] = [leafHashes.slice(0, k), leafHashes.slice(k)]
  return m < k
    ? [...referencePath(m, left), referenceRoot(right)]
    : [...referencePath(m - k, right), referenceRoot(left)]
}

/** PROOF(m, D[n]). */
export function referenceConsistency(m: number, leafHashes: readonly Uint8Array[]): Uint8Array[] {
  return subproof(m, leafHashes, true)
}

function subproof(m: number, leafHashes: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  const n = leafHashes.length
  if (m === n) return whole ? [] : [referenceRoot(leafHashes)]
  const k = split(n)
  const [left, right] = [leafHashes.slice(0, k), leafHashes.slice(k)]
  return m <= k
    ? [...subproof(m, left, whole), referenceRoot(right)]
    : [...subproof(m - k, right, false), referenceRoot(left)]
}

function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** Leaf hashes of n small, different entries. */
export function leavesOf(n: number): Uint8Array[] {
  return Array.from({ length: n }, (_, i) => referenceLeaf(new TextEncoder().encode(`entry ${i}`)))
}

/** The perfect subtree (level, index) over leaves held in memory. */
export function nodeOf(leafHashes: readonly Uint8Array[]): (level: number, index: number) => Uint8Array {
  return (level, index) => {
    const count = 2 ** level
    const part = leafHashes.slice(index * count, (index + 1) * count)
    if (part.length < count) throw new Error('asked for a subtree that is not perfect')
    return referenceRoot(part)
  }
}
