/**
 * Ledgers in files, answered for as a server would: a data directory, whose partial tiles are no files, or a copy of what a
 * ledger serves.
 */
import {
  decodeEntryTile,
  decodeHashTile,
  encodeEntryTile,
  encodeHashTile,
  FormatError,
  leafHashes,
  parseCheckpoint,
  parseNote,
  parseTilePath,
  rootOf,
  TILE_WIDTH,
  tilePath,
  tileWidth,
} from '@deponent/format'
import { identityOf, type LedgerIdentity, readDirectoryFormat } from '../ledger/identity.ts'
import { TileStore } from '../ledger/tile-store.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import { LedgerWalk } from './ledger-walk.ts'

interface FileAnswer {
  status: number
  bytes: Uint8Array
}

const NOT_THERE: FileAnswer = { status: 404, bytes: new Uint8Array(0) }
const found = (bytes: Uint8Array | undefined): FileAnswer => (bytes ? { status: 200, bytes } : NOT_THERE)

/** A ledger of a data directory. */
export class ServedDirectory {
  readonly #disk: Disk
  readonly #directory: string
  readonly #identity: LedgerIdentity
  readonly #walk: LedgerWalk
  readonly #size: number

  private constructor(
    disk: Disk,
    directory: string,
    identity: LedgerIdentity,
    walk: LedgerWalk,
    size: number,
  ) {
    this.#disk = disk
    this.#directory = directory
    this.#identity = identity
    this.#walk = walk
    this.#size = size
  }

  /** Undefined when `path` is no data directory or has no ledger of this name. */
  static async open(disk: Disk, path: string, ledger: string): Promise<ServedDirectory | undefined> {
    const format = await readDirectoryFormat(disk, path)
    const identity = format && identityOf(format, ledger)
    if (!identity) return undefined
    const directory = `${path}/ledgers/${ledger}`
    const walk = await LedgerWalk.open(disk, directory, ledgerIdOf(identity.origin), [])
    return new ServedDirectory(disk, directory, identity, walk, await publishedSize(disk, directory))
  }

  /** The keys of now: those whose sizes have no end. */
  keys(): Promise<{ checkpoint?: string; promise?: string }> {
    const current = this.#identity.keys.filter(({ sizes }) => sizes.endsWith('..'))
    return Promise.resolve(Object.fromEntries(current.map(({ use, vkey }) => [use, vkey])))
  }

  async get(path: string): Promise<FileAnswer> {
    if (path === 'checkpoint') return found(await this.#disk.read(`${this.#directory}/checkpoint`))
    const { level, n, width } = parseTilePath(path)
    if (width > widthWithin(level, n, this.#size)) return NOT_THERE
    const first = n * TILE_WIDTH
    if (level !== 'entries') return found(await this.#hashTile(level, n, width))
    const entries = await this.#walk.range(first, first + width)
    return entries.length === width ? found(encodeEntryTile(entries)) : NOT_THERE
  }

  async #hashTile(level: number, n: number, width: number): Promise<Uint8Array | undefined> {
    const store = new TileStore(this.#disk, this.#directory)
    const stored = width === TILE_WIDTH ? await store.readFromDisk(level, n) : undefined
    if (stored) return stored
    if (level === 0) {
      const entries = await this.#walk.range(n * TILE_WIDTH, n * TILE_WIDTH + width)
      return encodeHashTile(leafHashes(entries))
    }
    const roots: Uint8Array[] = []
    for (let below = n * TILE_WIDTH; below < n * TILE_WIDTH + width; below += 1) {
      const tile = await this.#hashTile(level - 1, below, TILE_WIDTH)
      if (!tile) return undefined
      roots.push(rootOf(decodeHashTile(tile)))
    }
    return encodeHashTile(roots)
  }
}

function widthWithin(level: number | 'entries', n: number, size: number): number {
  try {
    return tileWidth(level, n, size)
  } catch (error) {
    if (error instanceof FormatError) return 0
    throw error
  }
}

async function publishedSize(disk: Disk, directory: string): Promise<number> {
  const note = await disk.read(`${directory}/checkpoint`)
  try {
    return note ? parseCheckpoint(parseNote(note).text).size : 0
  } catch (error) {
    if (error instanceof FormatError) return 0
    throw error
  }
}

/** A copy of what a ledger serves: `checkpoint` and `tile/` under their paths. */
export class ServedCopy {
  readonly #disk: Disk
  readonly #directory: string

  private constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  /** Undefined when there is no checkpoint in the directory. */
  static async open(disk: Disk, directory: string): Promise<ServedCopy | undefined> {
    const isThere = (await disk.size(`${directory}/checkpoint`)) !== undefined
    return isThere ? new ServedCopy(disk, directory) : undefined
  }

  keys(): Promise<{ checkpoint?: string; promise?: string }> {
    return Promise.resolve({})
  }

  async get(path: string): Promise<FileAnswer> {
    const stored = await this.#disk.read(`${this.#directory}/${path}`)
    if (stored || path === 'checkpoint') return found(stored)
    const { level, n, width } = parseTilePath(path)
    const wider = await this.#widerThan(tilePath(level, n), width)
    if (!wider) return NOT_THERE
    if (level === 'entries') return found(encodeEntryTile(decodeEntryTile(wider).slice(0, width)))
    return found(wider.subarray(0, width * 32))
  }

  /** The full tile, or the narrowest partial one that holds `width`. */
  async #widerThan(path: string, width: number): Promise<Uint8Array | undefined> {
    const full = await this.#disk.read(`${this.#directory}/${path}`)
    if (full) return full
    const widths = (await this.#disk.list(`${this.#directory}/${path}.p`)).map(Number)
    const enough = widths.filter((candidate) => candidate > width).toSorted((a, b) => a - b)[0]
    return enough === undefined ? undefined : this.#disk.read(`${this.#directory}/${path}.p/${enough}`)
  }
}
