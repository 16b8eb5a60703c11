/** Data sets as they are declared, and what names them. */
import { isObject, type JsonValue } from '@deponent/format'
import { byTime, type LifecycleRecord, textIn } from './lifecycle-record.ts'

/** What another record names: a version of a data set, or, without one, all of its versions. */
export interface DatasetReference {
  readonly datasetId: string
  readonly version?: string
  readonly digest?: string
}

/** What is declared of one version; of records that state no version, one that has none. */
export interface DatasetVersion extends DatasetReference {
  readonly name?: string
  readonly origin?: JsonValue
  /** Entry ids of its registrations, the last ones of many; none when only a transformation or a training names it. */
  readonly registrations: readonly string[]
  readonly transformations: readonly Transformation[]
}

export interface Transformation {
  readonly entry: string
  readonly at: number
  readonly inputs: readonly DatasetReference[]
  readonly how?: JsonValue
}

/** Whether a reference and a version may mean the same data. */
export function concerns(named: DatasetReference, { datasetId, version }: DatasetReference): boolean {
  if (named.datasetId !== datasetId) return false
  return named.version === undefined || version === undefined || named.version === version
}

/** Versions of a model name a data set each: all of its registrations with each of them are more than an answer may hold. */
const REGISTRATIONS_MAX = 100

const REGISTERED = 'dataset.registered'
const TRANSFORMED = 'dataset.transformed'

interface Declaration {
  readonly own: DatasetReference
  readonly record: LifecycleRecord
}

export class DatasetVersions {
  readonly #declarations: readonly Declaration[]
  readonly #byId: ReadonlyMap<string, readonly Declaration[]>
  readonly #byVersion: ReadonlyMap<string, readonly Declaration[]>
  readonly #told = new Map<string, DatasetVersion>()
  #all: readonly DatasetVersion[] | undefined

  /** `records`: of the kinds `dataset.…`; others are passed over. */
  constructor(records: readonly LifecycleRecord[]) {
    this.#declarations = byTime(records)
      .filter(({ kind }) => kind === REGISTERED || kind === TRANSFORMED)
      .flatMap((record) => {
        const own = ownReference(record)
        return own ? [{ own, record }] : []
      })
    this.#byId = Map.groupBy(this.#declarations, ({ own }) => own.datasetId)
    this.#byVersion = Map.groupBy(this.#declarations, ({ own }) => referenceText(own))
  }

  /** Every version that is registered or made by a transformation, the first that was heard of first. */
  all(): readonly DatasetVersion[] {
    this.#all ??= distinct(this.#declarations.map(({ own }) => own)).map((reference) => this.of(reference))
    return this.#all
  }

  /** What is declared of what a reference names. One without a version is to all there are. */
  of(reference: DatasetReference): DatasetVersion {
    const { datasetId, version, digest } = reference
    const key = JSON.stringify([datasetId, version, digest])
    const told = this.#told.get(key) ?? this.#of(reference)
    this.#told.set(key, told)
    return told
  }

  #of(reference: DatasetReference): DatasetVersion {
    const { datasetId, version, digest } = reference
    const candidates =
      version === undefined ? this.#byId.get(datasetId) : this.#byVersion.get(referenceText(reference))
    const theirs = (candidates ?? [])
      .filter(({ own }) => own.datasetId === datasetId && (version === undefined || own.version === version))
      .map(({ record }) => record)
    const registrations = theirs.filter(({ kind }) => kind === REGISTERED)
    const last = registrations.at(-1)
    const [name, stated] = [last && textIn(last, 'name'), last && textIn(last, 'digest')]
    const known = digest ?? stated
    return {
      datasetId,
      ...(version !== undefined && { version }),
      ...(known !== undefined && { digest: known }),
      ...(name !== undefined && { name }),
      ...(last?.record['origin'] !== undefined && { origin: last.record['origin'] }),
      registrations: registrations
        .filter((record) => agrees(record, digest))
        .slice(-REGISTRATIONS_MAX)
        .map(({ id }) => id),
      transformations: theirs
        .filter(({ kind }) => kind === TRANSFORMED)
        .map((record) => this.#transformation(record)),
    }
  }

  /** The versions that a field names: texts, objects, or a list of them. What is covered names nothing. */
  named(value: JsonValue | undefined): DatasetReference[] {
    if (Array.isArray(value)) return value.flatMap((item) => this.named(item))
    if (typeof value === 'string' && value !== '') return [this.#spelled(value)]
    if (!isObject(value)) return []
    const [datasetId] = ['datasetId', 'id', 'name'].flatMap((member) => textOf(value[member]) ?? [])
    return datasetId === undefined ? [] : [referenceOf(datasetId, value['version'], value['digest'])]
  }

  /** `ID`, `ID/VERSION` or `ID@VERSION`: ids may have these signs in them, so that one that is known is believed first. */
  #spelled(text: string): DatasetReference {
    if (this.#byId.has(text)) return { datasetId: text }
    const at = Math.max(text.lastIndexOf('/'), text.lastIndexOf('@'))
    const [datasetId, version] = [text.slice(0, at), text.slice(at + 1)]
    return at > 0 && version !== '' ? { datasetId, version } : { datasetId: text }
  }

  #transformation({ id, at, record }: LifecycleRecord): Transformation {
    const how = record['transformation']
    return { entry: id, at, inputs: this.named(record['inputs']), ...(how !== undefined && { how }) }
  }
}

/** What a registration or a transformation is about. */
function ownReference(record: LifecycleRecord): DatasetReference | undefined {
  const datasetId = textIn(record, 'datasetId')
  return datasetId === undefined ? undefined : referenceOf(datasetId, record.record['version'], undefined)
}

function referenceOf(
  datasetId: string,
  version: JsonValue | undefined,
  digest: JsonValue | undefined,
): DatasetReference {
  const [stated, sum] = [textOf(version), textOf(digest)]
  return {
    datasetId,
    ...(stated !== undefined && { version: stated }),
    ...(sum !== undefined && { digest: sum }),
  }
}

/** Data of another digest are other data, whatever they are called. */
function agrees(record: LifecycleRecord, digest: string | undefined): boolean {
  const stated = textIn(record, 'digest')
  return digest === undefined || stated === undefined || stated === digest
}

export function distinct(references: readonly DatasetReference[]): DatasetReference[] {
  return [...new Map(references.map((reference) => [referenceText(reference), reference])).values()]
}

/** `ID@VERSION`, or `ID` for all versions. */
export function referenceText({ datasetId, version }: DatasetReference): string {
  return version === undefined ? datasetId : `${datasetId}@${version}`
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
