// From an entry to its rows. The same entry gives the same rows whenever and wherever it is read: nothing here looks at a
// clock, at other entries or at what is indexed already. Which features are queryable is decided by the caller (fields.ts).

import {
  type CanonicalRecord,
  completeness,
  profileOf,
  type CompletenessReport,
  type JsonValue,
  numericValue,
  recordTime,
} from '@deponent/format'
import { indexable, NO_RULES, type Sealing, sealingOf } from './indexable.ts'
import type { FieldRules, SourceEntry } from './source.ts'
import {
  featureText,
  MICROS_PER_MS,
  NANOS_PER_USD,
  resultText,
  scaledOf,
  textOf,
  UNITS_PER_ONE,
} from './values.ts'

/** A value of a column, as JSONCompactEachRow takes it; times are Unix milliseconds. */
export type Cell = string | number | boolean | null | readonly string[]

/** A feature value that may be indexed. */
export interface Feature {
  readonly name: string
  readonly text: string
}

/** Rows of one entry, each in the column order of its table in schema.ts. */
export interface EntryRows {
  readonly index: number
  readonly system: string
  /** The moment that decides the partition of all of them. */
  readonly at: number
  readonly entry: readonly Cell[]
  /** Without the map of further features, which stands at the end and is added with the feature columns. */
  readonly decision?: readonly Cell[]
  readonly features: readonly Feature[]
  readonly outcome?: readonly Cell[]
  readonly review?: readonly Cell[]
  readonly record?: readonly Cell[]
  readonly access?: readonly Cell[]
}

/** A record that cannot be put into rows. The code is stable; values are never part of it. */
export class RowRejected extends Error {
  readonly code: string

  constructor(code: string, cause?: unknown) {
    super(code, { cause })
    this.code = code
  }
}

const FEATURE_NAME_LENGTH_MAX = 128
const NO_TARGET = -1

type Content = Omit<EntryRows, 'index' | 'system' | 'at' | 'entry' | 'features'> & {
  features?: readonly Feature[]
}

/** @throws RowRejected when the record cannot be put into rows. */
export function rowsOf(source: SourceEntry, rules: FieldRules = NO_RULES): EntryRows {
  const { record } = source
  const at = (record && recordTime(record)) ?? source.entry.receivedAt
  const content = record ? contentOf(source, record, at, rules) : {}
  const { decision, outcome, review, record: other, access } = content
  const count = [decision, outcome, review, other, access].filter(Boolean).length
  return { ...identity(source), at, entry: entryCells(source, at, count, ''), features: [], ...content }
}

/** The rows of an entry whose content the index refused: it is counted, and nothing else is known of it. */
export function rejectedRows(source: SourceEntry, code: string): EntryRows {
  const at = source.entry.receivedAt
  return { ...identity(source), at, entry: entryCells(source, at, 0, code), features: [] }
}

function identity({ index, systemName }: SourceEntry): { index: number; system: string } {
  return { index, system: systemName }
}

function entryCells(
  { index, entry, systemName }: SourceEntry,
  at: number,
  rows: number,
  rejected: string,
): Cell[] {
  const { receivedAt, kind, emitter } = entry
  return [
    index,
    at,
    receivedAt,
    kind,
    systemName,
    emitter?.id ?? '',
    emitter?.epoch ?? 0,
    emitter?.seq ?? 0,
    rows,
    rejected,
  ]
}

function contentOf(source: SourceEntry, whole: CanonicalRecord, at: number, rules: FieldRules): Content {
  try {
    const sealing = sealingOf(source, whole, rules)
    const record = indexable(whole, sealing)
    switch (source.entry.kind) {
      case 'decision':
        return decisionContent(source, record, at, completeness(whole, profileOf(record)), sealing)
      case 'outcome':
        return { outcome: outcomeCells(source, record, at, sealing) }
      case 'review':
        return { review: reviewCells(source, record, at) }
      case 'access':
        return { access: accessCells(source, record, at) }
      default:
        return { record: otherCells(source, record, at) }
    }
  } catch (error) {
    throw new RowRejected('unreadable_record', error)
  }
}

/** Columns every table of records starts with. */
function recordCells({ index, entry, systemName }: SourceEntry, at: number): Cell[] {
  return [index, entry.id, at, entry.receivedAt, systemName]
}

function targetCells({ target }: SourceEntry, record: CanonicalRecord): Cell[] {
  return [target?.index ?? NO_TARGET, target?.id ?? textOf(record['decisionId'])]
}

function decisionContent(
  source: SourceEntry,
  record: CanonicalRecord,
  at: number,
  report: CompletenessReport,
  sealing: Sealing,
): Content {
  const decision = decisionCells(source, record, at, report, sealing)
  const features = featuresOf(record['inputFeatures'])
  const told = ['humanReviewed', 'humanOverride'].some((field) => record[field] === true)
  return told ? { decision, features, review: toldReviewCells(source, record, at) } : { decision, features }
}

