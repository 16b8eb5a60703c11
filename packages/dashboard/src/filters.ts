/**
 * The filters of the decisions list. They live in the URL under the names the API gives them, so a link restores
 * the view; what a reader types and what the chips show is made from the same names here.
 */

/** One thing decisions can be filtered by. */
export interface FilterField {
  readonly name: string
  readonly hint: string
  /** What it may be compared with, where that is a closed list. */
  readonly choices?: readonly string[]
}

const YES_NO = ['true', 'false']

export const FILTER_FIELDS: readonly FilterField[] = [
  { name: 'system', hint: 'the system that decided' },
  { name: 'modelId', hint: 'the model' },
  { name: 'modelVersion', hint: 'its version' },
  { name: 'prediction', hint: 'what was decided, exactly' },
  {
    name: 'status',
    hint: 'how it ended',
    choices: ['ok', 'error', 'refused', 'abstained', 'fallback', 'timeout'],
  },
  { name: 'minConfidence', hint: 'confidence at least, 0 to 1' },
  { name: 'maxConfidence', hint: 'confidence at most, 0 to 1' },
  { name: 'from', hint: 'decided at or after (UTC)' },
  { name: 'to', hint: 'decided before (UTC)' },
  { name: 'riskTier', hint: 'risk tier', choices: ['low', 'medium', 'high', 'critical'] },
  {
    name: 'environment',
    hint: 'where it ran',
    choices: ['production', 'staging', 'development', 'shadow'],
  },
  { name: 'overridden', hint: 'a human decided otherwise', choices: YES_NO },
  { name: 'reviewed', hint: 'a human reviewed it', choices: YES_NO },
  { name: 'subject', hint: 'the person affected; looked up, never put in the address' },
  { name: 'caseId', hint: 'the case it belongs to' },
  { name: 'traceId', hint: 'the trace it belongs to' },
  { name: 'sessionId', hint: 'the session it belongs to' },
]

const FEATURE = 'feature.'
const NAMES = new Set(FILTER_FIELDS.map(({ name }) => name))
/** Decisions of a person are asked for by an opaque handle, which is what the address may show. */
const SUBJECT_HANDLE = /^[0-9a-f]{32,64}$/

export type Filters = Readonly<Record<string, string>>

/** Whether a name of the URL is a filter. */
export function isFilter(name: string): boolean {
  return NAMES.has(name) || (name.startsWith(FEATURE) && name.length > FEATURE.length)
}

/** Whether a text is a handle rather than the id of a person. */
export function isSubjectHandle(text: string): boolean {
  return SUBJECT_HANDLE.test(text)
}

export type ReadFilter = { readonly name: string; readonly value: string } | { readonly problem: string }

const BOUND = /^confidence\s*(<=|>=|<|>)\s*(.+)$/
const PAIR = /^([A-Za-z][\w.-]*)\s*[=:]\s*(.+)$/

/** Reads what was typed: `modelId=credit-risk`, `confidence<0.6`, `feature.race=Other`, `overridden`. */
export function readFilter(text: string): ReadFilter {
  const typed = text.trim()
  const [, operator, bound] = BOUND.exec(typed) ?? []
  if (operator !== undefined && bound !== undefined) {
    return checked(operator.startsWith('<') ? 'maxConfidence' : 'minConfidence', bound.trim())
  }
  if (typed === 'overridden' || typed === 'reviewed') return { name: typed, value: 'true' }
  const [, name, value] = PAIR.exec(typed) ?? []
  if (name === undefined || value === undefined) return { problem: 'Write a filter as name=value.' }
  return checked(name, value.trim())
}

function checked(name: string, value: string): ReadFilter {
  if (!isFilter(name))
    return { problem: `There is no filter “${name}”. Features are written feature.NAME=value.` }
  if (name === 'minConfidence' || name === 'maxConfidence') return checkedBound(name, value)
  if (name === 'from' || name === 'to') return checkedTime(name, value)
  const choices = FILTER_FIELDS.find((field) => field.name === name)?.choices
  if (choices !== undefined && !choices.includes(value)) {
    return { problem: `${name} is one of ${choices.join(', ')}.` }
  }
  return { name, value }
}

function checkedBound(name: string, value: string): ReadFilter {
  const bound = Number(value)
  return Number.isFinite(bound) ? { name, value: String(bound) } : { problem: 'Confidence is a number.' }
}

/** A day, or a time without a zone, is meant in UTC. */
function checkedTime(name: string, value: string): ReadFilter {
  const zoned = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(value)
    ? `${value.replace(' ', 'T')}Z`
    : value
  const time = new Date(zoned)
  if (Number.isNaN(time.getTime()))
    return { problem: 'Write a time as 2026-11-01 or 2026-11-01 14:30 (UTC).' }
  return { name, value: /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : time.toISOString() }
}

/** How a filter reads on its chip. */
export function filterText(name: string, value: string): string {
  if (name === 'minConfidence') return `confidence ≥ ${value}`
  if (name === 'maxConfidence') return `confidence ≤ ${value}`
  if (name === 'from') return `from ${timeText(value)}`
  if (name === 'to') return `before ${timeText(value)}`
  if (name === 'subject') return `subject ${value.slice(0, 8)}…`
  if (value === 'true') return name
  return `${name} = ${value}`
}

function timeText(value: string): string {
  return value.replace('T', ' ').replace(/(:00)?(\.000)?Z$/, '')
}

/** The query the API is asked with. A day stands for its first moment. */
export function filterQuery(filters: Filters): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) {
    const isDay = (name === 'from' || name === 'to') && /^\d{4}-\d{2}-\d{2}$/.test(value)
    query.set(name, isDay ? `${value}T00:00:00.000Z` : value)
  }
  return query
}
