/**
 * The entries that the write-ahead log still holds, each with what lies beside it. A part of them can be handed to another thread: it
 * knows as well where the log begins and ends, which decides what may be missing from the tiles.
 */
import { TILE_WIDTH } from '@deponent/format'
import type { WalScan } from '../ledger/wal-scan.ts'

/** Plain data: entries and attachments one behind the other in `bytes`, cut where `lengths` say. */
export interface LoggedPart {
  readonly from: number
  readonly end: number
  /** Index of the first entry in it. */
  readonly first: number
  readonly lengths: Uint32Array<ArrayBuffer>
  readonly bytes: Uint8Array<ArrayBuffer>
}

interface Logged {
  readonly entry: Uint8Array
  readonly attachment: Uint8Array
}

export class LoggedEntries {
  /** Index of the first entry in the log. */
  readonly from: number
  /** Number of entries the log says there are. */
  readonly end: number
  readonly #first: number
  readonly #held: readonly Logged[]

  private constructor(from: number, end: number, first: number, held: readonly Logged[]) {
    this.from = from
    this.end = end
    this.#first = first
    this.#held = held
  }

  /** What a scan found: frames follow one another without a gap. */
  static of({ frames }: WalScan): LoggedEntries {
    const held = frames.flatMap(({ content: { entries, attachments } }) =>
      entries.map((entry, i) => ({ entry, attachment: attachments[i]! })),
    )
    const from = frames[0]?.content.first ?? 0
    return new LoggedEntries(from, from + held.length, from, held)
  }

  /** Those of an empty log. */
  static none(): LoggedEntries {
    return new LoggedEntries(0, 0, 0, [])
  }

  static ofPart({ from, end, first, lengths, bytes }: LoggedPart): LoggedEntries {
    let at = 0
    const cut = (length: number): Uint8Array => bytes.subarray(at, (at += length))
    const held: Logged[] = []
    for (let i = 0; i < lengths.length; i += 2)
      held.push({ entry: cut(lengths[i]!), attachment: cut(lengths[i + 1]!) })
    return new LoggedEntries(from, end, first, held)
  }

  /** The entries [first, end) among these, copied. */
  part(first: number, end: number): LoggedPart {
    const begin = Math.max(first, this.#first)
    const held = this.#held.slice(begin - this.#first, Math.max(0, end - this.#first))
    const parts = held.flatMap(({ entry, attachment }) => [entry, attachment])
    const lengths = Uint32Array.from(parts, ({ length }) => length)
    const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0))
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    return { from: this.from, end: this.end, first: begin, lengths, bytes }
  }

  /** An entry as the log holds it. */
  at(index: number): Logged | undefined {
    // Behind or before what is held an array is asked for a property by name, which takes longer than a hash.
    return index >= this.#first && index < this.#first + this.#held.length
      ? this.#held[index - this.#first]
      : undefined
  }

  /** The entries of the tile that begins at `first`, when the log holds all that there are. */
  tile(first: number): Uint8Array[] | undefined {
    const entries: Uint8Array[] = []
    for (let index = first; index < Math.min(first + TILE_WIDTH, this.end); index += 1) {
      const logged = this.at(index)
      if (!logged) return undefined
      entries.push(logged.entry)
    }
    return entries
  }

  /**
   * True when the log may have let go of the first `end` entries: what they fill was synced and read back before. Other tiles are
   * only in the system's memory until the next start or the next checkpoint, and a power cut may leave any part of them.
   */
  isSettled(end: number): boolean {
    return end <= Math.ceil(this.from / TILE_WIDTH) * TILE_WIDTH
  }
}
