import { ENTRIES } from '../schema.ts'
import { ask, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'

/** Numbers of one emitter, by slug. */
export interface NumberRange {
  readonly emitter: string
  readonly epoch: number
  readonly from: number
  readonly to: number
}

/** Indices of the entries that carry these numbers, in ledger order; at most `limit`. */
export async function entriesNumbered(
  ground: Ground,
  { emitter, epoch, from, to }: NumberRange,
  limit: number,
): Promise<number[]> {
  const substitutions = new Substitutions()
  const where = [
    `emitter = ${substitutions.add('String', emitter)}`,
    `epoch = ${substitutions.add('UInt64', epoch)}`,
    `seq BETWEEN ${substitutions.add('UInt64', from)} AND ${substitutions.add('UInt64', to)}`,
  ]
  return indices(ground, where, substitutions, limit)
}

/** Indices of the entries of kinds that begin so, in ledger order; at most `limit`. */
export function entriesOfKind(ground: Ground, beginning: string, limit: number): Promise<number[]> {
  const substitutions = new Substitutions()
  return indices(
    ground,
    [`startsWith(kind, ${substitutions.add('String', beginning)})`],
    substitutions,
    limit,
  )
}

async function indices(
  ground: Ground,
  where: readonly string[],
  substitutions: Substitutions,
  limit: number,
): Promise<number[]> {
  const rows = await ask<{ index: string }>(
    ground,
    `SELECT index FROM ${ground.names.tables}.${ENTRIES.name}
      WHERE index < ${substitutions.add('UInt64', ground.position())} AND ${where.join(' AND ')} ORDER BY index LIMIT ${limit}`,
    substitutions,
  )
  return rows.map(({ index }) => Number(index))
}
