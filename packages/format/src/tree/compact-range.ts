/**
 * What must be remembered of a tree to go on appending to it: the roots of its perfect subtrees.
 *
 * Invariants
 * - `hashes` holds one root per set bit of `size`, the largest subtree first.
 * - `root()` of a range that had n leaves appended equals `rootOf` of those n leaf hashes.
 * - At most 53 hashes are held, whatever the size.
 */
import { FormatError } from '../error.ts'
import { bitCount, checkSize, half, isOdd } from './position.ts'
import { checkHash, EMPTY_ROOT, hashNode, rootOf } from './rfc6962.ts'

export class CompactRange {
  #size: number
  readonly #hashes: Uint8Array[]

  private constructor(size: number, hashes: Uint8Array[]) {
    this.#size = size
    this.#hashes = hashes
  }

  /** The range of the tree without leaves. */
  static empty(): CompactRange {
    return new CompactRange(0, [])
  }

  /**
   * The range of a tree of `size` leaves whose perfect subtrees have these roots, left to right.
   * A wrong number of hashes is FormatError 'bad_compact_range'.
   */
  static of(size: number, hashes: readonly Uint8Array[]): CompactRange {
    checkSize(size)
    if (hashes.length !== bitCount(size)) {
      throw new FormatError('bad_compact_range', 'needs one hash per perfect subtree of the size')
    }
    hashes.forEach(checkHash)
    return new CompactRange(size, [...hashes])
  }

  /** How many leaves the tree has. */
  get size(): number {
    return this.#size
  }

  /** The roots of the perfect subtrees, left to right, as `CompactRange.of` takes them. */
  hashes(): Uint8Array[] {
    return [...this.#hashes]
  }

  /** Adds the leaf with this hash at index `size`. */
  append(leafHash: Uint8Array): void {
    checkHash(leafHash)
    this.#push(leafHash, 1)
  }

  /** Adds leaves in order: as `append` of each, but perfect subtrees among them are hashed together, four times as fast. */
  appendAll(leafHashes: readonly Uint8Array[]): void {
    for (let at = 0; at < leafHashes.length;) {
      let width = 1
      while (this.#size % (width * 2) === 0 && at + width * 2 <= leafHashes.length) width *= 2
      this.#push(rootOf(leafHashes.slice(at, at + width)), width)
      at += width
    }
  }

  /**
   * Adds the `leaves` leaves below this root: as `append` of each. They must be a power of two that divides the size, or it is
   * FormatError 'bad_compact_range'.
   */
  appendSubtree(root: Uint8Array, leaves: number): void {
    checkHash(root)
    checkSize(leaves)
    if (bitCount(leaves) !== 1 || this.#size % leaves !== 0)
      throw new FormatError('bad_compact_range', 'a subtree has its place at a multiple of its leaves')
    this.#push(root, leaves)
  }

  /** Adds the root of a perfect subtree of `leaves` leaves, a power of two that divides the size. */
  #push(root: Uint8Array, leaves: number): void {
    checkSize(this.#size + leaves)
    let node = root
    for (let rest = this.#size / leaves; isOdd(rest); rest = half(rest))
      node = hashNode(this.#hashes.pop()!, node)
    this.#hashes.push(node)
    this.#size += leaves
  }

  /** The root of the tree so far; EMPTY_ROOT without leaves. */
  root(): Uint8Array {
    return foldSubtrees(this.#hashes)
  }

  /** An independent copy: appending to one does not change the other. */
  clone(): CompactRange {
    return new CompactRange(this.#size, [...this.#hashes])
  }
}

/** The root over perfect subtrees given left to right, largest first: folded from the right. */
export function foldSubtrees(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return EMPTY_ROOT
  return hashes.reduceRight((right, left) => hashNode(left, right))
}
