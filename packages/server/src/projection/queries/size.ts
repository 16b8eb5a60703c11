import { TIERED_TABLES } from '../schema.ts'
import { ask, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'

export interface HotSize {
  readonly rows: number
  /** On disk. */
  readonly bytes: number
}

/** Rows in the tables of what records say, without those in files, and the bytes these take. */
export async function hotSize(ground: Ground): Promise<HotSize> {
  const substitutions = new Substitutions()
  const [row] = await ask<{ rows: string; bytes: string }>(
    ground,
    `SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
      WHERE active AND database = ${substitutions.add('String', ground.names.tables)}
        AND table IN ${substitutions.add(
          'Array(String)',
          TIERED_TABLES.map(({ name }) => name),
        )}`,
    substitutions,
  )
  return { rows: Number(row?.rows ?? 0), bytes: Number(row?.bytes ?? 0) }
}
