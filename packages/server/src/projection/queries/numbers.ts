import type { Restriction } from '../restriction.ts'
import { ask, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'
import { entriesFrom } from './within.ts'

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
  restriction: Restriction,
): Promise<number[]> {
  const substitutions = new Substitutions()
  const where = [
    `e.emitter = ${substitutions.add('String', emitter)}`,
    `e.epoch = ${substitutions.add('UInt64', epoch)}`,
    `e.seq BETWEEN ${substitutions.add('UInt64', from)} AND ${substitutions.add('UInt64', to)}`,
  ]
  return indices(ground, where, substitutions, limit, restriction)
}

/** A kind of records of one system, and a time; Unix milliseconds. */
export interface KindNear {
  readonly kind: string
  readonly system: string
  readonly at: number
}

/** Indices of the entries of this kind, the nearest in time first; at most `limit`. */
export function entriesNear(
  ground: Ground,
  { at, kind, system }: KindNear,
  limit: number,
  restriction: Restriction,
): Promise<number[]> {
  const substitutions = new Substitutions()
  const where = [
    `e.kind = ${substitutions.add('String', kind)}`,
    `e.system = ${substitutions.add('String', system)}`,
  ]
  const distance = `abs(toUnixTimestamp64Milli(e.at) - ${substitutions.add('Int64', at)})`
  return indices(ground, where, substitutions, limit, restriction, `${distance}, index`)
}

/** Indices of the entries of kinds that begin so, in ledger order; the first `limit` at most. */
export function entriesOfKind(
  ground: Ground,
  beginning: string,
  limit: number,
  restriction: Restriction,
): Promise<number[]> {
  return ofKind(ground, beginning, limit, restriction, 'index')
}

/** The same, the last `limit` at most. */
export async function latestOfKind(
  ground: Ground,
  beginning: string,
  limit: number,
  restriction: Restriction,
): Promise<number[]> {
  return (await ofKind(ground, beginning, limit, restriction, 'index DESC')).toReversed()
}

function ofKind(
  ground: Ground,
  beginning: string,
  limit: number,
  restriction: Restriction,
  order: string,
): Promise<number[]> {
  const substitutions = new Substitutions()
  return indices(
    ground,
    [`startsWith(e.kind, ${substitutions.add('String', beginning)})`],
    substitutions,
    limit,
    restriction,
    order,
  )
}

async function indices(
  ground: Ground,
  where: readonly string[],
  substitutions: Substitutions,
  limit: number,
  restriction: Restriction,
  order = 'index',
): Promise<number[]> {
  const within = { names: ground.names, restriction, values: substitutions }
  const entries = entriesFrom(within, substitutions.add('UInt64', ground.position()))
  const rows = await ask<{ index: string }>(
    ground,
    `SELECT e.index AS index ${entries} AND ${where.join(' AND ')} ORDER BY ${order} LIMIT ${limit}`,
    substitutions,
  )
  return rows.map(({ index }) => Number(index))
}
