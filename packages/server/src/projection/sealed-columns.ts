// Takes values out of the index that a declaration sealed after they were indexed. The result is what the index would hold had it
// been filled from the start by these rules (indexable.ts).

import type { IndexClient } from './engine/client.ts'
import { MUTATION } from './mutation.ts'
import type { RowChanges } from './row-changes.ts'
import type { RowChange } from './tiers/row-change.ts'
import type { FieldCatalogue, FeaturePlace } from './fields.ts'
import {
  DECISIONS,
  FEATURE_VALUES,
  type Names,
  OUTCOMES,
  readable,
  RECORDS,
  REVIEWS,
  slotColumn,
  type TableShape,
} from './schema.ts'
import type { FieldRules } from './source.ts'
import { profileSealed } from './sealed-profile.ts'
import { escapeToken } from '@deponent/format'

/** What stands in a column in place of a value: by pointer of the field, each column with its empty value. */
type Columns = Readonly<Record<string, Readonly<Record<string, string>>>>

const texts = (...names: string[]): Columns =>
  Object.fromEntries(names.map((name) => [`/${name}`, { [name]: "''" }]))
const amounts = (columns: Readonly<Record<string, readonly string[]>>): Columns =>
  Object.fromEntries(
    Object.entries(columns).map(([field, names]) => [
      `/${field}`,
      Object.fromEntries(names.map((name) => [name, 'NULL'])),
    ]),
  )

/** Ids that are there only while the decision itself is unknown. */
const TARGET: Columns = { '/decisionId': { targetId: "if(targetIndex < 0, '', targetId)" } }

const isStructure = (column: string): string => `(startsWith(${column}, '{') OR startsWith(${column}, '['))`

/** A result that is a structure is there, and is no more than that; one of a longer text is so already. */
const result = (column: string, sealed: string): Readonly<Record<string, string>> => ({
  [sealed]: `toBool(${isStructure(column)} OR ${sealed})`,
  [column]: `if(${isStructure(column)}, '', ${column})`,
})

/** What stands in a column in place of a structure in which something is sealed. */
const WITHIN: ReadonlyMap<TableShape, Columns> = new Map<TableShape, Columns>([
  [
    DECISIONS,
    {
      '/prediction': result('prediction', 'predictionSealed'),
      '/tokenUsage': { inputTokens: 'NULL', outputTokens: 'NULL' },
    },
  ],
  [OUTCOMES, { '/outcome': result('outcome', 'outcomeSealed') }],
  [
    REVIEWS,
    { '/humanDecision': { humanDecision: `if(${isStructure('humanDecision')}, '', humanDecision)` } },
  ],
])

const SEALABLE: readonly [TableShape, Columns][] = [
  [
    DECISIONS,
    {
      ...texts(
        'decisionId',
        'caseId',
        'traceId',
        'sessionId',
        'userId',
        'modelId',
        'modelVersion',
        'modelType',
        'provider',
      ),
      ...texts('environment', 'riskTier', 'consequenceLevel', 'decisionCategory', 'status', 'confidenceKind'),
      '/prediction': { prediction: "''", predictionSealed: 'false' },
      ...amounts({
        confidence: ['confidence', 'score'],
        latencyMs: ['latencyUs'],
        timeToFirstTokenMs: ['firstTokenUs'],
        costUsd: ['costNanoUsd'],
        tokenUsage: ['inputTokens', 'outputTokens'],
      }),
    },
  ],
  [OUTCOMES, { '/outcome': { outcome: "''", outcomeSealed: 'false' }, ...TARGET }],
  [
    REVIEWS,
    {
      '/reviewerId': { reviewer: "if(inDecision, reviewer, '')" },
      '/humanReviewerId': { reviewer: "if(inDecision, '', reviewer)" },
      '/humanDecision': { humanDecision: "''" },
      ...TARGET,
    },
  ],
  [RECORDS, { ...texts('modelId', 'modelVersion'), ...TARGET }],
]

/** A column and what it becomes in rows below an index. */
interface Emptied {
  readonly column: string
  readonly empty: string
  readonly below: number
}

/** Where values lie, and what changes rows. */
export interface Index {
  readonly client: IndexClient
  readonly names: Names
  readonly changes: RowChanges
}

