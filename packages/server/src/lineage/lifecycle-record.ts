import { type CanonicalRecord, isObject, type JsonValue } from '@deponent/format'

/** A record of the life of a model, a data set or a system, as far as its reader may see it. */
export interface LifecycleRecord {
  /** Entry id: the evidence. */
  readonly id: string
  readonly index: number
  readonly kind: string
  /** When it happened, by its own word; Unix milliseconds, as all times here. */
  readonly at: number
  /** When the ledger took it. */
  readonly receivedAt: number
  readonly system: string
  readonly record: CanonicalRecord
}

/** The system of records that name none: what they say goes for every system. */
export const EVERY_SYSTEM = 'default'
/** Where models decide whose records name no environment. */
export const PRODUCTION = 'production'

/** In the order of time; what happened at one moment in the order of the ledger. */
export function byTime(records: readonly LifecycleRecord[]): LifecycleRecord[] {
  return records.toSorted((a, b) => a.at - b.at || a.index - b.index)
}

/** The text of a field; undefined when it is absent, empty, covered or no text. */
export function textIn({ record }: Pick<LifecycleRecord, 'record'>, field: string): string | undefined {
  const value = record[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function environmentOf(record: LifecycleRecord): string {
  return textIn(record, 'environment') ?? PRODUCTION
}

/** Whether a value is there and its reader may not see it. */
export function isCovered(value: JsonValue | undefined): boolean {
  return isObject(value) && value['sealed'] === true
}

const NAMES = ['id', 'email', 'name'] as const

/** What tells a person from others: their id, or the word that stands for them; undefined for nobody, or somebody covered. */
export function personIn(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim().toLowerCase()
  if (!isObject(value) || isCovered(value)) return undefined
  const named = NAMES.map((name) => value[name]).find((word) => typeof word === 'string' && word !== '')
  return named === undefined ? undefined : personIn(named)
}
