import type { Restriction } from '../restriction.ts'
import type { SealedField } from '../source.ts'
import { DECISIONS, OUTCOMES, readable, REVIEWS, slotColumn } from '../schema.ts'
import { MICROS_PER_MS, textsMeaning } from '../values.ts'
import { QueryError } from './error.ts'
import type { Ground } from './ground.ts'
import { readFlag, readNumber, readTime, type Substitutions } from './parameters.ts'
import { isWithheld, refuseWithheld } from './withheld.ts'
import { aboutAny, allOf, decisionsWithin, inBoxes, type Within } from './within.ts'

/** Pseudonyms a subject id or handle may stand for; empty when it stands for nobody. */
export type SubjectResolver = (text: string) => readonly string[]

/** What a question over decisions is built with. */
export interface Building {
  readonly ground: Ground
  readonly size: number
  readonly substitutions: Substitutions
  readonly resolveSubject: SubjectResolver
  readonly restriction: Restriction
}

/** Conditions over `decisions AS d`. */
export interface Filter {
  /** Where these decisions are read, as `d`. */
  readonly from: string
  readonly where: string
  /** Features asked about; where their values are sealed the answer leaves those decisions out. */
  readonly features: readonly string[]
}

const FEATURE_PREFIX = 'feature.'

/** Parameters compared with the text of a column of the same name. */
const TEXT_FILTERS = [
  'decisionId',
  'caseId',
  'traceId',
  'sessionId',
  'userId',
  'system',
  'modelId',
  'modelVersion',
  'modelType',
  'provider',
  'environment',
  'riskTier',
  'consequenceLevel',
  'decisionCategory',
  'status',
] as const

type Condition = (text: string, building: Building) => string

const OTHER_FILTERS: Readonly<Record<string, Condition>> = {
  subject: (text, { substitutions, resolveSubject }) =>
    aboutAny('d.', substitutions.add('Array(String)', resolveSubject(text))),
  from: (text, { substitutions }) => `d.at >= ${momentOf('from', text, substitutions)}`,
  to: (text, { substitutions }) => `d.at < ${momentOf('to', text, substitutions)}`,
  minConfidence: (text, { substitutions }) =>
    `d.confidence >= ${substitutions.add('Float64', readNumber('minConfidence', text, 0, 1))}`,
  maxConfidence: (text, { substitutions }) =>
    `d.confidence <= ${substitutions.add('Float64', readNumber('maxConfidence', text, 0, 1))}`,
  minLatencyMs: (text, { substitutions }) =>
    `d.latencyUs >= ${substitutions.add('Float64', readNumber('minLatencyMs', text, 0) * MICROS_PER_MS)}`,
  maxLatencyMs: (text, { substitutions }) =>
    `d.latencyUs <= ${substitutions.add('Float64', readNumber('maxLatencyMs', text, 0) * MICROS_PER_MS)}`,
  overridden: (text, building) => flagCondition(readFlag('overridden', text), overriddenExpression(building)),
  reviewed: (text, building) => flagCondition(readFlag('reviewed', text), reviewedExpression(building)),
  prediction: (text, { substitutions }) =>
    `d.prediction IN ${substitutions.add('Array(String)', textsMeaning(text))}`,
  outcome: (text, building) =>
    `toInt64(d.index) IN (SELECT targetIndex FROM (${latestOutcomes(building)})
      WHERE outcome IN ${building.substitutions.add('Array(String)', textsMeaning(text))})`,
  q: searchCondition,
}

/** Names a filter may have, apart from `feature.NAME`. */
export const FILTER_NAMES: readonly string[] = [...TEXT_FILTERS, ...Object.keys(OTHER_FILTERS)]

/**
 * Builds the conditions of a question; parameters named in `others` belong to the question itself.
 *
 * @throws QueryError for a parameter nobody knows, that cannot be read, or that names what is withheld
 */
export function readFilter(
  parameters: ReadonlyMap<string, string>,
  others: readonly string[],
  building: Building,
): Filter {
  const conditions = [`d.index < ${building.size}`, ...decisionsWithin(withinOf(building), 'd.')]
  const features: string[] = []
  for (const [name, text] of parameters) {
    if (others.includes(name)) continue
    refuseWithheld(building.restriction, name)
    if (name.startsWith(FEATURE_PREFIX)) {
      const field = name.slice(FEATURE_PREFIX.length)
      conditions.push(featureCondition(field, text, building))
      features.push(field)
    } else conditions.push(conditionOf(name, text, building))
  }
  return { from: decisionsSince(timeFrom(parameters), building.ground), where: allOf(conditions), features }
}

function conditionOf(name: string, text: string, building: Building): string {
  const known = TEXT_FILTERS.find((filter) => filter === name)
  if (known) return `d.${known} = ${building.substitutions.add('String', text)}`
  const other = Object.hasOwn(OTHER_FILTERS, name) ? OTHER_FILTERS[name] : undefined
  if (other) return other(text, building)
  throw new QueryError(
    'unknown_parameter',
    name.slice(0, 64),
    `one of ${FILTER_NAMES.join(', ')}, feature.NAME`,
    'another name',
  )
}

