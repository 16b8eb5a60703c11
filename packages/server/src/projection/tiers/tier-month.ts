/** What is known of the months whose rows lie in files: which files, and how far each month has come. */
import type { FieldSlot } from '../fields.ts'

/** One Parquet file. */
export interface TierFile {
  /** Key in the store; while the month is archived, the key the file has when it is brought back. */
  readonly key: string
  readonly table: string
  readonly rows: number
  readonly bytes: number
  /** Hexadecimal SHA-256 of its bytes. */
  readonly sha256: string
  /** Least and greatest index of its rows. */
  readonly least: number
  readonly greatest: number
  /** Rows of each block of entries. */
  readonly blocks: readonly (readonly [block: number, rows: number])[]
}

/**
 * `switching`: questions read the files, and the rows they hold may still be in the tables; `warm`: they are gone from there;
 * `archived`: the files are packed away and nobody reads them.
 */
export type TierState = 'switching' | 'warm' | 'archived'

/** One calendar month, UTC, of which rows lie in files. */
export interface TierMonth {
  /** `2026-03`. */
  readonly month: string
  readonly state: TierState
  /** The files hold every row of the month with an index below it that was in the tables when they were written. */
  readonly below: number
  readonly files: readonly TierFile[]
  /** Whose values are in the columns f0, f1 … of decisions. */
  readonly features: readonly FieldSlot[]
  /** Unix milliseconds. */
  readonly movedAt: number
  /** It was brought back, and is not archived before this time; 0 when it was not. Unix milliseconds. */
  readonly restoredUntil: number
  /** Objects it is packed into, while it is archived. */
  readonly archives: readonly Archive[]
}

/** One object that holds files of a month, in their order. */
export interface Archive {
  readonly key: string
  readonly bytes: number
  readonly sha256: string
}

/** The projection's memory of its months. Writes survive the process when they return, and the machine after `flush`. */
export interface TierStates {
  all(): TierMonth[]
  put(month: TierMonth): void
  remove(month: string): void
  /** A number for the name of a file or an archive, which no other of this ledger has or had: what was read of one is never another's. */
  takeNumber(): number
  /** Whether the store holds nothing of this ledger but what months name; a life that ended may have left something. */
  isSwept(): boolean
  setSwept(isSwept: boolean): void
  flush(): Promise<void>
}

/** [from, to) of a month, Unix milliseconds. */
export function spanOf(month: string): { from: number; to: number } {
  const year = Number(month.slice(0, 4))
  const number = Number(month.slice(5))
  return { from: Date.UTC(year, number - 1, 1), to: Date.UTC(year, number, 1) }
}

/** The month a partition of the tables holds; undefined for what is of no month. */
export function monthOfPartition(partition: string): string | undefined {
  return /^\d{6}$/.test(partition) ? `${partition.slice(0, 4)}-${partition.slice(4)}` : undefined
}

export function partitionOfMonth(month: string): number {
  return Number(month.replace('-', ''))
}

const DAY_MS = 86_400_000

/** Whether the whole month is further back than this many days. */
export function isOlder(month: string, days: number, nowMs: number): boolean {
  return spanOf(month).to <= nowMs - days * DAY_MS
}

export function rowsIn(month: TierMonth, table?: string): number {
  return month.files.reduce((sum, file) => sum + (table && file.table !== table ? 0 : file.rows), 0)
}

/** Bytes it takes in the store. */
export function bytesIn({ archives, files, state }: TierMonth): number {
  return (state === 'archived' ? archives : files).reduce((sum, { bytes }) => sum + bytes, 0)
}
