// Packs the files of a month into archives, and brings them back.
//
// Invariants.
// 1. Of a month either its files or its archives are remembered, never both; the others go only after that is durable.
// 2. Whatever was put is read back, and what is unpacked has the digest it had when it was packed.

import type { IndexClient } from '../engine/client.ts'
import { DECISIONS, TIERED_TABLES } from '../schema.ts'
import { ARCHIVE_BYTES, packFiles, type PackedFile, unpackFiles } from './archive-file.ts'
import { archiveIndexKey, archiveKey, manifestKey, objectsOf } from './keys.ts'
import { archiveIndexOf, countsIn, manifestOf, type ModelCount } from './manifest.ts'
import { columnsOf, structureOf } from './parquet.ts'
import type { Relations } from './relations.ts'
import type { Remains, Sources } from './remains.ts'
import type { Archive, TierFile, TierMonth, TierStates } from './tier-month.ts'
import { digestOf, ObjectDiffers, type TierStore } from './tier-store.ts'

export interface Archiving {
  readonly client: IndexClient
  readonly store: TierStore
  readonly states: TierStates
  readonly relations: Relations
  readonly remains: Remains
  prefix(tier: 'warm' | 'cold'): string
  changes(): number
  exclusively<T>(task: () => Promise<T>): Promise<T>
}

/** Combinations of system and model that are counted in what tells of an archive. */
const COUNTS_MAX = 10_000

export class Archiver {
  readonly #at: Archiving

  constructor(at: Archiving) {
    this.#at = at
  }

  /** Archives a month whose rows lie in files; false when it has to be done another time. */
  async archive(month: TierMonth): Promise<boolean> {
    const { store, states, relations, remains } = this.#at
    const seen = this.#at.changes()
    const sources = this.#sources(month)
    const archived = await this.pack(month, sources, ({ key, sha256 }) => store.read(key, sha256))
    const done = await this.#at.exclusively(async () => {
      if (this.#at.changes() !== seen) return false
      await remains.fill(month.month, sources, month.features)
      states.put(archived)
      await states.flush()
      await relations.define(states.all())
      await relations.settle()
      return true
    })
    const gone = done ? objectsOf(this.#at.prefix, month) : objectsOf(this.#at.prefix, archived)
    await store.remove(gone)
    return done
  }

  /** Brings the files of an archived month back; false when it has to be done another time. */
  async restore(month: TierMonth, restoredUntil: number, onBytes: (bytes: number) => void): Promise<boolean> {
    const { store, states, relations, remains } = this.#at
    const seen = this.#at.changes()
    await this.#eachFile(month, async (file, bytes) => {
      await store.keep(file.key, bytes)
      onBytes(bytes.length)
    })
    const warm: TierMonth = { ...month, state: 'warm', archives: [], restoredUntil }
    await store.replace(manifestKey(this.#at.prefix('warm'), month.month), manifestOf(warm))
    const done = await this.#at.exclusively(async () => {
      if (this.#at.changes() !== seen) return false
      states.put(warm)
      await states.flush()
      await relations.define(states.all())
      await relations.settle()
      await remains.remove(month.month)
      return true
    })
    await store.remove(objectsOf(this.#at.prefix, done ? month : warm))
    return done
  }

  /** The month as it is when its files are packed; its archives and what tells of them are in the store. */
  async pack(
    month: TierMonth,
    sources: Sources,
    bytesOf: (file: TierFile) => Promise<Uint8Array>,
  ): Promise<TierMonth> {
    const { states, store } = this.#at
    const archives: Archive[] = []
    for (const group of groupsOf(month.files)) {
      const files: PackedFile[] = []
      for (const file of group) files.push({ name: this.#nameOf(file), bytes: await bytesOf(file) })
      const key = archiveKey(this.#at.prefix('cold'), month.month, states.takeNumber())
      archives.push({ key, ...(await store.keep(key, await packFiles(files))) })
    }
    const archived: TierMonth = { ...month, state: 'archived', archives, restoredUntil: 0 }
    await store.replace(
      archiveIndexKey(this.#at.prefix('cold'), month.month),
      archiveIndexOf(archived, await this.#counts(sources)),
    )
    return archived
  }

  /** Unpacks an archived month to files under way for as long as `use` takes. */
  async unpacked<T>(month: TierMonth, use: (paths: Map<string, string>) => Promise<T>): Promise<T> {
    const { store } = this.#at
    const paths = new Map<string, string>()
    try {
      await this.#eachFile(month, async ({ key }, bytes) => {
        const path = store.scratchPath('parquet')
        paths.set(key, path)
        await store.writeScratch(path, bytes)
      })
      return await use(paths)
    } finally {
      await store.removeScratch([...paths.values()])
    }
  }

  /** Replaces what tells of an archived month; its archives stay as they are. */
  async tellAgain(month: TierMonth): Promise<void> {
    const { store } = this.#at
    const key = archiveIndexKey(this.#at.prefix('cold'), month.month)
    const told = await store.readTold(key)
    await store.replace(key, archiveIndexOf(month, countsIn(told)))
  }

  async #counts(sources: Sources): Promise<ModelCount[]> {
    const counts = (sources.get(DECISIONS.name) ?? []).map(
      (source) =>
        `SELECT system, modelId, modelVersion, count() AS decisions FROM ${source} GROUP BY system, modelId, modelVersion`,
    )
    if (counts.length === 0) return []
    const rows = await this.#at.client.select<Record<keyof ModelCount, string>>(
      `SELECT system, modelId, modelVersion, sum(decisions) AS decisions FROM (${counts.join(' UNION ALL ')})
        GROUP BY system, modelId, modelVersion ORDER BY system, modelId, modelVersion LIMIT ${COUNTS_MAX}`,
      { settings: { max_execution_time: 300 } },
    )
    return rows.map((row) => ({ ...row, decisions: Number(row.decisions) }))
  }

  async #eachFile(
    month: TierMonth,
    use: (file: TierFile, bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const files = new Map(month.files.map((file) => [this.#nameOf(file), file]))
    for (const { key, sha256 } of month.archives) {
      for (const { name, bytes } of await unpackFiles(await this.#at.store.read(key, sha256))) {
        const file = files.get(name)
        if (!file) continue
        if (digestOf(bytes) !== file.sha256) throw new ObjectDiffers()
        files.delete(name)
        await use(file, bytes)
      }
    }
    if (files.size > 0) throw new ObjectDiffers()
  }

  #sources(month: TierMonth): Sources {
    return sourcesOf(month, ({ key }, structure) => this.#at.store.reading(key, structure))
  }

  #nameOf({ key }: TierFile): string {
    return key.slice(this.#at.prefix('warm').length)
  }
}

/** Where the rows of a month are read. */
export function sourcesOf(month: TierMonth, read: (file: TierFile, structure: string) => string): Sources {
  const sources = month.files.map((file): [string, string] => {
    const table = TIERED_TABLES.find(({ name }) => name === file.table)!
    return [file.table, read(file, structureOf(columnsOf(table, month.features)))]
  })
  return new Map(
    [...Map.groupBy(sources, ([table]) => table)].map(([table, of]) => [
      table,
      of.map(([, source]) => source),
    ]),
  )
}

/** Files in their order, as many together as an archive takes. */
function groupsOf(files: readonly TierFile[]): TierFile[][] {
  const groups: TierFile[][] = []
  let bytes = ARCHIVE_BYTES
  for (const file of files) {
    if (bytes + file.bytes > ARCHIVE_BYTES) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)!.push(file)
    bytes += file.bytes
  }
  return groups
}
