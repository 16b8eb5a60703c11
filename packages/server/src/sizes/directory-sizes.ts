/** The sizes of a data directory, read from its files alone: a server may run on it, and none has to. */
import { FormatError, fromUtf8, parseCheckpoint, parseNote, TILE_WIDTH } from '@deponent/format'
import type { Layer, Stay } from '../cost/layer.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import { forEachFile } from '../platform/file-sizes.ts'
import { countOf, parseSegmentName, SEGMENT_HEADER_BYTES, segmentName } from '../vault/segment.ts'
import { DIRECTORY_LAYERS, type DirectoryLayer, placeOf } from './place.ts'

/** How much of a layer there is. */
export interface Extent {
  readonly bytes: number
  /** What the file system has set aside for them. */
  readonly allocatedBytes: number
  readonly files: number
}

export interface LedgerSizes {
  /** Entries under the latest checkpoint. */
  readonly entries: number
  /** Of them, those in files of full tiles, and those in finished segments of the vault: the log has the others. */
  readonly inTiles: number
  readonly inSegments: number
  readonly layers: ReadonlyMap<DirectoryLayer, Extent>
}

export interface DirectorySizes {
  readonly ledgers: ReadonlyMap<string, LedgerSizes>
  /** What ledgers share. */
  readonly shared: ReadonlyMap<DirectoryLayer, Extent>
}

/** A layer as it lies in a directory. */
export interface StoredLayer extends Layer, Extent {
  /** Whether all ledgers share it, and this is the part of one, by the number of its entries. */
  readonly isShared: boolean
}

const STAYS: Record<DirectoryLayer, Stay> = {
  entryTiles: 'always',
  hashTiles: 'always',
  // Of hours, not of entries.
  checkpoints: 'fixed',
  log: 'fixed',
  vault: 'content',
  keys: 'content',
  state: 'always',
  index: 'hot',
  directory: 'fixed',
}

const NOTHING: Extent = { bytes: 0, allocatedBytes: 0, files: 0 }
const SHARED = new Set<DirectoryLayer>(['state', 'index', 'directory'])

export async function sizesOf(disk: Disk, directory: string): Promise<DirectorySizes> {
  const names = new Set(await disk.list(`${directory}/ledgers`))
  const shared = new Map<DirectoryLayer, Extent>()
  const own = new Map([...names].map((name) => [name, new Map<DirectoryLayer, Extent>()]))
  await forEachFile(directory, ({ path, bytes, allocatedBytes }) => {
    const { layer, ledger } = placeOf(path, names)
    const layers = ledger === undefined ? shared : own.get(ledger)!
    layers.set(layer, added(layers.get(layer) ?? NOTHING, { bytes, allocatedBytes, files: 1 }))
  })
  const ledgers = new Map<string, LedgerSizes>()
  for (const [name, layers] of own) ledgers.set(name, await ledgerSizes(disk, directory, name, layers))
  return { ledgers, shared }
}

/** The layers of one ledger, or of all of them together. */
export function layersOf({ ledgers, shared }: DirectorySizes, only?: string): StoredLayer[] {
  const counted = only === undefined ? [...ledgers.values()] : [ledgers.get(only) ?? EMPTY]
  const sum = (count: (one: LedgerSizes) => number): number =>
    counted.reduce((total, one) => total + count(one), 0)
  const entries = sum((one) => one.entries)
  const all = [...ledgers.values()].reduce((total, one) => total + one.entries, 0)
  const covered: Partial<Record<DirectoryLayer, number>> = {
    entryTiles: sum((one) => one.inTiles),
    hashTiles: sum((one) => one.inTiles),
    vault: sum((one) => one.inSegments),
  }
  return DIRECTORY_LAYERS.map((name) => {
    const own = counted.map(({ layers }) => layers.get(name) ?? NOTHING).reduce(added, NOTHING)
    const part = partOf(shared.get(name) ?? NOTHING, entries, all)
    return {
      name,
      tier: 'hot',
      stay: STAYS[name],
      entries: covered[name] ?? entries,
      isShared: only !== undefined && ledgers.size > 1 && SHARED.has(name),
      ...added(own, counted.length === ledgers.size ? (shared.get(name) ?? NOTHING) : part),
    }
  })
}

const EMPTY: LedgerSizes = { entries: 0, inTiles: 0, inSegments: 0, layers: new Map() }

function added(a: Extent, b: Extent): Extent {
  return {
    bytes: a.bytes + b.bytes,
    allocatedBytes: a.allocatedBytes + b.allocatedBytes,
    files: a.files + b.files,
  }
}

/** The part of what is shared that belongs to so many entries of all. */
function partOf(whole: Extent, entries: number, all: number): Extent {
  const part = (of: number): number => (all === 0 ? 0 : Number((BigInt(of) * BigInt(entries)) / BigInt(all)))
  return { bytes: part(whole.bytes), allocatedBytes: part(whole.allocatedBytes), files: part(whole.files) }
}

async function ledgerSizes(
  disk: Disk,
  directory: string,
  name: string,
  layers: ReadonlyMap<DirectoryLayer, Extent>,
): Promise<LedgerSizes> {
  const head = await headOf(disk, `${directory}/ledgers/${name}/checkpoint`)
  return {
    entries: head?.size ?? 0,
    inTiles: (layers.get('entryTiles')?.files ?? 0) * TILE_WIDTH,
    inSegments: head ? await coveredBySegments(disk, `${directory}/vault/${name}`, head.origin) : 0,
    layers,
  }
}

/** The latest checkpoint, believed; what is damaged is for `verify` to tell. */
async function headOf(disk: Disk, path: string): Promise<{ origin: string; size: number } | undefined> {
  const note = await disk.read(path)
  return note && unlessDamaged(() => parseCheckpoint(parseNote(fromUtf8(note)).text))
}

/** Where the last finished segment ends. */
async function coveredBySegments(disk: Disk, vault: string, origin: string): Promise<number> {
  const last = (await disk.list(vault)).flatMap((name) => parseSegmentName(name) ?? []).at(-1)
  if (last === undefined) return 0
  const file = await disk.open(`${vault}/${segmentName(last)}`, 'read')
  try {
    const header = await file.read(0, SEGMENT_HEADER_BYTES)
    return last + (unlessDamaged(() => countOf(ledgerIdOf(origin), last, header)) ?? 0)
  } finally {
    await file.close()
  }
}

function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
