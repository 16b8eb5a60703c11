/**
 * Writes a ledger's files anew from what it is to hold, each consistent with all others: tiles, write-ahead log, vault segments and the
 * records about them. Whoever holds the files can do as much; signing is another matter (`statements.ts`).
 */
import {
  encodeEntry,
  encodeHashTile,
  leafHashes,
  preparePayload,
  readJson,
  type CanonicalRecord,
  rootOf,
  TILE_WIDTH,
} from '@deponent/format'
import { entryTile, TileStore } from '../ledger/tile-store.ts'
import { parseWalFileName, walFileName } from '../ledger/wal-file.ts'
import { encodeFrame, ledgerIdOf } from '../ledger/wal-frame.ts'
import { filesBelow } from '../platform/scratch.ts'
import { encodeAttachment } from '../recording/attachment.ts'
import { open, sealPublic } from '../vault/seal.ts'
import { encodeSegment, segmentName } from '../vault/segment.ts'
import type { Contents, Item } from './contents.ts'
import type { Place } from './place.ts'

const FRAME_ENTRIES = 16
const EMPTY_HASH: Uint8Array = new Uint8Array(32)

/**
 * Replaces everything the ledger and its vault hold; the checkpoint, format.json and the keyring stay as they are, and the
 * anchors go. Changes `contents`
 * where the ledger's own records of its segments have to follow, unless `entriesStay`.
 */
export async function rewrite(place: Place, contents: Contents, entriesStay = false): Promise<void> {
  await removeAnchors(place)
  await writeSegments(place, contents, entriesStay)
  const entries = contents.items.map(({ entry }) => encodeEntry(entry))
  await writeTiles(place, entries)
  await writeLog(place, contents, entries)
}

/** Takes away what others said of the ledger as it was. */
export async function removeAnchors({ disk, directory, ledger }: Place): Promise<void> {
  const path = `${directory}/ledgers/${ledger}/anchors`
  for (const name of await disk.list(path)) await disk.remove(`${path}/${name}`)
}

/** Leaf hashes of what the contents would be written as. */
export function leavesOf({ items }: Contents): Uint8Array[] {
  return leafHashes(items.map(({ entry }) => encodeEntry(entry)))
}

/** Writes the segments and, where a digest comes out different, changes the public record that told it. */
async function writeSegments(
  { disk, directory, ledger, origin }: Place,
  contents: Contents,
  entriesStay: boolean,
): Promise<void> {
  const path = `${directory}/vault/${ledger}`
  for (const name of await disk.list(path)) if (name.endsWith('.seg')) await disk.remove(`${path}/${name}`)
  const segments = contents.segments.filter(({ first, count }) => first + count <= contents.items.length)
  contents.segments = segments
  for (const { first, count } of segments) {
    const frames = contents.items.slice(first, first + count).map(({ frame }) => frame)
    const { bytes, digest } = encodeSegment(ledgerIdOf(origin), first, frames)
    await disk.write(`${path}/${segmentName(first)}`, bytes)
    if (!entriesStay) tellDigest(contents.items, first, Buffer.from(digest).toString('hex'))
  }
  const end = segments.at(-1)
  // What is in no segment must be in the log.
  contents.loggedFrom = Math.min(contents.loggedFrom, end ? end.first + end.count : 0)
}

/** Public payloads need neither key nor dictionary. */
const NONE = (): undefined => undefined

function tellDigest(items: Item[], first: number, digest: string): void {
  for (const item of items) {
    if (item.entry.kind !== 'vault.sealed') continue
    const opened = open(item.entry, item.frame, NONE, NONE)
    const record = opened && (readJson(opened.text).value as CanonicalRecord)
    if (!record || record.first !== first || record.digest === digest) continue
    const prepared = preparePayload({ ...record, digest }, item.entry.id)
    const sealed = sealPublic(prepared, opened.recordSalt)
    item.entry = { ...item.entry, payload: sealed.payload }
    item.frame = sealed.frame
  }
}

async function writeTiles({ disk, directory, ledger }: Place, entries: readonly Uint8Array[]): Promise<void> {
  const path = `${directory}/ledgers/${ledger}`
  for (const name of await filesBelow(`${path}/tile`)) await disk.remove(`${path}/tile/${name}`)
  const tiles = new TileStore(disk, path)
  for (let n = 0; (n + 1) * TILE_WIDTH <= entries.length; n += 1)
    await tiles.write(entryTile(n, entries.slice(n * TILE_WIDTH, (n + 1) * TILE_WIDTH)))
  let hashes = leafHashes(entries)
  for (let level = 0; hashes.length >= TILE_WIDTH; level += 1) {
    const above: Uint8Array[] = []
    for (let n = 0; (n + 1) * TILE_WIDTH <= hashes.length; n += 1) {
      const tile = hashes.slice(n * TILE_WIDTH, (n + 1) * TILE_WIDTH)
      await tiles.write({ level, n, bytes: encodeHashTile(tile) })
      above.push(rootOf(tile))
    }
    hashes = above
  }
}

/** One file of the next generation, in place of all that were there. */
async function writeLog(
  { disk, directory, ledger, origin }: Place,
  { items, loggedFrom }: Contents,
  entries: readonly Uint8Array[],
): Promise<void> {
  const path = `${directory}/ledgers/${ledger}/wal`
  const names = await disk.list(path)
  const generation = 1 + Math.max(0, ...names.map((name) => parseWalFileName(name)?.generation ?? 0))
  const chain = { ledgerId: ledgerIdOf(origin), generation, number: 0, previous: EMPTY_HASH }
  const frames: Uint8Array[] = []
  const start = Math.min(loggedFrom, tileFloor(entries.length))
  for (let first = start; first < entries.length; first += FRAME_ENTRIES) {
    const end = Math.min(first + FRAME_ENTRIES, entries.length)
    const attachments = items.slice(first, end).map((item) => encodeAttachment(item))
    const { padded, hash } = encodeFrame({ first, entries: entries.slice(first, end), attachments }, chain)
    frames.push(padded)
    chain.number += 1
    chain.previous = hash
  }
  await disk.write(`${path}/${walFileName({ generation, sequence: 0 })}`, Buffer.concat(frames))
  for (const name of names) await disk.remove(`${path}/${name}`)
}

/** Entries that fill no tile are in the log alone, and the log never ends before its newest frame. */
function tileFloor(size: number): number {
  const whole = Math.floor(size / TILE_WIDTH) * TILE_WIDTH
  return whole === size ? Math.max(0, whole - 1) : whole
}
