/** Every file as it lies there, and the inside of those that are merely compressed. */
import { FormatError } from '@deponent/format'
import { unpackTile } from '../ledger/tile-packing.ts'
import { type Disk, type DiskFile, errorCode } from '../platform/disk.ts'
import { filesBelow } from '../platform/scratch.ts'
import { BLOCK_BYTES_MAX, readBlocks } from './column-blocks.ts'
import type { ResidueTally } from './report.ts'
import { unsealed } from './sealed-files.ts'
import { type Seeker, Stream } from './seeker.ts'

/** Where the embedded engine keeps what it encrypts. */
const SEALED_INDEX = 'index/sealed/'

const PIECE_BYTES = 4 * 1_048_576

export interface FilesToSearch {
  readonly disk: Disk
  readonly directory: string
  /** What the directory is called in reports. */
  readonly name: string
  /** The store a file belongs to, by its path below the directory. */
  storeOf(path: string): string
  /** The key the files of the index are encrypted with, where it is known. */
  readonly indexKey?: Uint8Array
}

/** Looks at every file below a directory; those that go away meanwhile are passed over. */
export async function searchFiles(files: FilesToSearch, seeker: Seeker, tally: ResidueTally): Promise<void> {
  for (const path of await filesBelow(files.directory)) {
    const where = `${files.name}/${path}`
    const store = files.storeOf(path)
    // The name of a file is part of what is stored.
    tally.found(
      store,
      seeker.inText(path).map((what) => ({ where, what: `${what}, in its name` })),
    )
    await unlessGone(() => searchFile(files, path, where, seeker, tally))
  }
}

async function searchFile(
  { disk, directory, indexKey, storeOf }: FilesToSearch,
  path: string,
  where: string,
  seeker: Seeker,
  tally: ResidueTally,
): Promise<void> {
  const store = storeOf(path)
  const opened = await disk.open(`${directory}/${path}`, 'read')
  const isSealed = path.startsWith(SEALED_INDEX)
  if (isSealed && !indexKey) tally.closed(store)
  const file = (indexKey && isSealed && (await unsealed(opened, indexKey))) || opened
  try {
    const raw = await searchRaw(file, seeker)
    tally.looked(store, raw.bytes)
    tally.found(
      store,
      raw.found.map((what) => ({ where, what })),
    )
    const inside = path.startsWith('index/') ? await searchBlocks(file, seeker) : undefined
    if (inside) noteInside(inside, store, where, tally)
  } finally {
    await file.close()
  }
  if (path.includes('/tile/entries/')) await searchTile(disk, `${directory}/${path}`, where, seeker, tally)
}

async function searchRaw(file: DiskFile, seeker: Seeker): Promise<Stream> {
  const stream = new Stream(seeker)
  for (;;) {
    const piece = await file.read(stream.bytes, PIECE_BYTES)
    if (piece.length === 0) return stream
    stream.push(piece)
  }
}

/** Looks into the compressed blocks of a file of the index; undefined when it has none. */
async function searchBlocks(
  file: DiskFile,
  seeker: Seeker,
): Promise<{ found: string[]; blocks: number } | undefined> {
  const stream = new Stream(seeker)
  const size = await file.size()
  let blocks = 0
  for (let at = 0; at < size;) {
    const piece = await file.read(at, PIECE_BYTES + BLOCK_BYTES_MAX)
    const { contents, next } = readBlocks(piece, at + piece.length >= size)
    for (const content of contents) stream.push(content)
    blocks += contents.length
    if (next === 0) break
    at += next
  }
  return blocks === 0 ? undefined : { found: stream.found, blocks }
}

function noteInside(
  { found, blocks }: { found: string[]; blocks: number },
  store: string,
  where: string,
  tally: ResidueTally,
): void {
  tally.opened(store, blocks)
  tally.found(
    store,
    found.map((what) => ({ where, what: `${what}, compressed` })),
  )
}

async function searchTile(
  disk: Disk,
  path: string,
  where: string,
  seeker: Seeker,
  tally: ResidueTally,
): Promise<void> {
  const stored = await disk.read(path)
  if (!stored) return
  try {
    const found = seeker.in(unpackTile(stored))
    noteInside({ found, blocks: 1 }, LEDGER_TILES, where, tally)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    tally.closed(LEDGER_TILES)
  }
}

export const LEDGER_TILES = 'ledger tiles'

/** A server that runs on the directory removes files: what is gone needs no search. */
export async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
