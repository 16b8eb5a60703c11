/**
 * Copies what is provable for ever: tiles, checkpoints, anchors, who the ledger is. All of it under locks of compliance, which nobody takes
 * away. A checkpoint is put last: where it is, everything it covers is.
 */
import {
  decodeEntryTile,
  equalBytes,
  FormatError,
  leafHashes,
  TILE_WIDTH,
  tilePath,
  utf8,
} from '@deponent/format'
import { listAnchorFiles } from '../ledger/anchor-files.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { PublishedCheckpoint } from '../ledger/publisher.ts'
import { packTile, unpackTile } from '../ledger/tile-packing.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { severalAtOnce } from '../platform/several-at-once.ts'
import type { LockedPlace } from './locked-place.ts'
import { checkpointKey, IDENTITY_KEY } from './object-keys.ts'

/** Objects put side by side. */
const PUTS_AT_ONCE = 8
/** Entry tiles between two notes of how far the copy is. */
const TILES_NOTED = 64
/** The newest file of anchors changes once a minute; each copy of it stays until its lock is over. */
const NEWEST_ANCHORS_EVERY_MS = 600_000
const TILES = 'tiles'
const PARTIAL = 'partial tiles'

export interface LedgerCopyOptions {
  readonly ledger: Pick<Ledger, 'entryTile' | 'hashTile'>
  readonly clock: Clock
  readonly disk: Disk
  /** The ledger's own directory. */
  readonly directory: string
  readonly place: LockedPlace
  /** The text of `identity.json`. */
  identity(): string
}

interface TileName {
  readonly level: number | 'entries'
  readonly n: number
  readonly width: number
}

export class LedgerCopy {
  readonly #options: LedgerCopyOptions
  /** When the newest file of anchors was put last, by its key. */
  #newestAnchors = { key: '', putAt: 0 }

  constructor(options: LedgerCopyOptions) {
    this.#options = options
  }

  /** Brings the tiles that `size` entries are made of, as far as they are not there. */
  async copyTiles(size: number): Promise<void> {
    const { objects } = this.#options.place
    const full = Math.floor(size / TILE_WIDTH)
    let from = Number(objects.note(TILES) ?? 0)
    while (from < full) {
      const end = Math.min(from + TILES_NOTED, full)
      await this.#putAll(fullTiles(from, end))
      objects.setNote(TILES, String(end))
      from = end
    }
    await this.#putPartial(size)
  }

  /** Brings what stands beside the tiles, and the checkpoint itself; everything it covers must be there. */
  async copyCheckpoint({ size, note }: Pick<PublishedCheckpoint, 'size' | 'note'>): Promise<void> {
    const { identity, place } = this.#options
    await place.put(IDENTITY_KEY, utf8(identity()), 'compliance')
    await this.#copyAnchors()
    const put = await place.put(checkpointKey(size), utf8(note), 'compliance')
    const earlier = place.objects.live('checkpoint/').filter(({ key }) => key !== put.key)
    place.objects.supersede(earlier)
  }

  /** Looks again whether every tile is there. */
  lookAgain(): void {
    this.#options.place.objects.setNote(TILES, '0')
  }

  async #putAll(names: readonly TileName[]): Promise<void> {
    const { objects } = this.#options.place
    const missing = names.filter((name) => !objects.get(keyOf(name))?.isLive)
    await severalAtOnce(missing, PUTS_AT_ONCE, async (name) => {
      await this.#put(name)
    })
  }

  /** The right edge of the tree at this size; that of an earlier size is not needed any more. */
  async #putPartial(size: number): Promise<void> {
    const { objects } = this.#options.place
    const names = partialTiles(size)
    await this.#putAll(names)
    const keys = new Set(names.map(keyOf))
    const earlier = namesIn(objects.note(PARTIAL)).filter((key) => !keys.has(key))
    objects.supersede(earlier.flatMap((key) => objects.get(key) ?? []))
    objects.setNote(PARTIAL, JSON.stringify([...keys]))
  }

  async #put(name: TileName): Promise<void> {
    const bytes = name.level === 'entries' ? await this.#entryTile(name) : await this.#hashTile(name)
    await this.#options.place.put(keyOf(name), bytes, 'compliance')
  }

  async #hashTile({ level, n, width }: TileName): Promise<Uint8Array> {
    const bytes = await this.#options.ledger.hashTile(Number(level), n, width)
    if (!bytes) throw new FormatError('tile_missing', `hash tile ${level}/${n} cannot be read`)
    return bytes
  }

  /** An entry tile as it lies on disk, once its entries were found to be those of the tree: damage is not copied. */
  async #entryTile({ n, width }: TileName): Promise<Uint8Array> {
    const { directory, disk, ledger } = this.#options
    const stored =
      width === TILE_WIDTH ? await disk.read(`${directory}/${tilePath('entries', n)}`) : undefined
    const bytes = stored ?? packTile(await this.#served(n, width))
    const hashes = await ledger.hashTile(0, n, width)
    const found = leafHashes(decodeEntryTile(unpackTile(bytes)))
    if (!hashes || !equalBytes(Buffer.concat(found), hashes))
      throw new FormatError(
        'leaf_mismatch',
        `entry tile ${n} on disk is not the one of the tree, and is not copied`,
      )
    return bytes
  }

  async #served(n: number, width: number): Promise<Uint8Array> {
    const bytes = await this.#options.ledger.entryTile(n, width)
    if (!bytes) throw new FormatError('tile_missing', `entry tile ${n} cannot be read`)
    return bytes
  }

  async #copyAnchors(): Promise<void> {
    const { clock, directory, disk, place } = this.#options
    const files = await listAnchorFiles(disk, `${directory}/anchors`)
    const keys = files.map(({ name }) => `anchors/${name}`)
    for (const key of keys) {
      const isNewest = key === keys.at(-1)
      const { key: known, putAt } = this.#newestAnchors
      if (isNewest && key === known && clock.now() < putAt + NEWEST_ANCHORS_EVERY_MS) continue
      const bytes = await disk.read(`${directory}/${key}`)
      if (bytes) await place.put(key, bytes, 'compliance')
      if (isNewest) this.#newestAnchors = { key, putAt: clock.now() }
    }
    const isHere = new Set(keys)
    place.objects.supersede(place.objects.live('anchors/').filter(({ key }) => !isHere.has(key)))
  }
}

const keyOf = ({ level, n, width }: TileName): string => tilePath(level, n, width)

/** Entry tiles [from, end) and the hash tiles that are full with them. */
function fullTiles(from: number, end: number): TileName[] {
  const names: TileName[] = []
  const whole = (level: TileName['level'], n: number): TileName => ({ level, n, width: TILE_WIDTH })
  for (let n = from; n < end; n += 1) names.push(whole('entries', n))
  for (let level = 0, [a, b] = [from, end]; b > a; level += 1) {
    for (let n = a; n < b; n += 1) names.push(whole(level, n))
    ;[a, b] = [Math.floor(a / TILE_WIDTH), Math.floor(b / TILE_WIDTH)]
  }
  return names
}

/** The tiles of a tree of `size` leaves that are not full. */
export function partialTiles(size: number): TileName[] {
  const names: TileName[] = []
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / TILE_WIDTH)) {
    const width = count % TILE_WIDTH
    const n = Math.floor(count / TILE_WIDTH)
    if (width === 0) continue
    if (level === 0) names.push({ level: 'entries', n, width })
    names.push({ level, n, width })
  }
  return names
}

function namesIn(text: string | undefined): string[] {
  return text === undefined ? [] : (JSON.parse(text) as string[])
}
