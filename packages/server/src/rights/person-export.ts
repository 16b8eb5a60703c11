/** Everything known of a person, to be handed to them: what it says is the same in both forms it is written in. */
import { type CanonicalRecord, isoTime, type JsonValue, type RecordKind, recordTime } from '@deponent/format'
import type { ReadEntry } from '../recording/reader.ts'
import type { Heading } from './article-15.ts'
import { forPerson, providedBy } from './for-person.ts'

/** Records of one export. */
export const EXPORT_RECORDS_MAX = 100_000

/** What is told of a look at the person's records: when, what for and in which role, never by whom. */
export interface Consultation {
  readonly at: string
  readonly role: string
  readonly action: string
  readonly result: string
  readonly purpose?: string
}

export interface ExportHead {
  readonly format: 'deponent subject export 1'
  readonly subject: { readonly handle: string; readonly ids: readonly string[] }
  readonly exportedAt: string
  readonly exportedBy: string
  readonly ledger: string
  readonly origin: string
  readonly asOf: { readonly size: number }
  /** `provided`: what the person provided and nothing else (Art. 20). */
  readonly scope: 'all' | 'provided'
  readonly purpose?: string
  readonly records: number
  /** What is told beside the records (Art. 15); absent with `provided`. */
  readonly headings?: readonly Heading[]
  readonly rights?: { readonly [name: string]: JsonValue }
  readonly consultations?: readonly Consultation[]
}

/** One record of an export; index and leaf hash are what a proof of it is about. */
export interface ExportedRecord {
  readonly id: string
  readonly index: number
  readonly leafHash: string
  readonly kind: string
  readonly system: string
  readonly at: string
  readonly receivedAt: string
  readonly restrictedBy?: readonly string[]
  /** Entry ids of the rectifications of it. */
  readonly correctedBy?: readonly string[]
  /** Null when the content cannot be opened any more. */
  readonly record: CanonicalRecord | null
}

/** What of a record goes into an export. */
export interface Choosing {
  readonly scope: ExportHead['scope']
  isOwn(id: string): boolean
  /** As far as its exporter may see it. */
  view(read: ReadEntry): CanonicalRecord | undefined
}

export interface ExportingOptions extends Choosing {
  readonly reads: AsyncIterable<ReadEntry>
  leafHash(index: number): Promise<string>
  restrictedBy(read: ReadEntry): Promise<readonly string[]>
  correctedBy(id: string): readonly string[]
}

/** The records of an export, in ledger order. With `provided`, those alone in which the person provided something. */
export async function* exportedRecords(options: ExportingOptions): AsyncGenerator<ExportedRecord> {
  for await (const read of options.reads) {
    const record = chosenIn(read, options)
    if (options.scope === 'provided' && record === undefined) continue
    yield await exported(options, read, record ?? null)
  }
}

/** The content of an entry as the person is given it; undefined when there is none for them. */
export function chosenIn(read: ReadEntry, choosing: Choosing): CanonicalRecord | undefined {
  const { entry, record } = read
  // Before the policy covers names: whose words they are is told by them.
  const told = record && forPerson(entry.kind as RecordKind, record, (id) => choosing.isOwn(id))
  const given = told && choosing.view({ ...read, record: told })
  return given && choosing.scope === 'provided' ? providedBy(given) : given
}

async function exported(
  options: ExportingOptions,
  read: ReadEntry,
  record: CanonicalRecord | null,
): Promise<ExportedRecord> {
  const { entry, index, systemName } = read
  const isAll = options.scope === 'all'
  const restrictedBy = isAll ? await options.restrictedBy(read) : []
  const correctedBy = isAll ? options.correctedBy(entry.id) : []
  return {
    id: entry.id,
    index,
    leafHash: await options.leafHash(index),
    kind: entry.kind,
    system: systemName,
    at: isoTime((read.record && recordTime(read.record)) ?? entry.receivedAt),
    receivedAt: isoTime(entry.receivedAt),
    ...(restrictedBy.length > 0 && { restrictedBy }),
    ...(correctedBy.length > 0 && { correctedBy }),
    record,
  }
}

/** The export as JSON, piece by piece: the members of the head, then `items`, one record a line. */
export async function* exportJson(
  head: ExportHead,
  records: AsyncIterable<ExportedRecord>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"items":[`
  let isFirst = true
  for await (const record of records) {
    yield `${isFirst ? '\n' : ',\n'}${JSON.stringify(record)}`
    isFirst = false
  }
  yield '\n]}\n'
}
