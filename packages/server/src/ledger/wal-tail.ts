/**
 * Follows a write-ahead log that another process writes. It believes only whole frames that continue the chain, and never goes
 * on to the next file before that begins with the next frame: until then the writer may still add to the present one.
 */
import type { Disk, DiskFile } from '../platform/disk.ts'
import { errorCode } from '../platform/disk.ts'
import { frameAt, parseWalFileName, walFileName } from './wal-file.ts'
import type { FrameContent } from './wal-frame.ts'
import { type Chain, continues } from './wal-scan.ts'

interface OpenFile {
  sequence: number
  file: DiskFile
}

export class WalTail {
  readonly #disk: Disk
  readonly #directory: string
  #chain: Chain
  /** File and position of the next frame. */
  #sequence = 0
  #position = 0
  /** Index after the last frame passed. */
  #reached = 0
  #open: OpenFile | undefined

  /** `ledgerId` as of `ledgerIdOf(origin)`. */
  constructor(disk: Disk, directory: string, ledgerId: Uint8Array) {
    this.#disk = disk
    this.#directory = directory
    this.#chain = { ledgerId, generation: -1 }
  }

  /** First index the log holds, or undefined when it holds no frame. */
  async firstIndex(): Promise<number | undefined> {
    await this.#restart()
    try {
      return (await this.#frameIn(this.#sequence, 0))?.first
    } finally {
      await this.#close()
    }
  }

  /** Every frame that holds an entry in [from, to), in order, as far as they are there. One reader at a time. */
  async *read(from: number, to: number): AsyncGenerator<FrameContent> {
    if (from < this.#reached || (await this.#generation()) !== this.#chain.generation) await this.#restart()
    try {
      while (this.#reached < to) {
        const content =
          (await this.#frameIn(this.#sequence, this.#position)) ??
          (await this.#frameIn(this.#sequence + 1, 0))
        if (!content) return
        if (content.first < to && content.first + content.entries.length > from) yield content
      }
    } finally {
      await this.#close()
    }
  }

  /** The next frame if it stands at this place; it is passed then. */
  async #frameIn(sequence: number, position: number): Promise<FrameContent | undefined> {
    const file = await this.#fileOf(sequence)
    const found = file && (await frameAt(file, position, this.#chain.ledgerId))
    if (!found || !continues(this.#chain, found)) return undefined
    this.#chain.last = found
    this.#sequence = sequence
    this.#position = position + found.location.paddedBytes
    this.#reached = found.content.first + found.content.entries.length
    return found.content
  }

  /** The file, or undefined when it is not there: not made yet, or let go because all in it was signed. */
  async #fileOf(sequence: number): Promise<DiskFile | undefined> {
    if (this.#open?.sequence === sequence) return this.#open.file
    const { generation } = this.#chain
    try {
      const name = walFileName({ generation, sequence })
      const file = await this.#disk.open(`${this.#directory}/${name}`, 'read')
      await this.#close()
      this.#open = { sequence, file }
      return file
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      return undefined
    }
  }

  async #restart(): Promise<void> {
    const generation = await this.#generation()
    const files = (await this.#names()).filter((name) => name.generation === generation)
    this.#chain = { ledgerId: this.#chain.ledgerId, generation }
    this.#sequence = Math.min(...files.map(({ sequence }) => sequence))
    this.#position = 0
    this.#reached = 0
  }

  async #generation(): Promise<number> {
    return Math.max(0, ...(await this.#names()).map(({ generation }) => generation))
  }

  async #names(): Promise<{ generation: number; sequence: number }[]> {
    const names = await this.#disk.list(this.#directory)
    return names.flatMap((name) => parseWalFileName(name) ?? [])
  }

  async #close(): Promise<void> {
    const file = this.#open?.file
    this.#open = undefined
    await file?.close()
  }
}
