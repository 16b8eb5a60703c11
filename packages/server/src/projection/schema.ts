/**
 * The tables of the index. They are derived and disposable: when their shape changes, SCHEMA_VERSION does, and they are
 * dropped and filled again from the ledger.
 *
 * `entries` mirrors the ledger, one narrow row for each entry of any kind, so that a missing block is seen by counting.
 * The other tables hold what is queryable of a record's content, at most one kind of question each. Content that is
 * sealed only (messages, input, reasoning, metadata, explanations) has no column anywhere.
 *
 * Two databases: NAME_index holds the tables, NAME the views that `POST /v1/sql` may read.
 */

export const SCHEMA_VERSION = 8

/** Feature columns a table has at most; features named after that many others share one map column. */
export const FEATURE_SLOTS_MAX = 256

export interface Column {
  readonly name: string
  readonly type: string
  readonly codec?: string
}

export interface TableShape {
  readonly name: string
  /** Rows of a granule, where the engine's 8,192 are not right. */
  readonly granularity?: number
  readonly columns: readonly Column[]
  readonly orderBy: string
  /** Partitioned by the month of `at`. */
  readonly monthly: boolean
  readonly indexes?: readonly string[]
}

const TIME = "DateTime64(3, 'UTC')"
const NAME = 'LowCardinality(String)'

const index: Column = { name: 'index', type: 'UInt64', codec: 'Delta, ZSTD(1)' }
const receivedAt: Column = { name: 'receivedAt', type: TIME, codec: 'Delta, ZSTD(1)' }
const system: Column = { name: 'system', type: NAME }

/** What every table of records starts with. */
const RECORD: readonly Column[] = [
  index,
  { name: 'id', type: 'UUID' },
  { name: 'at', type: TIME, codec: 'Delta, ZSTD(1)' },
  receivedAt,
  system,
]

/** Records about a decision: `targetIndex` is −1 while the decision is unknown. */
const TARGET: readonly Column[] = [
  { name: 'targetIndex', type: 'Int64', codec: 'Delta, ZSTD(1)' },
  { name: 'targetId', type: 'String' },
]

const name = (...names: string[]): Column[] => names.map((name) => ({ name, type: NAME }))
const text = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'String' }))
const flag = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'Bool' }))
const amount = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'Nullable(Int64)' }))

/** One false alarm in about fifty granules of 8,192 rows, for 8 bits a distinct value. */
const bloom = (column: string) => `INDEX by_${column} ${column} TYPE bloom_filter(0.02) GRANULARITY 1`
const byIndex = 'INDEX by_index index TYPE minmax GRANULARITY 1'

export const ENTRIES: TableShape = {
  name: 'entries',
  columns: [
    index,
    { name: 'at', type: TIME, codec: 'Delta, ZSTD(1)' },
    receivedAt,
    ...name('kind', 'system', 'emitter'),
    { name: 'epoch', type: 'UInt64' },
    { name: 'seq', type: 'UInt64', codec: 'Delta, ZSTD(1)' },
    /** Rows this entry has in the other tables. */
    { name: 'rows', type: 'UInt8' },
    /** Why a record that could be read is not in the index; '' when it is. */
    ...name('rejected'),
  ],
  orderBy: 'index',
  monthly: false,
}

export const DECISIONS: TableShape = {
  name: 'decisions',
  columns: [
    ...RECORD,
    ...text('decisionId', 'caseId', 'traceId', 'sessionId', 'userId', 'subject'),
    /** Everybody the decision is about; `subject` is the first of them. */
    { name: 'subjects', type: 'Array(String)' },
    /** There are more than `subject`: where there are not, files are passed over by what is known of that column. */
    ...flag('severalSubjects'),
    ...name(
      'modelId',
      'modelVersion',
      'modelType',
      'provider',
      'environment',
      'riskTier',
      'consequenceLevel',
    ),
    ...name('decisionCategory', 'status'),
    /** RFC 8785 text, '' for none. */
    ...name('prediction'),
    /** There is a prediction, too long for the index. */
    ...flag('predictionSealed'),
    /** 0..1; scores and log-probabilities are no probabilities and live apart. */
    { name: 'confidence', type: 'Nullable(Float64)' },
    { name: 'score', type: 'Nullable(Float64)' },
    ...name('confidenceKind'),
    /** Microseconds, nano-dollars and tokens: integers, so that a sum does not depend on the order of its terms. */
    ...amount('latencyUs', 'firstTokenUs', 'costNanoUsd', 'inputTokens', 'outputTokens'),
    /** What the decision says of itself; reviews that came later are in `reviews`. */
    ...flag('reviewRequired', 'reviewed', 'overridden'),
    ...name('profile'),
    /** Completeness in 1e-4 units. */
    { name: 'completeness', type: 'UInt16' },
    /** Names of missing fields between commas: few combinations, which group faster as one text than as a list. */
    ...name('missing'),
    /** Features beyond FEATURE_SLOTS_MAX, by name; the others have a column each, added when first seen. */
    { name: 'moreFeatures', type: `Map(${NAME}, ${NAME})` },
  ],
  orderBy: '(at, index)',
  monthly: true,
  indexes: [
    byIndex,
    ...['id', 'decisionId', 'caseId', 'traceId', 'sessionId', 'userId', 'subjects'].map(bloom),
  ],
}

