/**
 * One ledger with its vault as of its last checkpoint, read from the files of a directory that a server may be writing. Read in this
 * order, nothing that a server does meanwhile leaves a gap:
 *
 *   anchors ─▶ checkpoint ─▶ write-ahead log ─▶ tiles and segments
 *
 * What has left the log was in tiles and segments before, so it is found in one or the other; what came after the checkpoint is left
 * out. Then the cut is checked: what was read must hash to the root of that checkpoint.
 */
import {
  FormatError,
  fromUtf8,
  leafHashes,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  tilePath,
  toHex,
} from '@deponent/format'
import { isKeptOn, type LedgerIdentity } from '../ledger/identity.ts'
import { recover } from '../ledger/recover.ts'
import { TileStore } from '../ledger/tile-store.ts'
import { walFileName } from '../ledger/wal-file.ts'
import { encodeFrame, type FrameContent, ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import { decodeAttachment } from '../recording/attachment.ts'
import { countOf, parseSegmentName, SEGMENT_HEADER_BYTES, segmentDigest } from '../vault/segment.ts'
import { BackupRefused } from './refusal.ts'

/** A file of the cut. */
export interface CutFile {
  /** Relative to the data directory. */
  readonly path: string
  read(): Promise<Uint8Array>
  /** Whether it is worth compressing. */
  readonly isLoose?: boolean
  /** Whether a file of this path is never another: with equal marks it need not be read again. */
  readonly isFinal?: boolean
  readonly mark?: string
}

export interface LedgerCut {
  readonly name: string
  readonly origin: string
  readonly size: number
  /** Hex. */
  readonly root: string
  readonly files: readonly CutFile[]
  /** Vault frames that are in the log and in no segment of the cut. */
  readonly frames: readonly Uint8Array[]
  /** Entries that are under no checkpoint yet. */
  readonly leftOut: number
}

/** What was read does not fit together, as a server went on meanwhile: reading again is right. */
export class CutMissed extends Error {}

export interface CutPlace {
  readonly disk: Disk
  /** The data directory. */
  readonly data: string
  readonly name: string
  readonly identity: LedgerIdentity
}

/** Cuts a ledger. Rejects with CutMissed, with BackupRefused `wal_corrupt`, and with what reading damaged files says. */
export async function cutLedger(place: CutPlace): Promise<LedgerCut> {
  const { disk, data, name, identity } = place
  const { origin } = identity
  const directory = `${data}/ledgers/${name}`
  const anchors = await anchorFiles(place)
  const note = await disk.read(`${directory}/checkpoint`)
  const ledgerId = ledgerIdOf(origin)
  const recovered = await recover(disk, directory, ledgerId, new TileStore(disk, directory), NO_SIGNER)
  const { contents, settledTiles, scan, tree } = recovered
  const signed = note && parseCheckpoint(parseNote(fromUtf8(note)).text)
  // Of a ledger that was succeeded nothing comes any more, and its successor fixes all of it.
  const size = isKeptOn(identity) ? (signed?.size ?? 0) : recovered.size
  // A log that is being written looks damaged where its end was read before and after another frame came: that is past the checkpoint.
  if (scan.corrupt && (scan.corrupt.from < size || !isKeptOn(identity)))
    throw new BackupRefused(
      'wal_corrupt',
      `the log of ledger ${name} is damaged from entry ${scan.corrupt.from} on: see deponent verify`,
    )
  const log = contentsBelow(contents, size)
  const first = log[0]?.first ?? 0
  if (recovered.size < size || (size > 0 && log.length === 0) || settledTiles * TILE_WIDTH > size)
    throw new CutMissed()
  for (const { entries } of log) tree.append(leafHashes(entries))
  const root = toHex(tree.root())
  if (signed?.size === size && root !== toHex(signed.root)) throw new CutMissed()
  const { segments, end } = await segmentFiles(place, size)
  if (end < first) throw new CutMissed()
  const logPath = `ledgers/${name}/wal/${walFileName({ generation: 1, sequence: 0 })}`
  return {
    name,
    origin,
    size,
    root,
    files: [
      ...anchors,
      ...(note ? [{ path: `ledgers/${name}/checkpoint`, read: () => Promise.resolve(note) }] : []),
      ...(log.length > 0
        ? [{ path: logPath, read: () => Promise.resolve(logBytes(ledgerId, log)), isLoose: true }]
        : []),
      ...tileFiles(place, settledTiles),
      ...segments,
      ...(await dictionaryFiles(place)),
    ],
    frames: log.flatMap(({ attachments }) => attachments.map((bytes) => decodeAttachment(bytes).frame)),
    leftOut: recovered.size - size,
  }
}

/** Nobody is asked what was signed: the checkpoint in the directory says how far the cut goes. */
const NO_SIGNER = { head: () => undefined }

/** The part of the log below `size`. */
function contentsBelow(contents: readonly FrameContent[], size: number): FrameContent[] {
  return contents.flatMap(({ first, entries, attachments }) => {
    const count = Math.min(entries.length, size - first)
    if (count <= 0) return []
    return [{ first, entries: entries.slice(0, count), attachments: attachments.slice(0, count) }]
  })
}

/** A log of one generation that holds these frames and no room for more, as its only file. */
function logBytes(ledgerId: Uint8Array, contents: readonly FrameContent[]): Uint8Array {
  const frames: Uint8Array[] = []
  let previous: Uint8Array = new Uint8Array(32)
  for (const [number, content] of contents.entries()) {
    const { padded, hash } = encodeFrame(content, { ledgerId, generation: 1, number, previous })
    frames.push(padded)
    previous = hash
  }
  return new Uint8Array(Buffer.concat(frames))
}

/** Tiles of what the log may have let go: each is whole, was synced and read back, and is never written again. */
function tileFiles(place: CutPlace, settledTiles: number): CutFile[] {
  const files = tilesBelow(place, 'entries', settledTiles)
  for (let level = 0, count = settledTiles; count > 0; level += 1, count = Math.floor(count / TILE_WIDTH))
    files.push(...tilesBelow(place, level, count))
  return files
}

function tilesBelow({ disk, data, name }: CutPlace, level: number | 'entries', count: number): CutFile[] {
  return Array.from({ length: count }, (_, n) => {
    const path = `ledgers/${name}/${tilePath(level, n)}`
    return { path, isFinal: true, read: () => readWhole(disk, data, path) }
  })
}

/** Sealed segments that end at or below `size`, and where the last of them ends. */
async function segmentFiles(
  { disk, data, name, identity }: CutPlace,
  size: number,
): Promise<{ segments: CutFile[]; end: number }> {
  const ledgerId = ledgerIdOf(identity.origin)
  const segments: CutFile[] = []
  let end = 0
  for (const file of await disk.list(`${data}/vault/${name}`)) {
    const first = parseSegmentName(file)
    if (first === undefined) continue
    const path = `vault/${name}/${file}`
    const { count, digest } = await readMark(disk, `${data}/${path}`, ledgerId, first)
    if (first !== end) throw new FormatError('segment_missing', `a segment is missing before ${path}`)
    if (first + count > size) break
    end = first + count
    segments.push({ path, mark: toHex(digest), isFinal: true, read: () => readWhole(disk, data, path) })
  }
  return { segments, end }
}

async function readMark(
  disk: Disk,
  path: string,
  ledgerId: Uint8Array,
  first: number,
): Promise<{ count: number; digest: Uint8Array }> {
  const file = await disk.open(path, 'read')
  try {
    const count = countOf(ledgerId, first, await file.read(0, SEGMENT_HEADER_BYTES))
    return { count, digest: await segmentDigest(file) }
  } finally {
    await file.close()
  }
}

/** What a vault has besides its segments: dictionaries, none of which ever changes. */
async function dictionaryFiles({ disk, data, name }: CutPlace): Promise<CutFile[]> {
  const names = await disk.list(`${data}/vault/${name}`)
  return names
    .filter((file) => file.endsWith('.dict'))
    .map((file) => {
      const path = `vault/${name}/${file}`
      return { path, isFinal: true, read: () => readWhole(disk, data, path) }
    })
}

/** Read at once, and before the checkpoint: none of them is about a later one. */
async function anchorFiles({ disk, data, name }: CutPlace): Promise<CutFile[]> {
  const files: CutFile[] = []
  for (const file of await disk.list(`${data}/ledgers/${name}/anchors`)) {
    if (!file.endsWith('.jsonl')) continue
    const path = `ledgers/${name}/anchors/${file}`
    const bytes = await readWhole(disk, data, path)
    files.push({ path, isLoose: true, read: () => Promise.resolve(bytes) })
  }
  return files
}

async function readWhole(disk: Disk, data: string, path: string): Promise<Uint8Array> {
  const bytes = await disk.read(`${data}/${path}`)
  if (!bytes) throw new FormatError('file_missing', `${path} is missing: see deponent verify`)
  return bytes
}
