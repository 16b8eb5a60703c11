/**
 * Where sealed payloads lie. The newest are in memory (and in the ledger's write-ahead log, which makes them durable); older ones
 * are in sealed segments. Invariants:
 * - segments are whole: written, synced, re-read and checked before the frames in them are let go from memory;
 * - they are contiguous: each begins where the one before ends; `durable()` is the end of the last;
 * - a segment not yet sealed is not a file, so there is nothing half-written to doubt at start;
 * - nothing is written before `begin`;
 * - a frame read from a segment is compared with the footer before anybody gets it.
 */
import { FormatError, toHex } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { removeLeftovers } from '../platform/leftovers.ts'
import {
  countOf,
  decodeFooter,
  encodeSegment,
  footerBytes,
  frameMatches,
  framesMatch,
  parseSegmentName,
  SEGMENT_HEADER_BYTES,
  segmentName,
  type SegmentFooter,
} from './segment.ts'

/** A segment is sealed when it holds this many frames, or frames of this many bytes. */
export interface SegmentLimits {
  entriesMax: number
  bytesMax: number
}

const SEGMENT_LIMITS: SegmentLimits = { entriesMax: 8_192, bytesMax: 16 * 1_048_576 }
const PENDING_BYTES_MAX = 128 * 1_048_576
const CACHED_FOOTERS_MAX = 32

/** A segment just sealed: recorded in the ledger so that its footer is provable. */
export interface SealedSegment {
  segment: string
  first: number
  end: number
  /** Hex SHA-256 of header and footer. */
  digest: string
}

/** Told of every segment that was written, anew or again, with the frames in it. */
export type OnSealed = (segment: SealedSegment, frames: readonly Uint8Array[]) => void

export class Segments {
  readonly #disk: Disk
  readonly #directory: string
  readonly #ledgerId: Uint8Array
  readonly #onSealed: OnSealed
  readonly #limits: SegmentLimits
  /** First index of each sealed segment, ascending. */
  readonly #firsts: number[] = []
  readonly #footers = new Map<number, SegmentFooter>()
  #durable = 0
  /** Frames not in a sealed segment; `#pending[0]` is the frame of entry `#durable`. */
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #hasBegun = false
  #sealing: Promise<void> | undefined
  #failed: Error | undefined

  private constructor(
    disk: Disk,
    directory: string,
    ledgerId: Uint8Array,
    onSealed: OnSealed,
    limits: SegmentLimits,
  ) {
    this.#disk = disk
    this.#directory = directory
    this.#ledgerId = ledgerId
    this.#onSealed = onSealed
    this.#limits = limits
  }

  /** Reads which segments there are. */
  static async open(
    disk: Disk,
    directory: string,
    ledgerId: Uint8Array,
    onSealed: OnSealed,
    limits = SEGMENT_LIMITS,
  ): Promise<Segments> {
    const segments = new Segments(disk, directory, ledgerId, onSealed, limits)
    for (const name of await disk.list(directory)) {
      const first = parseSegmentName(name)
      if (first !== undefined) await segments.#adopt(first)
    }
    return segments
  }

