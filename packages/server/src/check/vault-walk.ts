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

interface LoadedSegment {
  first: number
  end: number
  frames: (Uint8Array | undefined)[]
}

export class VaultWalk {
  readonly findings: Finding[] = []
  /** Hex digest of each segment read, by first index. */
  readonly digests = new Map<number, string>()
  readonly #disk: Disk
  readonly #directory: string
  readonly #ledgerId: Uint8Array
  readonly #firsts: number[]
  #loaded: LoadedSegment | undefined

  private constructor(disk: Disk, directory: string, ledgerId: Uint8Array, firsts: number[]) {
    this.#disk = disk
    this.#directory = directory
    this.#ledgerId = ledgerId
    this.#firsts = firsts
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

  /** The frame of entry `index`: 'absent' when no segment claims it, 'damaged' when one does and cannot give it. */
  async frame(index: number): Promise<Uint8Array | 'absent' | 'damaged'> {
    const first = this.#firsts.findLast((candidate) => candidate <= index)
    if (first === undefined) return 'absent'
    if (this.#loaded?.first !== first) this.#loaded = await this.#load(first)
    if (index >= this.#loaded.end) return 'absent'
    return this.#loaded.frames[index - first] ?? 'damaged'
  }

  async #load(first: number): Promise<LoadedSegment> {
    const name = segmentName(first)
    const bytes = (await this.#disk.read(`${this.#directory}/${name}`)) ?? new Uint8Array(0)
    try {
      const header = bytes.subarray(0, SEGMENT_HEADER_BYTES)
      const tail = bytes.subarray(
        Math.max(0, bytes.length - footerBytes(countOf(this.#ledgerId, first, header))),
      )
      const footer = decodeFooter(this.#ledgerId, first, header, tail, bytes.length)
      this.digests.set(first, toHex(footer.digest))
      const frames = framesMatch(footer, bytes)
        ? Array.from({ length: footer.count }, (_, i) => frameOf(footer, bytes, i))
        : this.#undamaged(footer, bytes)
      return { first, end: first + footer.count, frames }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.findings.push(finding('error', 'segment_footer', error.message, first))
      return { first, end: this.#endOf(first), frames: [] }
    }
  }

  /** The frames of a damaged segment, without those that are known to be damaged; all of them when the damage cannot be placed. */
  #undamaged(footer: SegmentFooter, bytes: Uint8Array): (Uint8Array | undefined)[] {
    const { first, count } = footer
    const frames = Array.from({ length: count }, (_, i) => {
      const frame = frameOf(footer, bytes, i)
      return frameMatches(footer, i, frame) ? frame : undefined
    })
    const damaged = frames.flatMap((frame, i) => (frame ? [] : [first + i]))
    for (const index of damaged.length > 0 ? damaged : [first]) {
      const message = `vault segment ${segmentName(first)} is damaged at entry ${index}`
      this.findings.push(finding('error', 'segment_damaged', message, index))
    }
    return damaged.length > 0 ? frames : []
  }

  /** Where a segment whose own word cannot be taken must end: where the next begins. */
  #endOf(first: number): number {
    return this.#firsts.find((candidate) => candidate > first) ?? first + 1
  }
}

function frameOf({ offsets }: SegmentFooter, bytes: Uint8Array, i: number): Uint8Array {
  return bytes.subarray(offsets[i], offsets[i + 1])
}
