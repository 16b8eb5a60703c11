/** What is kept of a person, counted in one pass: for the summary, and for the headings of an export. */
import { type CanonicalRecord, type JsonValue, recordTime } from '@deponent/format'
import type { ReadEntry } from '../recording/reader.ts'

/** Different values of one kind that are listed; a person's records have few. */
const VALUES_MAX = 200

export interface SurveyedEntry {
  readonly index: number
  readonly id: string
  /** The slug of its system. */
  readonly system: string
  readonly receivedAt: number
}

export class Survey {
  readonly entries: SurveyedEntry[] = []
  readonly kinds = new Map<string, number>()
  readonly systems = new Map<string, number>()
  /** Unix ms of the earliest and latest record, by their own time. */
  first: number | undefined
  last: number | undefined
  readonly purposes = new Set<string>()
  readonly lawfulBases = new Set<string>()
  readonly retention = new Set<string>()
  readonly models = new Set<string>()
  readonly automation = new Set<string>()
  /** Names of the fields that hold something about the person. */
  readonly fields = new Set<string>()
  explained = 0

  add(read: ReadEntry): void {
    const { entry, index, record, systemName } = read
    const { id, receivedAt, system } = entry
    this.entries.push({ index, id, system, receivedAt })
    count(this.kinds, entry.kind)
    count(this.systems, systemName)
    const at = (record && recordTime(record)) ?? entry.receivedAt
    this.first = Math.min(this.first ?? at, at)
    this.last = Math.max(this.last ?? at, at)
    if (record) this.#take(record)
  }

  #take(record: CanonicalRecord): void {
    note(this.purposes, record.purpose)
    note(this.lawfulBases, record.lawfulBasis)
    note(this.retention, record.dataRetentionPolicy ?? record.retention)
    note(this.models, modelOf(record))
    note(this.automation, record.automationLevel)
    if (record.explanation !== undefined) this.explained += 1
    for (const [name, value] of Object.entries(record)) {
      note(this.fields, name)
      if (name === 'inputFeatures' && typeof value === 'object' && value !== null)
        for (const feature of Object.keys(value)) note(this.fields, `inputFeatures.${feature}`)
    }
  }
}

/** `from` and `to`: those of this time only, by their own time, ms since the epoch. */
export async function surveyOf(
  reads: AsyncIterable<ReadEntry>,
  span: { from?: number | undefined; to?: number | undefined } = {},
): Promise<Survey> {
  const survey = new Survey()
  for await (const read of reads) if (isWithin(read, span)) survey.add(read)
  return survey
}

function isWithin(
  { entry, record }: ReadEntry,
  { from, to }: { from?: number | undefined; to?: number | undefined },
): boolean {
  const at = (record && recordTime(record)) ?? entry.receivedAt
  return at >= (from ?? -Infinity) && at < (to ?? Infinity)
}

function modelOf({ modelId, modelVersion }: CanonicalRecord): string | undefined {
  if (typeof modelId !== 'string') return undefined
  return typeof modelVersion === 'string' ? `${modelId} ${modelVersion}` : modelId
}

function note(values: Set<string>, value: JsonValue | undefined): void {
  if (value === undefined || value === null || values.size >= VALUES_MAX) return
  values.add(typeof value === 'string' ? value : JSON.stringify(value))
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
