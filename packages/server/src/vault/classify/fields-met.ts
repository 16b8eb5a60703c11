/** Counts which fields records had, and what became of them: numbers and names of fields, never a value. */
import type { DetectorName } from '@deponent/format'

export const MET_CLASSES = ['queryable', 'sealed', 'pseudonymised', 'dropped'] as const
export type MetClass = (typeof MET_CLASSES)[number]

/** Why a field has its class: somebody declared it, its name says so, its form does, or nothing says otherwise. */
export type Why = 'declared' | 'name' | 'strict' | 'capture' | 'default' | DetectorName

export interface MetField {
  readonly system: string
  readonly pointer: string
  readonly class: MetClass
  readonly why: Why
  readonly count: number
}

/** Different pointers of one system that are counted; further ones are counted together under FURTHER_FIELDS. */
export const POINTERS_MAX = 2_000
/** Systems whose fields are counted between two readings. */
const SYSTEMS_MAX = 1_000
/** A pointer no field has. */
export const FURTHER_FIELDS = '/*'

type Counts = Map<string, number>

export class FieldsMet {
  #systems = new Map<string, Map<string, Counts>>()

  note(system: string, pointer: string, metAs: MetClass, why: Why, times = 1): void {
    const fields = this.#fieldsOf(system)
    if (!fields) return
    const place = fields.has(pointer) || fields.size < POINTERS_MAX ? pointer : FURTHER_FIELDS
    const counts = fields.get(place) ?? new Map<string, number>()
    fields.set(place, counts)
    const key = `${metAs} ${why}`
    counts.set(key, (counts.get(key) ?? 0) + times)
  }

  /** What was counted since this was asked last. */
  take(): MetField[] {
    const taken: MetField[] = []
    for (const [system, fields] of this.#systems)
      for (const [pointer, counts] of fields)
        for (const [key, count] of counts) {
          const [metAs, why] = key.split(' ') as [MetClass, Why]
          taken.push({ system, pointer, class: metAs, why, count })
        }
    this.#systems = new Map()
    return taken
  }

  #fieldsOf(system: string): Map<string, Counts> | undefined {
    const known = this.#systems.get(system)
    if (known || this.#systems.size >= SYSTEMS_MAX) return known
    const fields = new Map<string, Counts>()
    this.#systems.set(system, fields)
    return fields
  }
}
