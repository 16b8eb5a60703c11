/** Everything the ledger holds that a replay of one decision needs, and what is missing for it. */
import { canonicalJson, escapeToken, isObject, type JsonObject, type JsonValue } from '@deponent/format'
import { INPUT_FIELDS, MODEL_FIELDS, OUTPUT_FIELDS, PARAMETER_FIELDS } from './fields.ts'
import { alteredIn, coveredIn, coverOf, type Missing } from './missing.ts'
import type { RecordedDecision } from './recorded-decision.ts'

export const PACKAGE_FORMAT = 'deponent replay package 1'

/** Where a record stands that a package quotes. */
interface Quoted {
  readonly id: string
  readonly index: number
  readonly at: string
}

export interface QuotedEnvironment extends Quoted {
  readonly digest: string
  readonly environment: JsonObject
}

export interface QuotedEvent extends Quoted {
  readonly kind: string
  readonly record: JsonObject
}

export interface ReplayPackage {
  readonly format: typeof PACKAGE_FORMAT
  readonly id: string
  readonly decisionId?: string
  readonly ledger: string
  readonly index: number
  readonly system: string
  readonly at: string
  readonly model: JsonObject
  readonly inputs: JsonObject
  readonly parameters: JsonObject
  /** As it was recorded. A replayed program is never given it. */
  readonly output: JsonObject
  /** In which environment it was decided, where the record refers to one. */
  readonly environment: QuotedEnvironment | null
  /** How the model came to be: the events of this version, oldest first. */
  readonly modelEvents: readonly QuotedEvent[]
  readonly missing: readonly Missing[]
  /** Where what was recorded as the answer stands among the inputs, word for word: giving it again shows less there. */
  readonly answerInInputs: readonly string[]
}

/** What was found about a decision outside its own record; undefined where the reader may not look for it. */
export interface Surroundings {
  readonly environment?: QuotedEnvironment | null | undefined
  readonly modelEvents?: readonly QuotedEvent[] | undefined
}

/** What stands for an output that its sender left out. */
const NOT_CAPTURED = '[not captured]'

/** The digest by which a decision names its environment. */
export function environmentDigestOf(record: JsonObject): string | undefined {
  const inference = record['inference']
  const runtime = isObject(inference) ? inference['runtime'] : undefined
  const digest = isObject(runtime) ? runtime['environment'] : undefined
  return typeof digest === 'string' ? digest : undefined
}

export function replayPackage(decision: RecordedDecision, surroundings: Surroundings): ReplayPackage {
  const { id, ledger, index, system, at, record } = decision
  const { decisionId } = record
  const { inputs, output } = sidesOf(record)
  const { environment, modelEvents } = surroundings
  return {
    format: PACKAGE_FORMAT,
    id,
    ...(typeof decisionId === 'string' && { decisionId }),
    ledger,
    index,
    system,
    at,
    model: given(record, MODEL_FIELDS),
    inputs,
    parameters: given(record, PARAMETER_FIELDS),
    output,
    environment: environment ?? null,
    modelEvents: modelEvents ?? [],
    missing: missingOf(decision, { inputs, output }, surroundings),
    answerInInputs: placesOf(output['prediction'] ?? output['messages'], inputs),
  }
}

/** Whether a replay of it can be compared. */
export function isReplayable({ missing }: ReplayPackage): boolean {
  return missing.every(({ isNeeded }) => !isNeeded)
}

interface Sides {
  readonly inputs: JsonObject
  readonly output: JsonObject
}

/** Messages hold both sides: what the model answered stands at their end, and is never given to a replay. */
function sidesOf(record: JsonObject): Sides {
  const inputs = given(record, INPUT_FIELDS)
  const output = given(record, OUTPUT_FIELDS)
  delete output['messages']
  const { messages } = record
  if (!Array.isArray(messages)) return { inputs, output }
  const asked = messages.findLastIndex((message) => !isAnswer(message)) + 1
  if (asked === messages.length) return { inputs, output }
  if (asked === 0) delete inputs['messages']
  else inputs['messages'] = messages.slice(0, asked)
  // A prediction says what was answered; without one the messages themselves do.
  if (output['prediction'] === undefined) output['messages'] = messages.slice(asked)
  return { inputs, output }
}

