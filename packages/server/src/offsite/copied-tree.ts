/**
 * The tiles of a copy, from the root of a signed checkpoint downwards: a tile is believed when it hashes to what the one above it says. So
 * of several versions of an object the right one is known, whoever put the others.
 *
 *   checkpoint ─▶ right edge of every level ─▶ full hash tiles ─▶ entry tiles
 */
import {
  CompactRange,
  decodeEntryTile,
  decodeHashTile,
  equalBytes,
  leafHashes,
  rootOf,
  TILE_WIDTH,
  tilePath,
} from '@deponent/format'
import { unpackTile } from '../ledger/tile-packing.ts'
import type { CopiedHead } from './copied-head.ts'
import { CopyIncomplete, orNothing, type StoredCopy } from './stored-copy.ts'

/** Versions of the right edge that are tried together. */
const EDGES_MAX = 4_096
const TILE_HEIGHT = 8

/** Hashes of the last, partial tile of a level; of level 0 the entries too. */
interface Edge {
  readonly hashes: readonly Uint8Array[]
  readonly entries?: readonly Uint8Array[]
}

export class CopiedTree {
  readonly #copy: StoredCopy
  readonly #size: number
  readonly #edges: readonly Edge[]
  /** The tile of each level that was read last. */
  readonly #last = new Map<number, { n: number; hashes: readonly Uint8Array[] }>()

  private constructor(copy: StoredCopy, size: number, edges: readonly Edge[]) {
    this.#copy = copy
    this.#size = size
    this.#edges = edges
  }

  /** Finds the right edge that leads to the root of the checkpoint. @throws CopyIncomplete */
  static async open(copy: StoredCopy, { size, root }: CopiedHead): Promise<CopiedTree> {
    const found: Edge[][] = []
    for (let level = 0; size >= TILE_WIDTH ** level; level += 1)
      found.push(await edgesOf(copy, level, Math.floor(size / TILE_WIDTH ** level)))
    let tried = 0
    for (const edges of combinations(found)) {
      if (equalBytes(rootBy(size, edges), root)) return new CopiedTree(copy, size, edges)
      tried += 1
      if (tried === EDGES_MAX) break
    }
    throw new CopyIncomplete(`the tiles at the end of ${size} entries do not lead to their checkpoint`)
  }

  /** Every entry, a tile at a time. @throws CopyIncomplete */
  async *entries(): AsyncGenerator<readonly Uint8Array[]> {
    for (let n = 0; n < Math.floor(this.#size / TILE_WIDTH); n += 1) yield this.#entryTile(n)
    const { entries = [] } = this.#edges[0]!
    if (entries.length > 0) yield entries
  }

  async #entryTile(n: number): Promise<readonly Uint8Array[]> {
    const expected = await this.#hashAt(1, n)
    const key = tilePath('entries', n)
    const entries = await this.#copy.find(key, (bytes) => {
      const found = decodeEntryTile(unpackTile(bytes))
      return found.length === TILE_WIDTH && equalBytes(rootOf(leafHashes(found)), expected)
        ? found
        : undefined
    })
    if (!entries) throw missing(this.#copy, key)
    return entries
  }

  /** The hash at `index` of a level. */
  async #hashAt(level: number, index: number): Promise<Uint8Array> {
    const n = Math.floor(index / TILE_WIDTH)
    const known = this.#last.get(level)
    const hashes = known?.n === n ? known.hashes : await this.#hashes(level, n)
    this.#last.set(level, { n, hashes })
    return hashes[index % TILE_WIDTH]!
  }

  async #hashes(level: number, n: number): Promise<readonly Uint8Array[]> {
    const full = Math.floor(this.#size / TILE_WIDTH ** (level + 1))
    if (n === full) return this.#edges[level]!.hashes
    const expected = await this.#hashAt(level + 1, n)
    const key = tilePath(level, n)
    const hashes = await this.#copy.find(key, (bytes) => {
      const found = decodeHashTile(bytes)
      return found.length === TILE_WIDTH && equalBytes(rootOf(found), expected) ? found : undefined
    })
    if (!hashes) throw missing(this.#copy, key)
    return hashes
  }
}

/** What may be the last tile of a level that has `count` hashes. */
async function edgesOf(copy: StoredCopy, level: number, count: number): Promise<Edge[]> {
  const width = count % TILE_WIDTH
  const n = Math.floor(count / TILE_WIDTH)
  if (width === 0) return [{ hashes: [] }]
  const key = tilePath(level === 0 ? 'entries' : level, n, width)
  const edges: Edge[] = []
  for await (const bytes of copy.candidates(key)) {
    const edge = orNothing(() => (level === 0 ? entryEdge(bytes) : { hashes: decodeHashTile(bytes) }))
    if (edge?.hashes.length === width) edges.push(edge)
  }
  if (edges.length === 0) throw missing(copy, key)
  return edges
}

function entryEdge(bytes: Uint8Array): Edge {
  const entries = decodeEntryTile(unpackTile(bytes))
  return { entries, hashes: leafHashes(entries) }
}

function* combinations(choices: readonly (readonly Edge[])[]): Generator<readonly Edge[]> {
  const [first, ...rest] = choices
  if (!first) {
    yield []
    return
  }
  for (const others of combinations(rest)) for (const edge of first) yield [edge, ...others]
}

/** The root of a tree of `size` leaves whose right edge is this. */
function rootBy(size: number, edges: readonly Edge[]): Uint8Array {
  const subtrees = edges.toReversed().flatMap(({ hashes }) => {
    const roots: Uint8Array[] = []
    let from = 0
    for (let bit = TILE_HEIGHT - 1; bit >= 0; bit -= 1) {
      const width = 2 ** bit
      if (Math.floor(hashes.length / width) % 2 === 0) continue
      roots.push(rootOf(hashes.slice(from, from + width)))
      from += width
    }
    return roots
  })
  return CompactRange.of(size, subtrees).root()
}

function missing({ ledger }: StoredCopy, key: string): CopyIncomplete {
  return new CopyIncomplete(
    `the copy of ledger ${ledger} holds no version of ${key} that its checkpoint leads to`,
  )
}