  /** Makes the directory ready for new segments, and what was found in it durable. */
  async begin(): Promise<void> {
    await this.#disk.makeDirectory(this.#directory, 0o700)
    await removeLeftovers(this.#disk, this.#directory)
    // A read is not durable: the life that sealed the last one may have ended before its name was.
    await this.#disk.syncDirectory(this.#directory)
    this.#hasBegun = true
    if (this.#isFull()) void this.flush().catch(() => undefined)
  }

  get end(): number {
    return this.#durable + this.#pending.length
  }

  durable(): number {
    return this.#durable
  }

  /** Every sealed segment with its digest, as the ledger should know it. */
  async sealed(): Promise<SealedSegment[]> {
    const segments: SealedSegment[] = []
    for (const first of this.#firsts) {
      const { count, digest } = await this.#readFooter(first)
      segments.push({ segment: segmentName(first), first, end: first + count, digest: toHex(digest) })
    }
    return segments
  }

  /** True when sealing has fallen so far behind that taking more would grow memory without bound. */
  overloaded(): boolean {
    return this.#pendingBytes > PENDING_BYTES_MAX || this.#failed !== undefined
  }

  /** Takes the frames of entries `first …`; those already here are skipped. */
  apply(first: number, frames: readonly Uint8Array[]): void {
    if (first > this.end) throw new Error(`vault frames ${this.end}..${first} are missing`)
    for (const frame of frames.slice(Math.max(0, this.end - first))) {
      this.#pending.push(frame)
      this.#pendingBytes += frame.length
    }
    if (this.#isFull() && !this.#sealing) void this.flush().catch(() => undefined)
  }

  /** Seals full segments until none is left. Rejects when one could not be written and re-read. */
  async flush(): Promise<void> {
    while (this.#isFull() || this.#sealing) {
      if (this.#failed) throw this.#failed
      this.#sealing ??= this.#sealOne()
        .catch((error: unknown) => {
          this.#failed = error instanceof Error ? error : new Error(String(error))
        })
        .finally(() => {
          this.#sealing = undefined
        })
      await this.#sealing
    }
    if (this.#failed) throw this.#failed
  }

  /** The frame of entry `index`, or undefined when there is none. */
  async frame(index: number): Promise<Uint8Array | undefined> {
    return (await this.range(index, index + 1))[0]
  }

  /** The frames of entries [from, to), in order; FormatError `segment_footer` or `segment_damaged` when one is not as it was. */
  async range(from: number, to: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = []
    while (from + found.length < to) {
      const index = from + found.length
      const pending = this.#pending.slice(Math.max(0, index - this.#durable), Math.max(0, to - this.#durable))
      const piece = index >= this.#durable ? pending : await this.#fromSegment(index, to)
      if (piece.length === 0) break
      found.push(...piece)
    }
    return found
  }

  #isFull(): boolean {
    const { entriesMax, bytesMax } = this.#limits
    if (!this.#hasBegun) return false
    return this.#pending.length >= entriesMax || this.#pendingBytes >= bytesMax
  }

  #takeCount(): number {
    const { entriesMax, bytesMax } = this.#limits
    let bytes = 0
    let count = 0
    while (count < this.#pending.length && count < entriesMax && bytes < bytesMax) {
      bytes += this.#pending[count]!.length
      count += 1
    }
    return count
  }

  async #sealOne(): Promise<void> {
    const first = this.#durable
    const frames = this.#pending.slice(0, this.#takeCount())
    const { bytes, digest } = encodeSegment(this.#ledgerId, first, frames)
    await this.#disk.writeDurably(`${this.#directory}/${segmentName(first)}`, bytes, 0o600)
    const footer = await this.#reread(first)
    this.#remember(footer)
    this.#firsts.push(first)
    this.#pending = this.#pending.slice(frames.length)
    this.#pendingBytes -= frames.reduce((sum, frame) => sum + frame.length, 0)
    this.#durable = first + frames.length
    this.#onSealed({ segment: segmentName(first), first, end: this.#durable, digest: toHex(digest) }, frames)
  }

  /** The frames not yet in a sealed segment, with the index of the first. */
  pending(): { first: number; frames: readonly Uint8Array[] } {
    return { first: this.#durable, frames: this.#pending.slice() }
  }

  /** Where each sealed segment begins, ascending. */
  firsts(): number[] {
    return this.#firsts.slice()
  }

  /** All frames of the segment that begins at `first`. */
  framesOf(first: number): Promise<Uint8Array[]> {
    const next = this.#firsts[this.#firsts.indexOf(first) + 1] ?? this.#durable
    return this.range(first, next)
  }

  /**
   * Puts other frames in the place of those of these entries, in memory and on disk; durable when this resolves. Segments are
   * replaced as a whole: a crash leaves each as it was or as it is to be.
   */
  async replace(frames: ReadonlyMap<number, Uint8Array>): Promise<void> {
    // What is being sealed was taken from memory before.
    while (this.#sealing) await this.#sealing
    const touched = new Set<number>()
    for (const [index, frame] of frames) {
      if (index >= this.#durable) this.#replacePending(index - this.#durable, frame)
      else touched.add(this.#firsts.findLast((first) => first <= index)!)
    }
    for (const first of touched) await this.#rewrite(first, frames)
  }

  #replacePending(at: number, frame: Uint8Array): void {
    this.#pendingBytes += frame.length - this.#pending[at]!.length
    this.#pending[at] = frame
  }

  async #rewrite(first: number, replaced: ReadonlyMap<number, Uint8Array>): Promise<void> {
    const frames = (await this.framesOf(first)).map((frame, i) => replaced.get(first + i) ?? frame)
    const { bytes, digest } = encodeSegment(this.#ledgerId, first, frames)
    await this.#disk.writeDurably(`${this.#directory}/${segmentName(first)}`, bytes, 0o600)
    this.#footers.delete(first)
    this.#remember(await this.#reread(first))
    const end = first + frames.length
    this.#onSealed({ segment: segmentName(first), first, end, digest: toHex(digest) }, frames)
  }

  /** Reads the new file back and compares all frames with its footer, before memory lets go of them. */
  async #reread(first: number): Promise<SegmentFooter> {
    const footer = await this.#readFooter(first)
    const stored = (await this.#disk.read(`${this.#directory}/${segmentName(first)}`)) ?? new Uint8Array(0)
    if (!framesMatch(footer, stored))
      throw new Error(`frames from ${first} did not reach their vault segment`)
    return footer
  }

  async #adopt(first: number): Promise<void> {
    if (first !== this.#durable)
      throw new FormatError(
        'segment_missing',
        `${segmentName(this.#durable)} is missing before ${segmentName(first)}`,
      )
    const header = await this.#readAt(first, 0, SEGMENT_HEADER_BYTES)
    this.#firsts.push(first)
    this.#durable = first + countOf(this.#ledgerId, first, header)
  }

  async #fromSegment(index: number, to: number): Promise<Uint8Array[]> {
    const first = this.#firsts.findLast((candidate) => candidate <= index)
    if (first === undefined) return []
    try {
      return await this.#framesIn(first, index, to)
    } catch (error) {
      // A segment that was written again between two reads looks damaged to whoever began with the old one.
      if (!(error instanceof FormatError)) throw error
      this.#footers.delete(first)
      return this.#framesIn(first, index, to)
    }
  }

  async #framesIn(first: number, index: number, to: number): Promise<Uint8Array[]> {
    const footer = this.#footers.get(first) ?? this.#remember(await this.#readFooter(first))
    const end = Math.min(to - first, footer.count)
    const from = footer.offsets[index - first]!
    const bytes = await this.#readAt(first, from, footer.offsets[end]! - from)
    const frames: Uint8Array[] = []
    for (let i = index - first; i < end; i += 1) {
      const frame = bytes.subarray(footer.offsets[i]! - from, footer.offsets[i + 1]! - from)
      if (!frameMatches(footer, i, frame)) {
        const message = `vault segment ${segmentName(first)} is damaged at entry ${first + i}`
        throw new FormatError('segment_damaged', message)
      }
      frames.push(frame)
    }
    return frames
  }

  async #readFooter(first: number): Promise<SegmentFooter> {
    const size = (await this.#disk.size(`${this.#directory}/${segmentName(first)}`)) ?? 0
    const header = await this.#readAt(first, 0, SEGMENT_HEADER_BYTES)
    const tailBytes = footerBytes(countOf(this.#ledgerId, first, header))
    const tail = await this.#readAt(first, Math.max(0, size - tailBytes), tailBytes)
    return decodeFooter(this.#ledgerId, first, header, tail, size)
  }

  async #readAt(first: number, position: number, length: number): Promise<Uint8Array> {
    const file = await this.#disk.open(`${this.#directory}/${segmentName(first)}`, 'read')
    try {
      return await file.read(position, length)
    } finally {
      await file.close()
    }
  }

  #remember(footer: SegmentFooter): SegmentFooter {
    this.#footers.set(footer.first, footer)
    if (this.#footers.size > CACHED_FOOTERS_MAX) this.#footers.delete(this.#footers.keys().next().value!)
    return footer
  }
}
