/**
 * An *index* names a leaf (0-based), a *size* counts leaves; both are safe integers. Bitwise operators
 * of the language stop at 32 bits, so the arithmetic here is done with floor and remainder.
 */
import { FormatError } from '../error.ts'

/** A perfect subtree: the leaves [index·2^level, (index+1)·2^level). Level 0 is a single leaf. */
export interface SubtreeAddress {
  readonly level: number
  readonly index: number
}

/** The leaves start..end, half-open. */
export interface LeafRange {
  readonly start: number
  readonly end: number
}

/** Looks up the hash of a perfect subtree, at once or later. */
export type NodeReader = (level: number, index: number) => Uint8Array | Promise<Uint8Array>

/** Whether a value is a usable index or size: an integer in 0..2^53−1. */
export function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** Refuses a size outside 0..2^53−1 with FormatError 'bad_size'. */
export function checkSize(size: number): void {
  if (!isPosition(size)) throw new FormatError('bad_size', 'a size must be an integer in 0..2^53-1')
}

/** Refuses an index outside the tree with FormatError 'bad_index', and a bad size as checkSize does. */
export function checkIndex(index: number, size: number): void {
  checkSize(size)
  if (!isPosition(index) || index >= size) throw new FormatError('bad_index', 'index is outside the tree')
}

/** Floor of half: a right shift by one, for integers beyond 32 bits. */
export function half(value: number): number {
  return Math.floor(value / 2)
}

/** Whether the lowest bit is set. */
export function isOdd(value: number): boolean {
  return value % 2 === 1
}

/** How many bits are set: the number of perfect subtrees a tree of that size consists of. */
export function bitCount(value: number): number {
  let count = 0
  for (let rest = value; rest > 0; rest = half(rest)) count += rest % 2
  return count
}

/** The largest power of two strictly below `size`, where a tree of that size splits; size ≥ 2. */
export function splitPoint(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/**
 * The perfect subtrees that make up the leaves of `range`, left to right, largest first. The range must
 * be a subtree of the ledger tree, as every range of a proof is: it then starts at a multiple of its
 * largest part.
 */
export function perfectSubtrees(range: LeafRange): SubtreeAddress[] {
  const parts: SubtreeAddress[] = []
  for (let start = range.start; start < range.end;) {
    const level = levelOfLargestPart(range.end - start)
    parts.push({ level, index: start / 2 ** level })
    start += 2 ** level
  }
  return parts
}

function levelOfLargestPart(size: number): number {
  let level = 0
  while (2 ** (level + 1) <= size) level++
  return level
}
