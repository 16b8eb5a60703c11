/**
 * A file of labelled decisions while it is written, page by page. Beside it lies how far it is, replaced after each page: what comes behind
 * that in the file is cut off before writing goes on, so that nothing is there twice.
 */
import { canonicalJson, fromUtf8, type JsonValue, utf8 } from '@deponent/format'
import type { Disk, DiskFile } from '../platform/disk.ts'
import { CommandError, EXIT } from './exit.ts'
import { LabelledTable, type LabelledRow } from './labelled-table.ts'

/** What is asked for; the same for all pages. */
export interface LabelledQuestion {
  readonly path: string
  readonly purpose: string
  readonly recipient?: string
  readonly format: 'jsonl' | 'csv'
}

interface Progress {
  readonly question: LabelledQuestion
  readonly cursor: string | null
  readonly bytes: number
  readonly rows: number
  /** Names of the features that have a column. */
  readonly columns?: readonly string[]
}

export class LabelledFile {
  readonly #disk: Disk
  readonly #file: DiskFile
  #progress: Progress
  #isBegun: boolean
  #table: LabelledTable | undefined

  private constructor(disk: Disk, file: DiskFile, progress: Progress) {
    this.#disk = disk
    this.#file = file
    this.#progress = progress
    this.#isBegun = progress.cursor !== null
    this.#table = progress.columns && new LabelledTable(progress.columns)
  }

  /** A new file; fails where there is one. */
  static async begin(disk: Disk, path: string, question: LabelledQuestion): Promise<LabelledFile> {
    const file = await disk.open(path, 'create')
    return new LabelledFile(disk, file, { question, cursor: null, bytes: 0, rows: 0 })
  }

  /** A file that was left unfinished, from the end of its last whole page. @throws CommandError */
  static async resume(disk: Disk, path: string): Promise<LabelledFile> {
    const text = await disk.read(progressPath(path))
    if (!text) throw new CommandError(EXIT.usage, `nothing to resume: there is no ${progressPath(path)}`)
    const progress = JSON.parse(fromUtf8(text)) as Progress
    if (((await disk.size(path)) ?? 0) < progress.bytes)
      throw new CommandError(EXIT.usage, `${path} is shorter than what was written to it`)
    await disk.truncate(path, progress.bytes)
    return new LabelledFile(disk, await disk.open(path, 'write'), progress)
  }

  get question(): LabelledQuestion {
    return this.#progress.question
  }

  get cursor(): string | null {
    return this.#progress.cursor
  }

  get rows(): number {
    return this.#progress.rows
  }

  /** Writes one page; `next` is where the one after it starts. */
  async add(rows: readonly LabelledRow[], next: string | null): Promise<void> {
    const text = this.question.format === 'csv' ? this.#csv(rows) : rows.map(lineOf).join('')
    const bytes = utf8(text)
    await this.#file.write(bytes, this.#progress.bytes)
    await this.#file.datasync()
    this.#isBegun = true
    this.#progress = {
      ...this.#progress,
      cursor: next,
      bytes: this.#progress.bytes + bytes.length,
      rows: this.#progress.rows + rows.length,
      ...(this.#table && { columns: this.#table.features }),
    }
    if (next === null) await this.#disk.remove(progressPath(this.#file.path)).catch(() => {})
    else await this.#disk.writeDurably(progressPath(this.#file.path), utf8(JSON.stringify(this.#progress)))
  }

  /** A file of which nothing was written is taken away. */
  async close(): Promise<void> {
    await this.#file.close()
    if (!this.#isBegun) await this.#disk.remove(this.#file.path)
  }

  /** The columns are those of the first page that has any rows. */
  #csv(rows: readonly LabelledRow[]): string {
    if (this.#table) return this.#table.lines(rows)
    if (rows.length === 0) return ''
    this.#table = LabelledTable.of(rows)
    return this.#table.head() + this.#table.lines(rows)
  }
}

/** Where it is kept how far a file is. */
export function progressPath(path: string): string {
  return `${path}.progress`
}

function lineOf(row: LabelledRow): string {
  return `${canonicalJson(row as unknown as JsonValue)}\n`
}
