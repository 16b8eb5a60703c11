/**
 * Which keys seal frames of which segment, so that the payloads of one person are found without reading the whole vault. Kept in the state
 * store, about a byte and a half a record, and read from the segment again where it is not known.
 */
import type { StateStore } from '../platform/state-store.ts'
import { frameHead } from './seal.ts'
import type { Segments } from './segments.ts'

export class SegmentKeys {
  readonly #store: StateStore
  readonly #ledger: string

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS segment_keys (ledger TEXT, first INTEGER, keys BLOB, PRIMARY KEY (ledger, first)) WITHOUT ROWID',
    )
  }

  /** Takes what a segment holds now. */
  note(first: number, frames: readonly Uint8Array[]): void {
    const numbers = new Set(frames.flatMap((frame) => frameHead(frame).keyNumbers))
    const sql = 'INSERT OR REPLACE INTO segment_keys (ledger, first, keys) VALUES (?, ?, ?)'
    this.#store.run(sql, this.#ledger, first, packNumbers([...numbers].toSorted((a, b) => a - b)))
  }

  /** First indices of the segments with frames that any of these keys seals. */
  async segmentsWith(numbers: ReadonlySet<number>, segments: Segments): Promise<number[]> {
    const found: number[] = []
    for (const first of segments.firsts()) {
      const held = this.#known(first) ?? (await this.#read(first, segments))
      if (held.some((number) => numbers.has(number))) found.push(first)
    }
    return found
  }

  #known(first: number): number[] | undefined {
    const sql = 'SELECT keys FROM segment_keys WHERE ledger = ? AND first = ?'
    const row = this.#store.get(sql, this.#ledger, first)
    return row && unpackNumbers(row.keys as Uint8Array)
  }

  async #read(first: number, segments: Segments): Promise<number[]> {
    this.note(first, await segments.framesOf(first))
    return this.#known(first)!
  }
}

/** Ascending numbers as the distance of each to the one before, seven bits a byte, the lowest first. */
export function packNumbers(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = []
  let before = 0
  for (const number of numbers) {
    let distance = number - before
    before = number
    while (distance > 127) {
      bytes.push((distance % 128) | 128)
      distance = Math.floor(distance / 128)
    }
    bytes.push(distance)
  }
  return Uint8Array.from(bytes)
}

/** The numbers that `packNumbers` was given. */
export function unpackNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = []
  let before = 0
  let distance = 0
  let unit = 1
  for (const byte of bytes) {
    distance += (byte & 127) * unit
    unit *= 128
    if (byte > 127) continue
    before += distance
    numbers.push(before)
    distance = 0
    unit = 1
  }
  return numbers
}
