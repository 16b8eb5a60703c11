/** Keys of what a month has in the store, below the prefix of its index. */
import type { TierMonth } from './tier-month.ts'

/** Laid out as tools that read partitioned Parquet expect it. */
export function fileKey(prefix: string, table: string, month: string, number: number): string {
  return `${prefix}table=${table}/month=${month}/part-${number}.parquet`
}

/** The first number of a file of a table that no file of the month has or had, as far as is known. */
export function nextNumber({ files }: Pick<TierMonth, 'files'>, table: string): number {
  const numbers = files
    .filter((file) => file.table === table)
    .map(({ key }) => Number(/part-(\d+)\.parquet$/.exec(key)?.[1] ?? 0) + 1)
  return Math.max(0, ...numbers)
}

export function manifestKey(prefix: string, month: string): string {
  return `${prefix}manifests/month=${month}/manifest.json`
}
