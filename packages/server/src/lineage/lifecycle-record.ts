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

/** The first of what a person is called: their id, or the word that stands for them; undefined for nobody, or somebody covered. */
export function personIn(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? wordIn(value) : Object.values(calledIn(value))[0]
}

/**
 * Whether two values name one person: by the first that both have of id, e-mail and name, or by any of them where one is a word alone.
 * Undefined where they have nothing in common to go by.
 */
export function isOnePerson(one: JsonValue, other: JsonValue): boolean | undefined {
  if (typeof one === 'string') return isCalled(other, one)
  if (typeof other === 'string') return isCalled(one, other)
  const [first, second] = [calledIn(one), calledIn(other)]
  const name = NAMES.find((shared) => first[shared] !== undefined && second[shared] !== undefined)
  return name && first[name] === second[name]
}

function isCalled(person: JsonValue, text: string): boolean | undefined {
  const called = typeof person === 'string' ? [wordIn(person)] : Object.values(calledIn(person))
  const [first] = called
  const word = wordIn(text)
  return first === undefined || word === undefined ? undefined : called.includes(word)
}

/** What a person is called, in the order of NAMES, as far as it is not covered. */
function calledIn(value: JsonValue | undefined): Partial<Record<(typeof NAMES)[number], string>> {
  if (!isObject(value)) return {}
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const word = wordIn(value[name])
      return word === undefined ? [] : [[name, word]]
    }),
  )
}

function wordIn(value: JsonValue | undefined): string | undefined {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : ''
  return word === '' ? undefined : word
}
