/**
 * Finds an entry by its id with no index but the ledger itself. Ids are UUIDv7 minted on the same never-decreasing clock that
 * stamps `receivedAt`, before the entry is sequenced; so an entry's `receivedAt` is at or after its id's time, and close to it.
 */
import { TILE_WIDTH } from '@deponent/format'
import type { EntryReader } from './entry-reader.ts'

/** Longest a record may wait between the minting of its id and its sequencing; the recorder refuses older ones. */
export const SEQUENCING_DELAY_MAX_MS = 120_000

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function isEntryId(id: string): boolean {
  return UUID_V7.test(id)
}

/** Unix ms inside a UUIDv7. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** First index in [0, size) whose `receivedAt` is at least `at`, or `size`. */
export async function firstReceivedAtOrAfter(reader: EntryReader, size: number, at: number): Promise<number> {
  let low = 0
  let high = size
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((await reader.entry(middle)).receivedAt < at) low = middle + 1
    else high = middle
  }
  return low
}

/** The index of the entry with this id, or undefined. */
export async function findEntry(reader: EntryReader, size: number, id: string): Promise<number | undefined> {
  if (!isEntryId(id)) return undefined
  const minted = timeOfId(id)
  const marker = new TextEncoder().encode(`"id":"${id}"`)
  for (let from = await firstReceivedAtOrAfter(reader, size, minted); from < size; from += TILE_WIDTH) {
    const to = Math.min(from + TILE_WIDTH, size)
    const entries = await reader.range(from, to)
    const found = entries.findIndex((entry) => contains(entry, marker))
    if (found >= 0) return from + found
    if ((await reader.entry(from)).receivedAt > minted + SEQUENCING_DELAY_MAX_MS) return undefined
  }
  return undefined
}

function contains(bytes: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(Buffer.from(part))
}