/** `report` is of the whole record, by the profile of what is open: that a field is there says nothing of its value. */
function decisionCells(
  source: SourceEntry,
  record: CanonicalRecord,
  at: number,
  report: CompletenessReport,
  sealing: Sealing,
): Cell[] {
  const status = textOf(record['status']) || (sealing.whole('/status') ? '' : 'ok')
  const text = (...fields: string[]) => fields.map((field) => textOf(record[field]))
  const tokens = asObject(record['tokenUsage'])
  return [
    ...recordCells(source, at),
    ...text('decisionId', 'caseId', 'traceId', 'sessionId', 'userId'),
    source.subjects?.[0] ?? '',
    source.subjects ?? [],
    (source.subjects?.length ?? 0) > 1,
    ...text(
      'modelId',
      'modelVersion',
      'modelType',
      'provider',
      'environment',
      'riskTier',
      'consequenceLevel',
    ),
    ...text('decisionCategory'),
    status,
    ...resultCells(record['prediction'], sealing.within('/prediction')),
    ...confidenceCells(record),
    scaledOf(record['latencyMs'], MICROS_PER_MS),
    scaledOf(record['timeToFirstTokenMs'], MICROS_PER_MS),
    scaledOf(record['costUsd'], NANOS_PER_USD),
    scaledOf(tokens['input'], 1),
    scaledOf(tokens['output'], 1),
    record['humanReviewRequired'] === true,
    record['humanReviewed'] === true || record['humanOverride'] === true,
    record['humanOverride'] === true,
    report.profile,
    Math.round(report.score * UNITS_PER_ONE),
    report.missing.join(),
  ]
}

/** The text and whether there was more than the index takes, or may take. */
function resultCells(value: JsonValue | undefined, isSealedWithin = false): [string, boolean] {
  if (value === undefined) return ['', false]
  const text = isSealedWithin ? undefined : resultText(value)
  return [text ?? '', text === undefined]
}

/** Confidence, score, kind: what is no probability never stands among probabilities. */
function confidenceCells(record: CanonicalRecord): Cell[] {
  const value = numericValue(record['confidence']) ?? null
  const kind = textOf(record['confidenceKind'])
  return kind === 'score' || kind === 'logprob' ? [null, value, kind] : [value, null, kind]
}

function featuresOf(value: JsonValue | undefined): Feature[] {
  const features: Feature[] = []
  for (const [name, of] of Object.entries(asObject(value))) {
    const text = name.length <= FEATURE_NAME_LENGTH_MAX ? featureText(of) : undefined
    if (text !== undefined) features.push({ name, text })
  }
  return features
}

function outcomeCells(source: SourceEntry, record: CanonicalRecord, at: number, sealing: Sealing): Cell[] {
  const result = resultCells(record['outcome'], sealing.within('/outcome'))
  return [...recordCells(source, at), ...targetCells(source, record), ...result]
}

const OVERRIDING = new Set(['override', 'reverse', 'disregard', 'not_use'])

function reviewCells(source: SourceEntry, record: CanonicalRecord, at: number): Cell[] {
  const overridden = record['humanOverride'] === true || OVERRIDING.has(textOf(record['verdict']))
  return [
    ...recordCells(source, at),
    ...targetCells(source, record),
    false,
    overridden,
    textOf(record['basis']) || 'observed',
    textOf(record['reviewerId']),
    resultCells(record['humanDecision'])[0],
  ]
}

/** What a decision tells of its own review is somebody's word, not something we saw. */
function toldReviewCells(source: SourceEntry, record: CanonicalRecord, at: number): Cell[] {
  return [
    ...recordCells(source, at),
    source.index,
    source.entry.id,
    true,
    record['humanOverride'] === true,
    'asserted',
    textOf(record['humanReviewerId']),
    resultCells(record['humanDecision'])[0],
  ]
}

function otherCells(source: SourceEntry, record: CanonicalRecord, at: number): Cell[] {
  return [
    ...recordCells(source, at),
    source.entry.kind,
    ...targetCells(source, record),
    textOf(record['modelId']),
    textOf(record['modelVersion']),
    textOf(record['basis']),
  ]
}

/** Anything may be missing: before the server kept these records itself, others could send them. */
function accessCells(source: SourceEntry, record: CanonicalRecord, at: number): Cell[] {
  const actor = asObject(record['actor'])
  return [
    ...recordCells(source, at),
    ...['id', 'name', 'role'].map((member) => textOf(actor[member])),
    ...['action', 'result', 'purpose'].map((member) => textOf(record[member])),
    scaledOf(record['count'], 1),
    scaledOf(record['repeats'], 1),
    textsIn(record['objects']),
  ]
}

function textsIn(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function asObject(value: JsonValue | undefined): { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