function isAnswer(message: JsonValue): boolean {
  return isObject(message) && (message['role'] === 'assistant' || message['role'] === 'model')
}

function given(record: JsonObject, fields: readonly string[]): JsonObject {
  const found: JsonObject = {}
  for (const name of fields) if (record[name] !== undefined) found[name] = record[name]
  return found
}

function missingOf(
  decision: RecordedDecision,
  { inputs, output }: Sides,
  { environment, modelEvents }: Surroundings,
): Missing[] {
  const { record, erasedFields = 0 } = decision
  const needed: Missing[] = [
    ...coveredIn(inputs, ''),
    ...alteredIn(record, INPUT_FIELDS),
    ...(erasedFields > 0 ? [{ path: '', reason: 'erased' as const }] : []),
    ...(Object.keys(inputs).length === 0 ? [{ path: '/input', reason: 'not_recorded' as const }] : []),
    ...missingOutput(output, record),
  ].map((part) => ({ ...part, isNeeded: true }))
  const helpful: Missing[] = [
    ...coveredIn(given(record, [...MODEL_FIELDS, ...PARAMETER_FIELDS]), ''),
    ...coveredIn(withoutAnswer(output), ''),
    ...['modelVersion', 'modelChecksum']
      .filter((name) => record[name] === undefined)
      .map((name) => ({ path: `/${name}`, reason: 'not_recorded' as const })),
    ...(environment ? [] : [missingEnvironment(record, environment)]),
    ...(modelEvents?.length ? [] : [missingEvents(modelEvents)]),
  ].map((part) => ({ ...part, isNeeded: false }))
  return [...needed, ...helpful]
}

/** The answer itself has to be there, whole; the rest of an output is compared as far as it is shown. */
function missingOutput(output: JsonObject, record: JsonObject): Omit<Missing, 'isNeeded'>[] {
  const name = output['prediction'] === undefined ? 'messages' : 'prediction'
  const answer = output[name]
  // An answer may stand at the end of messages that are covered as a whole.
  const cover = answer === undefined ? coverOf(record['messages']) : undefined
  if (cover) return [{ path: '/messages', reason: cover }]
  if (answer === undefined || answer === NOT_CAPTURED)
    return [{ path: '/prediction', reason: 'not_recorded' }]
  return [...coveredIn(answer, `/${name}`), ...alteredIn(record, [name])]
}

function withoutAnswer({ prediction: _prediction, messages: _messages, ...rest }: JsonObject): JsonObject {
  return rest
}

function missingEnvironment(record: JsonObject, environment: null | undefined): Omit<Missing, 'isNeeded'> {
  const path = '/inference/runtime/environment'
  if (environmentDigestOf(record) === undefined) return { path, reason: 'not_recorded' }
  return { path, reason: environment === null ? 'not_found' : 'withheld' }
}

function missingEvents(events: readonly QuotedEvent[] | undefined): Omit<Missing, 'isNeeded'> {
  return { path: '/modelEvents', reason: events ? 'not_found' : 'withheld' }
}

/** Shorter texts, numbers and truth values stand in many places by chance. */
const TELLING_CHARACTERS = 16

/** JSON pointers of a value that stands inside another. */
function placesOf(sought: JsonValue | undefined, inside: JsonValue): string[] {
  const isTelling = typeof sought === 'string' ? sought.length >= TELLING_CHARACTERS : isStructure(sought)
  // What is covered is not known, and looks like everything else that is.
  if (sought === undefined || !isTelling || coveredIn(sought, '').length > 0) return []
  const text = canonicalJson(sought)
  const found: string[] = []
  const look = (value: JsonValue, path: string): void => {
    if (isStructure(value))
      for (const [name, inner] of Object.entries(value)) look(inner, `${path}/${escapeToken(name)}`)
    if (typeof value === typeof sought && canonicalJson(value) === text) found.push(path)
  }
  look(inside, '')
  return found
}

function isStructure(value: JsonValue | undefined): value is JsonObject | JsonValue[] {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}