export function momentOf(field: string, text: string, substitutions: Substitutions): string {
  return `fromUnixTimestamp64Milli(${substitutions.add('Int64', readTime(field, text))}, 'UTC')`
}

function flagCondition(wanted: boolean, expression: string): string {
  return wanted ? expression : `NOT ${expression}`
}

/**
 * Where the values of a feature are read: its column, or the map of the others. Those of systems in which it is sealed are left out,
 * whether or not they have left the index by now.
 */
export function featureExpression(
  field: string,
  { ground, substitutions }: Pick<Building, 'ground' | 'substitutions'>,
): string {
  const catalogue = ground.catalogue()
  const place = catalogue.placeOf(field)
  const value =
    place === 'map' ? `d.moreFeatures[${substitutions.add('String', field)}]` : `d.${slotColumn(place).name}`
  const systems = catalogue.sealedIn(field)
  if (systems.length === 0) return value
  return `if(d.system IN ${substitutions.add('Array(String)', systems)}, '', ${value})`
}

function featureCondition(field: string, text: string, building: Building): string {
  if (field === '')
    throw new QueryError('bad_parameter', 'feature.', 'the name of a feature after the dot', 'nothing')
  return `${featureExpression(field, building)} IN ${building.substitutions.add('Array(String)', textsMeaning(text))}`
}

/** Where features are sealed among the systems the question is about; once for each, in the order asked. */
export function sealedFields(
  features: readonly string[],
  parameters: ReadonlyMap<string, string>,
  ground: Ground,
): SealedField[] {
  const only = parameters.get('system')
  return features.flatMap((field) => {
    const systems = ground.catalogue().sealedIn(field)
    return systems
      .filter((system) => only === undefined || system === only)
      .map((system) => ({ system, field }))
  })
}

/** The restriction over the tables of the question. */
export function withinOf({ ground, restriction, substitutions }: Tables): Within {
  return { names: ground.names, restriction, values: substitutions }
}

type Tables = Pick<Building, 'ground' | 'size' | 'substitutions' | 'restriction'>

/** Whether anybody reviewed the decision: by its own word, or by a record that came later. */
export function reviewedExpression(building: Tables): string {
  return `(d.reviewed OR ${reviewedIn(building, '')})`
}

export function overriddenExpression(building: Tables): string {
  return `(d.overridden OR ${reviewedIn(building, 'AND overridden')})`
}

function reviewedIn(building: Tables, further: string): string {
  const { ground, size } = building
  const where = allOf(['NOT inDecision', `targetIndex >= 0 AND index < ${size}`, ...aboutDecisions(building)])
  return `toInt64(d.index) IN (SELECT targetIndex FROM ${readable(ground.names, REVIEWS)}
    WHERE ${where} ${further})`
}

/** Conditions over records about decisions; whom they are about is asked of the decision itself. */
function aboutDecisions(building: Tables): string[] {
  return inBoxes(withinOf(building), '')
}

/** The latest outcome of each decision: by its own time, and of two at the same time the one recorded later. */
export function latestOutcomes(building: Tables): string {
  const { ground, size } = building
  const where = allOf([`targetIndex >= 0 AND index < ${size}`, ...aboutDecisions(building)])
  return `SELECT targetIndex, if(outcomeSealed, '${SEALED_TEXT}', outcome) AS outcome
    FROM ${readable(ground.names, OUTCOMES)} WHERE ${where}
    ORDER BY targetIndex, at DESC, index DESC LIMIT 1 BY targetIndex`
}

/** What stands for a value that is too long for the index. */
export const SEALED_TEXT = '{"sealed":true}'

/** Free text looks into names and short values; it is a scan, bounded by the time a question may take. */
function searchCondition(text: string, { substitutions, restriction }: Building): string {
  const needle = substitutions.add('String', text)
  const columns = [
    'decisionId',
    'caseId',
    'userId',
    'system',
    'modelId',
    'modelVersion',
    'decisionCategory',
    'prediction',
  ].filter((column) => !isWithheld(restriction, column))
  if (columns.length === 0) return '0'
  return `(${columns.map((column) => `positionCaseInsensitiveUTF8(d.${column}, ${needle}) > 0`).join(' OR ')})`
}

/** Decisions as `d`, wherever their rows lie. */
export function decisionsTable({ names }: Ground): string {
  return `${readable(names, DECISIONS)} AS d`
}

/** Decisions as `d` of which none is from before `from`: files are left alone where all of them are. Unix milliseconds. */
export function decisionsSince(from: number, ground: Ground): string {
  const isPast = ground.files().every(({ to }) => to <= from)
  return isPast ? `${ground.names.tables}.${DECISIONS.name} AS d` : decisionsTable(ground)
}

function timeFrom(parameters: ReadonlyMap<string, string>): number {
  const text = parameters.get('from')
  return text === undefined ? -Infinity : readTime('from', text)
}
