/**
 * The write-ahead log while it is being written. Invariants:
 * - one writer; a frame is written and synced whole before the next begins;
 * - after a failed write or sync this object never writes again: what reached the disk is unknown, and asking again could
 *   turn a lost page into a reported success;
 * - a file is removed only by `retire`, oldest first, and never the one in use nor the one that holds the newest frame: it is
 *   that frame which says, at the next start, how far the ledger reaches.
 */
import type { Disk, DiskFile } from '../platform/disk.ts'
import { createWalFile, type FrameLocation, readFrame, WAL_FILE_BYTES } from './wal-file.ts'
import { decodeFrameHeader, encodeFrame, type FrameContent } from './wal-frame.ts'

interface OpenFile {
  sequence: number
  file: DiskFile
  bytes: number
  frames: FrameLocation[]
}

export interface WalOptions {
  disk: Disk
  directory: string
  ledgerId: Uint8Array
  generation: number
  /** What a file is preallocated to, a multiple of 4,096; 16 MiB when absent. A larger frame gets a larger file. */
  fileBytes?: number | undefined
}

export class Wal {
  readonly #disk: Disk
  readonly #directory: string
  readonly #ledgerId: Uint8Array
  readonly #generation: number
  readonly #fileBytes: number
  readonly #files: OpenFile[] = []
  #number = 0
  #previous: Uint8Array = new Uint8Array(32)
  #position = 0
  #next: Promise<DiskFile> | undefined
  #failed = false

  private constructor({ disk, directory, ledgerId, generation, fileBytes = WAL_FILE_BYTES }: WalOptions) {
    this.#disk = disk
    this.#directory = directory
    this.#ledgerId = ledgerId
    this.#generation = generation
    this.#fileBytes = fileBytes
  }

  /** Starts a generation whose first file already holds `contents`; durable when this resolves. */
  static async begin(options: WalOptions, contents: readonly FrameContent[]): Promise<Wal> {
    const wal = new Wal(options)
    const frames = contents.map((content) => wal.#encode(content))
    const bytes = Math.max(
      wal.#fileBytes,
      frames.reduce((sum, frame) => sum + frame.length, 0),
    )
    const file = await createWalFile(
      options.disk,
      options.directory,
      { generation: options.generation, sequence: 0 },
      frames,
      bytes,
    )
    const first: OpenFile = { sequence: 0, file, bytes, frames: [] }
    wal.#files.push(first)
    for (const frame of frames) wal.#place(first, frame)
    return wal
  }

  /** Writes one frame and makes it durable. Rejects with the system's error; the log is then closed to writing. */
  async append(content: FrameContent): Promise<void> {
    if (this.#failed) throw new Error('the write-ahead log stopped after a failed write')
    try {
      const frame = this.#encode(content)
      const target = await this.#fileFor(frame.length)
      await target.file.write(frame, this.#position)
      await target.file.datasync()
      this.#place(target, frame)
      if (this.#position > target.bytes / 2) this.#next ??= this.#create(target.sequence + 1, this.#fileBytes)
    } catch (error) {
      this.#failed = true
      throw error
    }
  }

  /** Reads back, from disk, every frame that holds an entry in [from, to), in order. */
  async *readBack(from: number, to: number): AsyncGenerator<FrameContent> {
    // Copies: the log may grow or be retired between two reads.
    for (const { file, frames } of this.#files.slice()) {
      for (const location of frames.slice()) {
        const { first, count } = location.header
        if (first < to && first + count > from) yield await readFrame(file, location)
      }
    }
  }

  /** Its number: the highest one present is the log. */
  get generation(): number {
    return this.#generation
  }

  /** First index still held, or undefined when the log holds no frame. */
  firstIndex(): number | undefined {
    return this.#files.find((file) => file.frames.length > 0)?.frames[0]?.header.first
  }

  /** The index after the last entry of each file that `retire` may remove. */
  finishedEnds(): number[] {
    return this.#files
      .slice(0, this.#newest())
      .flatMap((file) => (file.frames.length > 0 ? [endOf(file)] : []))
  }

  /** Removes files all of whose entries lie below `index`, from the oldest on, but for that of the newest frame. */
  async retire(index: number): Promise<void> {
    while (this.#newest() > 0 && endOf(this.#files[0]!) <= index) {
      const { file } = this.#files[0]!
      await file.close()
      await this.#disk.remove(file.path)
      // Else a power cut could bring back an older file without the one behind it, and the log would have a hole.
      await this.#disk.syncDirectory(this.#directory)
      this.#files.shift()
    }
  }

  async close(): Promise<void> {
    this.#failed = true
    const prepared = await this.#next?.catch(() => undefined)
    await prepared?.close()
    for (const { file } of this.#files) await file.close()
  }

  /** Position among the files of the one that holds the newest frame, or -1. */
  #newest(): number {
    return this.#files.findLastIndex((file) => file.frames.length > 0)
  }

  #encode(content: FrameContent): Uint8Array {
    const chain = {
      ledgerId: this.#ledgerId,
      generation: this.#generation,
      number: this.#number,
      previous: this.#previous,
    }
    const { padded, hash } = encodeFrame(content, chain)
    this.#number += 1
    this.#previous = hash
    return padded
  }

  #place(target: OpenFile, frame: Uint8Array): void {
    const header = decodeFrameHeader(frame, this.#ledgerId)
    if (!header) throw new Error('a frame this process encoded does not decode')
    target.frames.push({ header, position: this.#position, paddedBytes: frame.length })
    this.#position += frame.length
  }

  async #fileFor(bytes: number): Promise<OpenFile> {
    const current = this.#files.at(-1)!
    if (this.#position + bytes <= current.bytes) return current
    const sequence = current.sequence + 1
    const prepared = this.#next ?? this.#create(sequence, Math.max(bytes, this.#fileBytes))
    this.#next = undefined
    const file = await prepared
    const size = await file.size()
    const opened: OpenFile = { sequence, file, bytes: size, frames: [] }
    this.#files.push(opened)
    this.#position = 0
    return bytes <= size ? opened : this.#fileFor(bytes)
  }

  #create(sequence: number, bytes: number): Promise<DiskFile> {
    const created = createWalFile(
      this.#disk,
      this.#directory,
      { generation: this.#generation, sequence },
      [],
      bytes,
    )
    created.catch(() => undefined)
    return created
  }
}

function endOf(file: OpenFile): number {
  const last = file.frames.at(-1)?.header
  return last ? last.first + last.count : 0
}
