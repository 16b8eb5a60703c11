/**
 * The ledger's tree, as RFC 6962 §2.1 (RFC 9162 §2.1) defines it:
 *
 *   leaf = SHA-256(0x00 ‖ entry)    node = SHA-256(0x01 ‖ left ‖ right)    empty root = SHA-256("")
 *
 * A tree of n leaves splits at the largest power of two below n. Built level by level that is the same
 * tree in which a node without a right neighbour moves up unchanged, which is how it is computed here.
 */
import { fromHex } from '../bytes.ts'
import { FormatError } from '../error.ts'
import { ledgerRoot, sha256 } from '../hash/sha256.ts'

/** Bytes of a SHA-256 hash. */
export const HASH_BYTES = 32

/** The root of the tree without leaves. Treat as read-only. */
export const EMPTY_ROOT: Uint8Array = fromHex(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
)

/** Joins two neighbouring subtrees into the hash of their parent. */
export type NodeHash = (left: Uint8Array, right: Uint8Array) => Uint8Array

/** The leaf hash of an entry: SHA-256(0x00 ‖ entry). */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + entry.length)
  message.set(entry, 1)
  return sha256(message)
}

// sha256 is synchronous and keeps nothing of its input, so one message buffer serves every node.
const nodeMessage = new Uint8Array(1 + 2 * HASH_BYTES)
nodeMessage[0] = 0x01

/** The hash of an inner node, SHA-256(0x01 ‖ left ‖ right); FormatError 'bad_hash' unless both have 32 bytes. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  checkHash(left)
  checkHash(right)
  nodeMessage.set(left, 1)
  nodeMessage.set(right, 1 + HASH_BYTES)
  return sha256(nodeMessage)
}

/** Refuses anything but 32 bytes with FormatError 'bad_hash'. */
export function checkHash(hash: Uint8Array): void {
  if (hash.length !== HASH_BYTES) throw new FormatError('bad_hash', 'a hash must be 32 bytes')
}

/** The root of a whole tree held in memory; EMPTY_ROOT without leaves. */
export function rootOf(leafHashes: readonly Uint8Array[]): Uint8Array {
  return leafHashes.length === 0 ? EMPTY_ROOT : ledgerRoot(leafHashes)
}

/**
 * Every level of a tree held in memory, leaves first, the root alone last; empty without leaves.
 * Position p at level l is the root of leaves [p·2^l, (p+1)·2^l), cut off at the end of the tree.
 */
export function treeLevels(
  leafHashes: readonly Uint8Array[],
  node: NodeHash = hashNode,
): (readonly Uint8Array[])[] {
  if (leafHashes.length === 0) return []
  leafHashes.forEach(checkHash)
  const levels = [leafHashes]
  for (let below = leafHashes; below.length > 1;) {
    below = levelAbove(below, node)
    levels.push(below)
  }
  return levels
}

function levelAbove(below: readonly Uint8Array[], node: NodeHash): Uint8Array[] {
  const above: Uint8Array[] = []
  for (let left = 0; left < below.length; left += 2) {
    const right = below[left + 1]
    above.push(right === undefined ? below[left]! : node(below[left]!, right))
  }
  return above
}
