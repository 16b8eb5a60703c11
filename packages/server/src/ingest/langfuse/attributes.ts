/** What the body of an event says, in the attributes that Langfuse's own OpenTelemetry SDK would use. */
import { isObject, type JsonObject, type JsonValue, parseTime } from '@deponent/format'
import { LAYER_EVENT as EVENT } from '../otlp/layered.ts'

/** Members of a body and the attribute each is; what is not listed stays in the event. */
const OBSERVATION: Readonly<Record<string, string>> = {
  model: 'langfuse.observation.model.name',
  modelParameters: 'langfuse.observation.model.parameters',
  input: 'langfuse.observation.input',
  output: 'langfuse.observation.output',
  promptName: 'langfuse.observation.prompt.name',
  promptVersion: 'langfuse.observation.prompt.version',
  metadata: 'langfuse.observation.metadata',
  level: 'langfuse.observation.level',
  version: 'langfuse.version',
  environment: 'langfuse.environment',
  id: 'langfuse.observation.id',
  traceId: 'langfuse.trace.id',
}
const TRACE: Readonly<Record<string, string>> = {
  id: 'langfuse.trace.id',
  name: 'langfuse.trace.name',
  userId: 'langfuse.user.id',
  sessionId: 'langfuse.session.id',
  input: 'langfuse.trace.input',
  output: 'langfuse.trace.output',
  metadata: 'langfuse.trace.metadata',
  tags: 'langfuse.trace.tags',
  release: 'langfuse.release',
  version: 'langfuse.version',
  environment: 'langfuse.environment',
}

export function traceAttributes(event: JsonObject, body: JsonObject): JsonObject {
  return { 'langfuse.observation.type': 'span', ...renamed(body, TRACE), ...restOf(event, body, TRACE) }
}

export function observationAttributes(event: JsonObject, body: JsonObject, kind: string): JsonObject {
  const usage = usageOf(body)
  const cost = costOf(body)
  const seconds = secondsBetween(body.startTime, body.completionStartTime)
  const type = typeof body.type === 'string' ? body.type.toLowerCase() : kind
  return {
    ...(type !== '' && { 'langfuse.observation.type': type }),
    ...renamed(body, OBSERVATION),
    ...(usage && { 'langfuse.observation.usage_details': usage }),
    ...(cost && { 'langfuse.observation.cost_details': cost }),
    ...(seconds !== undefined && { 'gen_ai.response.time_to_first_chunk': seconds }),
    ...restOf(event, body, OBSERVATION),
  }
}

/** The event itself, for one whose body is kept elsewhere as it came. */
export function envelopeOf({ body: _, ...event }: JsonObject): JsonObject {
  return { [EVENT]: event }
}

/** The event itself, its body without what is an attribute as it came: nothing is lost, and long texts are not kept twice. */
function restOf(event: JsonObject, body: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  const rest = Object.entries(body).filter(([member, value]) => !isRenamed(member, value, names))
  return { [EVENT]: { ...event, body: Object.fromEntries(rest) } }
}

function renamed(body: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  const attributes: JsonObject = {}
  for (const [member, value] of Object.entries(body))
    if (isRenamed(member, value, names)) attributes[names[member]!] = value
  return attributes
}

function isRenamed(member: string, value: JsonValue, names: Readonly<Record<string, string>>): boolean {
  return value !== null && Object.hasOwn(names, member)
}

/** What was counted, where it was tokens: a unit of its own says what else it was. */
function usageOf({ usageDetails, usage }: JsonObject): JsonObject | undefined {
  const counted = isObject(usage) ? usage : {}
  if (typeof counted.unit === 'string' && counted.unit.toUpperCase() !== 'TOKENS') return undefined
  if (isObject(usageDetails)) return usageDetails
  const input = counted.input ?? counted.promptTokens ?? counted.prompt_tokens
  const output = counted.output ?? counted.completionTokens ?? counted.completion_tokens
  if (!isCount(input) && !isCount(output)) return undefined
  return { ...(isCount(input) && { input }), ...(isCount(output) && { output }) }
}

function costOf({ costDetails, usage }: JsonObject): JsonObject | undefined {
  if (isObject(costDetails)) return costDetails
  if (!isObject(usage)) return undefined
  const told = { input: usage.inputCost, output: usage.outputCost, total: usage.totalCost }
  const costs = Object.entries(told).filter(([, cost]) => isCount(cost)) as [string, number][]
  return costs.length === 0 ? undefined : Object.fromEntries(costs)
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number'
}

function secondsBetween(start: JsonValue | undefined, end: JsonValue | undefined): number | undefined {
  const [from, to] = [start, end].map((time) =>
    time === undefined || time === null ? undefined : parseTime(time)?.ms,
  )
  return from === undefined || to === undefined || to < from ? undefined : (to - from) / 1_000
}
