/** Calls that somebody else logged, counted by the hour: external counters that the records are compared with. */
import { type JsonObject, type JsonValue, parseTime } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { badRow, type RowReader, type SourceLine } from './source.ts'

const HOUR_MS = 3_600_000
/** Ids that are remembered, because logs are delivered at least once. */
const IDS_MAX = 5_000_000

/** One call as its log tells of it. */
export interface LoggedCall {
  /** By which it is the same call when it is told of again. */
  readonly id: string
  readonly time: JsonValue | undefined
  /** Where it was counted, such as an account and a region. */
  readonly place: string
  readonly modelId: string | undefined
  readonly provider: string
}

interface Counted {
  readonly line: number
  readonly call: LoggedCall
  readonly hours: Map<number, number>
}

export class HourlyCalls implements RowReader {
  readonly #name: string
  readonly #callsIn: (row: SourceRow) => LoggedCall[]
  readonly #counters = new Map<string, Counted>()
  readonly #seen = new Set<string>()

  /** `callsIn`: the calls of a model among what a row tells of; none where it tells of other things. */
  constructor(name: string, callsIn: (row: SourceRow) => LoggedCall[]) {
    this.#name = name
    this.#callsIn = callsIn
  }

  take(row: SourceRow): MappedRecord[] {
    for (const call of this.#callsIn(row)) this.#count(call, row.line)
    return []
  }

  /** The declaration of each counter, and a reading of each hour. */
  end(): SourceLine[] {
    return [...this.#counters].map(([name, { line, call, hours }]) => ({
      line,
      records: [
        this.#declared(name, call),
        ...[...hours].map(([hour, value]) => this.#reading(name, hour, value)),
      ],
    }))
  }

  #count(call: LoggedCall, line: number): void {
    const ms = call.time === undefined ? undefined : parseTime(call.time)?.ms
    if (ms === undefined) throw badRow('a call has no time')
    if (this.#seen.has(call.id)) return
    if (this.#seen.size >= IDS_MAX)
      throw badRow(`one import counts ${IDS_MAX} calls: import fewer hours at once`)
    this.#seen.add(call.id)
    const name = [this.#name, call.place, call.modelId ?? 'all models'].join('/')
    const counted = this.#counters.get(name) ?? { line, call, hours: new Map<number, number>() }
    this.#counters.set(name, counted)
    const hour = Math.floor(ms / HOUR_MS) * HOUR_MS
    counted.hours.set(hour, (counted.hours.get(hour) ?? 0) + 1)
  }

  #declared(name: string, { modelId, provider }: LoggedCall): MappedRecord {
    const filter: JsonObject = modelId === undefined ? { provider } : { modelId }
    const value = {
      name,
      source: 'provider',
      unit: 'calls',
      filter,
      description: `calls in ${this.#name}`,
      basis: 'asserted',
    }
    return { kind: 'counter.declared', reading: { value, coerced: [], faults: [] }, origin: name }
  }

  #reading(name: string, hour: number, value: number): MappedRecord {
    const reading = { name, hour: new Date(hour).toISOString(), value, basis: 'asserted' }
    return {
      kind: 'counter.reading',
      reading: { value: reading, coerced: [], faults: [] },
      origin: `${name} ${hour} ${value}`,
    }
  }
}
