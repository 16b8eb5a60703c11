/**
 * Inclusion proofs (RFC 6962 §2.1.1, checked as RFC 9162 §2.1.3.2): sibling hashes from a leaf to the root,
 * nearest first.
 */
import { equalBytes } from '../bytes.ts'
import { FormatError } from '../error.ts'
import { checkIndex, half, isOdd, isPosition, splitPoint } from './position.ts'
import type { LeafRange, NodeReader } from './position.ts'
import { EMPTY_ROOT, HASH_BYTES, hashNode, treeLevels } from './rfc6962.ts'
import type { NodeHash } from './rfc6962.ts'
import { subtreeRoots } from './subtree-roots.ts'

/** The proof of one leaf in a small tree held in memory. For all leaves of a batch use `inclusionPaths`. */
export function inclusionPath(index: number, leafHashes: readonly Uint8Array[]): Uint8Array[] {
  checkIndex(index, leafHashes.length)
  return pathThrough(treeLevels(leafHashes), index)
}

/** The root and every leaf's proof, at the price of hashing the tree once; `node` as in `rootFromInclusion`. */
export function inclusionPaths(
  leafHashes: readonly Uint8Array[],
  node: NodeHash = hashNode,
): {
  root: Uint8Array
  paths: Uint8Array[][]
} {
  const levels = treeLevels(leafHashes, node)
  return {
    root: levels.at(-1)?.[0] ?? EMPTY_ROOT,
    paths: leafHashes.map((_, index) => pathThrough(levels, index)),
  }
}

function pathThrough(levels: readonly (readonly Uint8Array[])[], index: number): Uint8Array[] {
  const path: Uint8Array[] = []
  let position = index
  for (const level of levels) {
    const sibling = level[isOdd(position) ? position - 1 : position + 1]
    if (sibling !== undefined) path.push(sibling)
    position = half(position)
  }
  return path
}

/** The proof of leaf `index` in the tree of `size` leaves, from a reader of perfect subtrees. */
export async function inclusionProof(index: number, size: number, node: NodeReader): Promise<Uint8Array[]> {
  checkIndex(index, size)
  return subtreeRoots(siblingRanges(index, size), node)
}

function siblingRanges(index: number, size: number): LeafRange[] {
  const siblings: LeafRange[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (index < middle) {
      siblings.push({ start: middle, end })
      end = middle
    } else {
      siblings.push({ start, end: middle })
      start = middle
    }
  }
  return siblings.reverse()
}

/**
 * The root that a leaf hash and its proof lead to. `node` is the parent hash, the ledger tree's unless
 * another domain is given. FormatError 'bad_proof' when the proof has not exactly the length and hash
 * widths this index and size call for.
 */
export function rootFromInclusion(
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  node: NodeHash = hashNode,
): Uint8Array {
  const root = climb(leafHash, index, size, proof, node)
  if (root === undefined)
    throw new FormatError('bad_proof', 'inclusion proof does not fit the index and size')
  return root
}

/** Whether the proof shows the leaf at `index` of the tree with this size and root. Any misfit is `false`. */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
  node: NodeHash = hashNode,
): boolean {
  const reached = climb(leafHash, index, size, proof, node)
  return reached !== undefined && equalBytes(reached, root)
}

function climb(
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  node: NodeHash,
): Uint8Array | undefined {
  if (!isPosition(size) || !isPosition(index) || index >= size) return undefined
  if ([leafHash, ...proof].some((hash) => hash.length !== HASH_BYTES)) return undefined
  let position = index
  let last = size - 1
  let reached = leafHash
  for (const sibling of proof) {
    if (last === 0) return undefined
    if (isOdd(position) || position === last) {
      reached = node(sibling, reached)
      // A last node without a right neighbour moved up unchanged: skip the levels where it did.
      while (!isOdd(position) && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      reached = node(reached, sibling)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 ? reached : undefined
}
