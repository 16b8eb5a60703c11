/**
 * From a directory to a running ledger. Recovery runs the code of every day: it reads what was accepted, copies it to a fresh
 * write-ahead file, and integrates it frame by frame exactly as a group commit does. Nothing read here is believed durable
 * before that copy is synced.
 */
import { leafHashes, TILE_WIDTH } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { NotSequencing, TileMissing } from './errors.ts'
import { EntryReader } from './entry-reader.ts'
import type { CheckpointSigner } from './signer-contract.ts'
import { entriesOfTile, type TileStore } from './tile-store.ts'
import { LedgerTree } from './tree.ts'
import { scanWal, type WalScan } from './wal-scan.ts'
import type { FrameContent } from './wal-frame.ts'

export interface Recovered {
  /** Frames still in the write-ahead log, in order. */
  contents: FrameContent[]
  /** Tree and reader at the tile boundary at or below the first retained frame, plus what lies before that frame. */
  tree: LedgerTree
  reader: EntryReader
  scan: WalScan
  /** Entry tiles below this number hold entries that the log let go, and so were synced and re-read before it did. */
  settledTiles: number
  /** Number of entries that can be read. */
  size: number
  /** Set when the ledger must not be written; reading stays open. */
  refusal?: NotSequencing
}

const endOf = (contents: readonly FrameContent[]): number => {
  const last = contents.at(-1)
  return last ? last.first + last.entries.length : 0
}

/** Why writing must be refused, judged from what the log holds and what the signer last signed. */
function refusalOf(
  scan: WalScan,
  size: number,
  tilesPresent: boolean,
  signer: Pick<CheckpointSigner, 'head'>,
): NotSequencing | undefined {
  if (scan.corrupt) {
    const range = `${scan.corrupt.from}${scan.corrupt.to === undefined ? '' : `..${scan.corrupt.to}`}`
    return new NotSequencing(
      'wal_corrupt',
      `acknowledged entries ${range} are damaged in ${scan.corrupt.file}`,
    )
  }
  const head = signer.head()
  if (!head && (size > 0 || tilesPresent)) {
    return new NotSequencing(
      'signer_state_missing',
      `no signer state for a ledger of ${size} entries; see --accept-head`,
    )
  }
  if (head && head.size > size) {
    const code = scan.tornTail ? 'wal_corrupt' : 'ledger_behind'
    return new NotSequencing(
      code,
      `the ledger holds ${size} entries, a checkpoint of ${head.size} was signed`,
    )
  }
  return undefined
}

/** Entries of the tile that the first retained frame starts within, up to that frame. */
async function entriesBefore(tiles: TileStore, first: number): Promise<Uint8Array[]> {
  const within = first % TILE_WIDTH
  if (within === 0) return []
  const n = Math.floor(first / TILE_WIDTH)
  const bytes = await tiles.read('entries', n)
  if (!bytes) throw new TileMissing('entries', n)
  return entriesOfTile(bytes).slice(0, within)
}

/** Reads the directory; writes nothing. `ledgerId` as of `ledgerIdOf(origin)`. */
export async function recover(
  disk: Disk,
  directory: string,
  ledgerId: Uint8Array,
  tiles: TileStore,
  signer: Pick<CheckpointSigner, 'head'>,
): Promise<Recovered> {
  const scan = await scanWal(disk, `${directory}/wal`, ledgerId)
  const contents = scan.frames.map((frame) => frame.content)
  const size = endOf(contents)
  const tilesPresent = (await disk.list(`${directory}/tile/entries`)).length > 0
  const refusal = refusalOf(scan, size, tilesPresent, signer)
  const first = contents[0]?.first ?? 0
  const base = first - (first % TILE_WIDTH)
  const tree = await LedgerTree.load(tiles, base)
  const reader = new EntryReader(tiles, base)
  const before = await entriesBefore(tiles, first)
  tree.append(leafHashes(before))
  reader.push(before)
  const settledTiles = Math.ceil(first / TILE_WIDTH)
  return { contents, tree, reader, scan, settledTiles, size, ...(refusal && { refusal }) }
}