/** Removes, from every table, the values that the rules keep out of it. Resolves when they are in no active part. */
export async function removeSealed(
  { client, names, changes }: Index,
  rules: FieldRules,
  catalogue: FieldCatalogue,
): Promise<void> {
  const all: RowChange[] = []
  for (const [table, columns] of SEALABLE) {
    for (const system of await systemsIn(client, readable(names, table))) {
      if (!rules.touches(system)) continue
      const emptied = [
        // What is sealed as a whole is not even said to be there: the later of these decides.
        ...columnsSealed(WITHIN.get(table) ?? {}, (pointer) => rules.sealedWithinUntil(system, pointer)),
        ...columnsSealed(columns, (pointer) => rules.sealedUntil(system, pointer)),
        ...(table === DECISIONS
          ? [...profilesSealed(rules, system), ...featuresSealed(catalogue, rules, system)]
          : []),
      ]
      all.push(...emptying(table, system, emptied))
    }
  }
  // All at once: what lies in archives is unpacked once.
  await changes.apply(all)
  await removeDigests(client, `${names.tables}.${FEATURE_VALUES.name}`, rules, catalogue)
}

async function systemsIn(client: IndexClient, table: string): Promise<string[]> {
  const rows = await client.select<{ system: string }>(`SELECT DISTINCT system FROM ${table}`)
  return rows.map(({ system }) => system)
}

function columnsSealed(columns: Columns, until: (pointer: string) => number): Emptied[] {
  return Object.entries(columns).flatMap(([pointer, emptied]) => {
    const below = until(pointer)
    if (below <= 0) return []
    return Object.entries(emptied).map(([column, value]) => ({ column, empty: value, below }))
  })
}

function profilesSealed(rules: FieldRules, system: string): Emptied[] {
  const tier = rules.sealedUntil(system, '/riskTier')
  const consequence = rules.sealedUntil(system, '/consequenceLevel')
  const below = Math.max(tier, consequence)
  if (below <= 0) return []
  const columns = profileSealed(bound(tier), bound(consequence))
  return Object.entries(columns).map(([column, empty]) => ({ column, empty, below }))
}

const featurePointer = (name: string): string => `/inputFeatures/${escapeToken(name)}`

function featuresSealed(catalogue: FieldCatalogue, rules: FieldRules, system: string): Emptied[] {
  const sealed = catalogue
    .fieldsOf(system)
    .map(({ name }) => ({
      place: catalogue.placeOf(name),
      name,
      below: rules.sealedUntil(system, featurePointer(name)),
    }))
    .filter(({ below }) => below > 0)
  const columns = sealed.flatMap(({ place, below }) =>
    place === 'map' ? [] : [{ column: slotColumn(place).name, empty: "''", below }],
  )
  return [...columns, ...mapSealed(sealed)]
}

function mapSealed(sealed: readonly { place: FeaturePlace; name: string; below: number }[]): Emptied[] {
  const kept = sealed
    .filter(({ place }) => place === 'map')
    .map(({ name, below }) => `(index >= ${bound(below)} OR name != ${quoted(name)})`)
  if (kept.length === 0) return []
  const empty = `mapFilter((name, value) -> ${kept.join(' AND ')}, moreFeatures)`
  return [{ column: 'moreFeatures', empty, below: Number.MAX_SAFE_INTEGER }]
}

/** Several rules may be about one column: each is applied to what the one before left. */
function assignments(emptied: readonly Emptied[]): Map<string, string> {
  const values = new Map<string, string>()
  for (const { column, empty: value, below } of emptied) {
    const before = values.get(column) ?? column
    const now = value.replaceAll(new RegExp(String.raw`\b${column}\b`, 'g'), before)
    values.set(column, `if(index < ${bound(below)}, ${now}, ${before})`)
  }
  return values
}

function emptying(table: TableShape, system: string, emptied: readonly Emptied[]): RowChange[] {
  if (emptied.length === 0) return []
  const set = assignments(emptied)
  const text = (of: string): string => `ifNull(toString(${of}), 'none')`
  const differs = [...set].map(([column, value]) => `${text(column)} != ${text(value)}`)
  const where = `system = {p0:String} AND (${differs.join(' OR ')})`
  return [{ table, where, params: { p0: system }, set }]
}

/** The digests that values were counted by go with the values. */
async function removeDigests(
  client: IndexClient,
  table: string,
  rules: FieldRules,
  catalogue: FieldCatalogue,
): Promise<void> {
  for (const system of await systemsIn(client, table)) {
    if (!rules.touches(system)) continue
    for (const { name } of catalogue.fieldsOf(system)) {
      const below = rules.sealedUntil(system, featurePointer(name))
      if (below <= 0) continue
      const params = { p0: system, p1: name }
      const where = `system = {p0:String} AND name = {p1:String} AND index < ${bound(below)}`
      await client.command(`ALTER TABLE ${table} DELETE WHERE ${where}`, { params, settings: MUTATION })
    }
  }
}

function bound(index: number): string {
  return String(Math.min(index, Number.MAX_SAFE_INTEGER))
}

/** A text as a literal of the engine's language. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