export const OUTCOMES: TableShape = {
  name: 'outcomes',
  columns: [...RECORD, ...TARGET, ...name('outcome'), ...flag('outcomeSealed')],
  orderBy: '(targetIndex, at, index)',
  monthly: true,
  indexes: [byIndex, bloom('id'), bloom('targetId')],
}

export const REVIEWS: TableShape = {
  name: 'reviews',
  columns: [
    ...RECORD,
    ...TARGET,
    /** Told inside the decision itself, not by a record of its own. */
    ...flag('inDecision', 'overridden'),
    ...name('basis', 'reviewer', 'humanDecision'),
  ],
  orderBy: '(targetIndex, at, index)',
  monthly: true,
  indexes: [byIndex, bloom('id'), bloom('targetId')],
}

/** Every other kind: what happened, to which model or decision. */
export const RECORDS: TableShape = {
  name: 'records',
  columns: [...RECORD, ...name('kind'), ...TARGET, ...name('modelId', 'modelVersion', 'basis')],
  orderBy: '(kind, at, index)',
  monthly: true,
  indexes: [byIndex, bloom('id'), bloom('targetId')],
}

/** Who looked at what. No view shows it: it is asked by its own question alone. */
export const ACCESSES: TableShape = {
  name: 'accesses',
  columns: [
    ...RECORD,
    ...name('identity', 'name', 'role', 'action', 'result'),
    ...text('purpose'),
    ...amount('count', 'repeats'),
    /** Entry ids of what was looked at. */
    { name: 'objects', type: 'Array(String)' },
  ],
  orderBy: '(at, index)',
  monthly: true,
  // A look may be at a thousand decisions: of fewer rows a filter is smaller and rules out more.
  granularity: 1_024,
  indexes: [byIndex, bloom('id'), bloom('objects')],
}

/** Distinct values of each feature, as short digests: what the limit before sealing is counted on. */
export const FEATURE_VALUES: TableShape = {
  name: 'featureValues',
  columns: [index, system, { name: 'name', type: 'String' }, { name: 'digest', type: 'UInt64' }],
  orderBy: '(system, name, digest)',
  monthly: false,
}

/** What is kept of each record whose month is archived: whom it is about, or which decision. */
export const ARCHIVED_LINKS: TableShape = {
  name: 'archivedLinks',
  columns: [
    index,
    { name: 'id', type: 'UUID' },
    { name: 'at', type: TIME, codec: 'Delta, ZSTD(1)' },
    { name: 'targetIndex', type: 'Int64', codec: 'Delta, ZSTD(1)' },
    { name: 'subjects', type: 'Array(String)' },
  ],
  orderBy: 'index',
  monthly: true,
}

/** Distinct values of each feature in each month that is archived, as in FEATURE_VALUES. */
export const ARCHIVED_VALUES: TableShape = {
  name: 'archivedValues',
  columns: [
    index,
    { name: 'at', type: TIME, codec: 'Delta, ZSTD(1)' },
    system,
    { name: 'name', type: 'String' },
    { name: 'digest', type: 'UInt64' },
  ],
  orderBy: '(system, name, digest)',
  monthly: true,
}

/** Tables of what records say. */
export const CONTENT_TABLES: readonly TableShape[] = [DECISIONS, OUTCOMES, REVIEWS, RECORDS, ACCESSES]
/** Tables whose rows belong to one entry each. */
export const ENTRY_TABLES: readonly TableShape[] = [...CONTENT_TABLES, ENTRIES]
export const ALL_TABLES: readonly TableShape[] = [FEATURE_VALUES, ...ENTRY_TABLES]

/** The first and the last moment with a monthly partition of its own; any other goes to partition 0. */
export const MONTHS_FROM_MS = Date.UTC(2000, 0, 1)
export const MONTHS_TO_MS = Date.UTC(2100, 0, 1)

/** The partition a moment belongs to, as the tables compute it: yyyymm, or 0 outside 2000..2099. */
export function partitionOf(atMs: number): number {
  if (atMs < MONTHS_FROM_MS || atMs >= MONTHS_TO_MS) return 0
  const date = new Date(atMs)
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1
}

const PARTITION =
  "if(at >= toDateTime64('2000-01-01 00:00:00', 3, 'UTC') AND at < toDateTime64('2100-01-01 00:00:00', 3, 'UTC'), toYYYYMM(at), 0)"

