/** What the body of an event says, in the attributes that Langfuse's own OpenTelemetry SDK would use. */
import { isObject, type JsonObject, type JsonValue, parseTime } from '@deponent/format'

/** Members of a body and the attribute each is; what is not listed goes into the metadata of the observation. */
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

export function traceAttributes(body: JsonObject): JsonObject {
  return { 'langfuse.observation.type': 'span', ...renamed(body, TRACE) }
}

export function observationAttributes(body: JsonObject, kind: string): JsonObject {
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
  }
}

function renamed(body: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  const attributes: JsonObject = {}
  for (const [member, value] of Object.entries(body))
    if (value !== null && Object.hasOwn(names, member)) attributes[names[member]!] = value
  return attributes
}

function usageOf({ usageDetails, usage }: JsonObject): JsonObject | undefined {
  if (isObject(usageDetails)) return usageDetails
  if (!isObject(usage)) return undefined
  const input = usage.input ?? usage.promptTokens
  const output = usage.output ?? usage.completionTokens
  return { ...(isCount(input) && { input }), ...(isCount(output) && { output }) }
}

function costOf({ costDetails, usage }: JsonObject): JsonObject | undefined {
  if (isObject(costDetails)) return costDetails
  const total = isObject(usage) ? usage.totalCost : undefined
  return isCount(total) ? { total } : undefined
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
