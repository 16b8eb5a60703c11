import { sha256, TILE_WIDTH } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { TileStore } from '../../packages/server/src/ledger/tile-store.ts'
import { LedgerTree } from '../../packages/server/src/ledger/tree.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'

const LEVEL_1_TILE = TILE_WIDTH ** 2
const END = LEVEL_1_TILE + 700
const LEAVES = Array.from({ length: END }, (_, i) => sha256(Uint8Array.of(i >> 16, i >> 8, i)))
/** Sizes to load the tree at: multiples of 256 around the edges of tiles of both levels. */
const SIZES = [0, 1, 2, 140, 255, 256, 257, 258].map((tiles) => tiles * TILE_WIDTH)

/** A disk with every full tile of the leaves, and the root at each of the sizes. */
async function stored(): Promise<{ disk: SimulatedDisk; roots: Map<number, Uint8Array> }> {
  const disk = new SimulatedDisk({ random: new SeededRandom(1) })
  const tiles = new TileStore(disk, '/ledger')
  const tree = new LedgerTree(tiles)
  const roots = new Map<number, Uint8Array>()
  for (const size of [...SIZES, END]) {
    for (const tile of tree.append(LEAVES.slice(tree.size, size))) {
      await tiles.write(tile)
      tree.written(tile)
    }
    roots.set(size, tree.root())
  }
  return { disk, roots }
}

describe('the tree of a ledger', () => {
  test('loaded from its tiles at any size has the same root, and grows to the same root', async () => {
    const { disk, roots } = await stored()
    for (const size of SIZES) {
      const tree = await LedgerTree.load(new TileStore(disk, '/ledger'), size)
      expect(tree.root()).toEqual(roots.get(size))
      tree.append(LEAVES.slice(size))
      expect(tree.root()).toEqual(roots.get(END))
      expect((await tree.rangeAt(LEVEL_1_TILE)).root()).toEqual(roots.get(LEVEL_1_TILE))
    }
  })

  test('is loaded without the tiles that fill up later, which an earlier life may have left torn', async () => {
    const { disk, roots } = await stored()
    await disk.truncate('/ledger/tile/0/140', 5_000)
    await disk.truncate('/ledger/tile/1/000', 0)
    const size = 140 * TILE_WIDTH
    const tree = await LedgerTree.load(new TileStore(disk, '/ledger'), size)
    expect(tree.root()).toEqual(roots.get(size))
    tree.append(LEAVES.slice(size))
    expect(tree.root()).toEqual(roots.get(END))
  })

  test('names the tile it cannot be loaded without', async () => {
    const { disk } = await stored()
    await disk.remove('/ledger/tile/1/000')
    const loading = LedgerTree.load(new TileStore(disk, '/ledger'), 257 * TILE_WIDTH)
    await expect(loading).rejects.toMatchObject({ code: 'tile_missing', message: 'tile 1/0 is missing' })
  })
})
