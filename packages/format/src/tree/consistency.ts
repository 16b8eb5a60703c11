/**
 * Consistency proofs (RFC 6962 §2.1.2, checked as RFC 9162 §2.1.4.2): the larger tree only appended to the
 * smaller one.
 */
import { equalBytes } from '../bytes.ts'
import { FormatError } from '../error.ts'
import { bitCount, checkSize, half, isOdd, isPosition, splitPoint } from './position.ts'
import type { LeafRange, NodeReader } from './position.ts'
import { EMPTY_ROOT, HASH_BYTES, hashNode } from './rfc6962.ts'
import { subtreeRoots } from './subtree-roots.ts'

/**
 * The proof that the tree of size1 leaves is a prefix of the tree of size2 leaves. Empty when the sizes
 * are equal or size1 is 0. FormatError 'bad_size' when size1 > size2.
 */
export async function consistencyProof(
  size1: number,
  size2: number,
  node: NodeReader,
): Promise<Uint8Array[]> {
  checkSize(size1)
  checkSize(size2)
  if (size1 > size2) throw new FormatError('bad_size', 'the first tree is larger than the second')
  if (size1 === 0) return []
  return subtreeRoots(provenRanges(size1, size2), node)
}

/** SUBPROOF of RFC 6962 §2.1.2 as a walk from the root to the end of the smaller tree. */
function provenRanges(size1: number, size2: number): LeafRange[] {
  const ranges: LeafRange[] = []
  let start = 0
  let end = size2
  while (end !== size1) {
    const middle = start + splitPoint(end - start)
    if (size1 <= middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  // The verifier knows the smaller root already when the walk ends in the whole smaller tree.
  if (start !== 0) ranges.push({ start, end })
  return ranges.reverse()
}

/**
 * Whether the proof shows that the second tree only appended to the first. Equal sizes need equal roots
 * and an empty proof; size 0 has the empty root only. Any misfit is `false`, and so is size1 = 0 below
 * size2: the empty tree is a prefix of every tree, so nothing would have been checked, and the caller must
 * say so itself.
 */
export function verifyConsistency(
  size1: number,
  size2: number,
  root1: Uint8Array,
  root2: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isPosition(size1) || !isPosition(size2)) return false
  if (size1 === 0 && !equalBytes(root1, EMPTY_ROOT)) return false
  if (size1 === size2) return proof.length === 0 && equalBytes(root1, root2)
  if ([root1, root2, ...proof].some((hash) => hash.length !== HASH_BYTES)) return false
  if (size1 === 0 || size1 > size2 || proof.length === 0) return false
  const roots = climbBoth(size1, size2, startingAt(size1, root1, proof))
  return roots !== undefined && equalBytes(roots.first, root1) && equalBytes(roots.second, root2)
}

/** A perfect smaller tree is itself the first node; its root is not repeated in the proof. */
function startingAt(size1: number, root1: Uint8Array, proof: readonly Uint8Array[]): readonly Uint8Array[] {
  return bitCount(size1) === 1 ? [root1, ...proof] : proof
}

function climbBoth(
  size1: number,
  size2: number,
  nodes: readonly Uint8Array[],
): { first: Uint8Array; second: Uint8Array } | undefined {
  let position = size1 - 1
  let last = size2 - 1
  while (isOdd(position)) {
    position = half(position)
    last = half(last)
  }
  let first = nodes[0]!
  let second = first
  for (const node of nodes.slice(1)) {
    if (last === 0) return undefined
    if (isOdd(position) || position === last) {
      first = hashNode(node, first)
      second = hashNode(node, second)
      while (!isOdd(position) && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      second = hashNode(second, node)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 ? { first, second } : undefined
}