/**
 * Inserts and merges are synced before they are acknowledged, or a merge could lose after a power cut what an insert had
 * made durable. Replaced parts leave the disk within seconds, so that removed values really go.
 */
const STORAGE = [
  'fsync_after_insert = 1',
  'fsync_part_directory = 1',
  'min_rows_to_fsync_after_merge = 1',
  'old_parts_lifetime = 1',
  'cleanup_delay_period = 1',
  'cleanup_delay_period_random_add = 0',
  'merge_tree_clear_old_parts_interval_seconds = 1',
  'non_replicated_deduplication_window = 0',
].join(', ')

function columnText({ name, type, codec = 'ZSTD(1)' }: Column): string {
  return `\`${name}\` ${type} CODEC(${codec})`
}

/** The column that feature slot `slot` has in `decisions`. */
export function slotColumn(slot: number): Column {
  return { name: `f${slot}`, type: NAME }
}

/** The slot of a column name, or undefined when it is none of ours. */
export function slotOfColumn(name: string): number | undefined {
  const match = /^f(\d{1,4})$/.exec(name)
  return match ? Number(match[1]) : undefined
}

/**
 * Tables whose rows move to files when their month is over. Not `entries`, by which blocks are counted; not `accesses`, which nobody but
 * their own question reads, while Parquet is for everybody who may read the store.
 */
export const TIERED_TABLES: readonly TableShape[] = [DECISIONS, OUTCOMES, REVIEWS, RECORDS]
const TIERED_NAMES = new Set(TIERED_TABLES.map(({ name }) => name))

/** Names of the tables and views of one index. */
export interface Names {
  readonly tables: string
  readonly views: string
  /** Whether rows of months that are over may lie in files (tiers/). */
  readonly isTiered?: boolean
}

/** What questions read of a table, as `database.name`: its rows, wherever they lie. */
export function readable(names: Names, { name }: TableShape): string {
  const isTiered = names.isTiered === true && TIERED_NAMES.has(name)
  return `${names.tables}.${name}${isTiered ? '_everywhere' : ''}`
}

/** @throws Error for a name that is not lower-case letters, digits and underscores. */
export function namesOf(database: string): Names {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(database))
    throw new Error('an index database is named by lower-case letters, digits and _')
  return { tables: `${database}_index`, views: database }
}

/** Makes a table that is missing. */
export function createTable(names: Names, table: TableShape): string {
  const parts = [...table.columns.map(columnText), ...(table.indexes ?? [])]
  const partition = table.monthly ? `PARTITION BY ${PARTITION}` : ''
  return `CREATE TABLE IF NOT EXISTS ${names.tables}.${table.name} (${parts.join(', ')})
    ENGINE = MergeTree ${partition} ORDER BY ${table.orderBy} SETTINGS index_granularity = ${table.granularity ?? 8_192}, ${STORAGE}`
}

/** Statements that create every database and table that is missing. */
export function createStatements(names: Names): string[] {
  return [
    `CREATE DATABASE IF NOT EXISTS ${names.tables}`,
    `CREATE DATABASE IF NOT EXISTS ${names.views}`,
    `CREATE TABLE IF NOT EXISTS ${names.tables}.meta (version UInt32, id UUID) ENGINE = MergeTree ORDER BY version`,
    ...ALL_TABLES.map((table) => createTable(names, table)),
  ]
}

/** Statements that remove the whole index. */
export function dropStatements(names: Names): string[] {
  return [`DROP DATABASE IF EXISTS ${names.views} SYNC`, `DROP DATABASE IF EXISTS ${names.tables} SYNC`]
}

/**
 * Adds the columns of features. A column's comment says whose values it holds, so that column and meaning are one:
 * base64url of the name, because a name may be any text.
 */
export function addSlotsStatement(names: Names, features: readonly { name: string; slot: number }[]): string {
  const clauses = features.map(({ name: feature, slot }) => {
    const { name, type } = slotColumn(slot)
    const comment = Buffer.from(feature).toString('base64url')
    return `ADD COLUMN IF NOT EXISTS ${name} ${type} COMMENT '${comment}' CODEC(ZSTD(1))`
  })
  return `ALTER TABLE ${names.tables}.${DECISIONS.name} ${clauses.join(', ')}`
}

/** Removes the columns of features that nobody has any more, their names with them. */
export function dropSlotsStatement(names: Names, slots: readonly number[]): string {
  const clauses = slots.map((slot) => `DROP COLUMN IF EXISTS ${slotColumn(slot).name}`)
  return `ALTER TABLE ${names.tables}.${DECISIONS.name} ${clauses.join(', ')}`
}

export function featureOfComment(comment: string): string {
  return Buffer.from(comment, 'base64url').toString('utf8')
}
