/**
 * Many proofs against one root share most of their nodes. Once a proof has led to the root, every node on its
 * way and every sibling it named is known to belong to the tree, and later proofs stop where they meet one.
 *
 * Invariant: what is remembered at a place is the hash of that place in the one tree that has this root, so
 * far as SHA-256 has no collisions. A proof is accepted exactly when `verifyInclusion` accepts it.
 */
import { equalBytes } from '../bytes.ts'
import { checkSize, half, isOdd, isPosition } from './position.ts'
import { checkHash, HASH_BYTES, hashNode } from './rfc6962.ts'
import type { NodeHash } from './rfc6962.ts'

/** A place on a proof's way, and the hash that stands there if the proof holds. */
type Placed = readonly [level: number, position: number, hash: Uint8Array]

/** Checks inclusion proofs against one root, each node hashed once. */
export class KnownNodes {
  readonly #size: number
  readonly #node: NodeHash
  /** By level, then by position within it. */
  readonly #known: Map<number, Uint8Array>[] = []

  /** `node` is the parent hash, the ledger tree's unless another domain is given. */
  constructor(size: number, root: Uint8Array, node: NodeHash = hashNode) {
    checkSize(size)
    checkHash(root)
    this.#size = size
    this.#node = node
    let top = 0
    for (let last = size - 1; last > 0; last = half(last)) top++
    this.#remember([[top, 0, root]])
  }

  /** Whether the proof shows the leaf at `index`. Any misfit is `false`. */
  proves(leafHash: Uint8Array, index: number, proof: readonly Uint8Array[]): boolean {
    if (!isPosition(index) || index >= this.#size || leafHash.length !== HASH_BYTES) return false
    const way: Placed[] = []
    let [hash, level, position, last, used] = [leafHash, 0, index, this.#size - 1, 0]
    for (;;) {
      const known = this.#known[level]?.get(position)
      if (known !== undefined) {
        if (!equalBytes(known, hash) || !this.#agrees(level, position, last, proof.slice(used))) return false
        this.#remember(way)
        return true
      }
      way.push([level, position, hash])
      if (isOdd(position) || position < last) {
        const sibling = proof[used++]
        if (sibling?.length !== HASH_BYTES) return false
        way.push([level, isOdd(position) ? position - 1 : position + 1, sibling])
        hash = isOdd(position) ? this.#node(sibling, hash) : this.#node(hash, sibling)
      }
      ;[level, position, last] = [level + 1, half(position), half(last)]
    }
  }

  /** Whether the rest of a proof names the siblings that are known from a known node up. */
  #agrees(fromLevel: number, fromPosition: number, fromLast: number, rest: readonly Uint8Array[]): boolean {
    let [level, position, last, used] = [fromLevel, fromPosition, fromLast, 0]
    for (; last > 0; [level, position, last] = [level + 1, half(position), half(last)]) {
      if (!isOdd(position) && position === last) continue
      const sibling = this.#known[level]?.get(isOdd(position) ? position - 1 : position + 1)
      const named = rest[used++]
      if (sibling === undefined || named === undefined || !equalBytes(sibling, named)) return false
    }
    return used === rest.length
  }

  #remember(placed: readonly Placed[]): void {
    for (const [level, position, hash] of placed) (this.#known[level] ??= new Map()).set(position, hash)
  }
}
