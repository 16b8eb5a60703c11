/** Keys of what a month has in the store, below the prefix of its index. */
import type { TierMonth } from './tier-month.ts'

/** Laid out as tools that read partitioned Parquet expect it. */
export function fileKey(prefix: string, table: string, month: string, number: number): string {
  return `${prefix}table=${table}/month=${month}/part-${number}.parquet`
}

/** A number that none of these months' files and archives has, nor any below it. */
export function numberPast(months: readonly TierMonth[]): number {
  const keys = months.flatMap(({ archives, files }) => [...archives, ...files].map(({ key }) => key))
  const numbers = keys.map((key) => Number(/-(\d+)\.(?:parquet|tar\.zst)$/.exec(key)?.[1] ?? -1) + 1)
  return Math.max(0, ...numbers)
}

export function manifestKey(prefix: string, month: string): string {
  return `${prefix}manifests/month=${month}/manifest.json`
}

export function archiveKey(prefix: string, month: string, number: number): string {
  return `${prefix}month=${month}/archive-${number}.tar.zst`
}

export function archiveIndexKey(prefix: string, month: string): string {
  return `${prefix}month=${month}/index.json`
}

/** Every object a month has in the store. */
export function objectsOf(prefix: (tier: 'warm' | 'cold') => string, of: TierMonth): string[] {
  const { archives, files, month, state } = of
  if (files.length === 0) return []
  return state === 'archived'
    ? [...archives.map(({ key }) => key), archiveIndexKey(prefix('cold'), month)]
    : [...files.map(({ key }) => key), manifestKey(prefix('warm'), month)]
}
