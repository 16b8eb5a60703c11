/** Reads the vault's segments, believing none of them: header, footer and every frame are checked before a frame is used. */
import { type Finding, finding, FormatError, toHex } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { checkDictionaryFile } from '../vault/dictionaries.ts'
import {
  countOf,
  decodeFooter,
  footerBytes,
  frameMatches,
  framesMatch,
  parseSegmentName,
  SEGMENT_HEADER_BYTES,
  type SegmentFooter,
  segmentName,
} from '../vault/segment.ts'
import { countUpTo } from './count-up-to.ts'

interface LoadedSegment {
  first: number
  end: number
  frames: (Uint8Array | undefined)[]
}

/** What reading a segment came to: plain data, because it may have been read in another thread. */
export interface SegmentReading {
  readonly first: number
  /** Hex, unless the segment cannot be read. */
  readonly digest?: string
  readonly findings: readonly Finding[]
}

/** What the vault says where no frame can be had: no segment claims the entry, or one does and cannot give it. */
export type NoFrame = 'absent' | 'damaged'

export class VaultWalk {
  readonly findings: Finding[] = []
  /** Hex digest of each segment read, by first index. */
  readonly digests = new Map<number, string>()
  /** First index of each segment there is, ascending. */
  readonly firsts: readonly number[]
  readonly #disk: Disk
  readonly #directory: string
  readonly #ledgerId: Uint8Array
  readonly #taken = new Set<number>()
  #loaded: LoadedSegment | undefined
  #news: SegmentReading[] = []

  /** Over the segments that are known to begin at `firsts`. */
  constructor(disk: Disk, directory: string, ledgerId: Uint8Array, firsts: readonly number[]) {
    this.#disk = disk
    this.#directory = directory
    this.#ledgerId = ledgerId
    this.firsts = firsts
  }

  static async open(disk: Disk, directory: string, ledgerId: Uint8Array): Promise<VaultWalk> {
    const names = await disk.list(directory)
    const firsts = names.flatMap((name) => parseSegmentName(name) ?? [])
    const walk = new VaultWalk(disk, directory, ledgerId, firsts)
    for (const name of names) await walk.#checkDictionary(name)
    return walk
  }

  /** Learned dictionaries carry a checksum that needs no key. */
  async #checkDictionary(name: string): Promise<void> {
    if (!name.endsWith('.dict')) return
    try {
      const bytes = await this.#disk.read(`${this.#directory}/${name}`)
      checkDictionaryFile(Number.parseInt(name, 10), bytes ?? new Uint8Array(0))
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.findings.push(finding('error', 'dictionary_damaged', error.message))
    }
  }

  /** The frame of entry `index`. */
  async frame(index: number): Promise<Uint8Array | NoFrame> {
    const [frame] = await this.frames(index, 1)
    return frame!
  }

  /** The frames of `count` entries from `first` on. */
  async frames(first: number, count: number): Promise<(Uint8Array | NoFrame)[]> {
    const frames: (Uint8Array | NoFrame)[] = []
    for (let at = countUpTo(this.firsts, first) - 1; frames.length < count; at += 1) {
      const segment = this.firsts[at]
      const next = Math.min(this.firsts[at + 1] ?? Infinity, first + count)
      if (segment !== undefined && this.#loaded?.first !== segment) this.#loaded = await this.#load(segment)
      for (let index = first + frames.length; index < next; index += 1)
        frames.push(segment === undefined ? 'absent' : frameIn(this.#loaded!, index))
    }
    return frames
  }

  /** What was read since this was asked last, in the order of reading. */
  news(): SegmentReading[] {
    const news = this.#news
    this.#news = []
    return news
  }

  /** Takes what reading a segment came to, once; it may have been read more than once, where several threads needed it. */
  take({ first, digest, findings }: SegmentReading): void {
    if (this.#taken.has(first)) return
    this.#taken.add(first)
    this.findings.push(...findings)
    if (digest !== undefined) this.digests.set(first, digest)
  }

  async #load(first: number): Promise<LoadedSegment> {
    const path = `${this.#directory}/${segmentName(first)}`
    const bytes = (await this.#disk.read(path)) ?? new Uint8Array(0)
    const { segment, reading } = this.#read(first, bytes)
    this.#news.push(reading)
    this.take(reading)
    return segment
  }

  #read(first: number, bytes: Uint8Array): { segment: LoadedSegment; reading: SegmentReading } {
    try {
      const header = bytes.subarray(0, SEGMENT_HEADER_BYTES)
      const tail = bytes.subarray(
        Math.max(0, bytes.length - footerBytes(countOf(this.#ledgerId, first, header))),
      )
      const footer = decodeFooter(this.#ledgerId, first, header, tail, bytes.length)
      const { frames, findings } = framesMatch(footer, bytes)
        ? { frames: framesOf(footer, bytes), findings: [] }
        : undamaged(footer, bytes)
      const segment = { first, end: first + footer.count, frames }
      return { segment, reading: { first, digest: toHex(footer.digest), findings } }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      const findings = [finding('error', 'segment_footer', error.message, first)]
      return { segment: { first, end: this.#endOf(first), frames: [] }, reading: { first, findings } }
    }
  }

  /** Where a segment whose own word cannot be taken must end: where the next begins. */
  #endOf(first: number): number {
    return this.firsts.find((candidate) => candidate > first) ?? first + 1
  }
}

/** The frame of an entry that a segment is asked for. */
function frameIn({ first, end, frames }: LoadedSegment, index: number): Uint8Array | NoFrame {
  return index < end ? (frames[index - first] ?? 'damaged') : 'absent'
}

function framesOf({ count, offsets }: SegmentFooter, bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => bytes.subarray(offsets[i], offsets[i + 1]))
}

/** The frames of a damaged segment, without those that are known to be damaged; none of them when the damage cannot be placed. */
function undamaged(
  footer: SegmentFooter,
  bytes: Uint8Array,
): { frames: (Uint8Array | undefined)[]; findings: Finding[] } {
  const { first } = footer
  const frames = framesOf(footer, bytes).map((frame, i) =>
    frameMatches(footer, i, frame) ? frame : undefined,
  )
  const damaged = frames.flatMap((frame, i) => (frame ? [] : [first + i]))
  const findings = (damaged.length > 0 ? damaged : [first]).map((index) => {
    const message = `vault segment ${segmentName(first)} is damaged at entry ${index}`
    return finding('error', 'segment_damaged', message, index)
  })
  return { frames: damaged.length > 0 ? frames : [], findings }
}
