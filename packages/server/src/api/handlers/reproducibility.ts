/** What a replay of a decision needs, gathered from its record and from what else was recorded of its model and its surroundings. */
import { isObject, type JsonObject } from '@deponent/format'
import { environmentDigest, environmentIn } from '../../reproduction/environment.ts'
import {
  environmentDigestOf,
  type QuotedEnvironment,
  type QuotedEvent,
  replayPackage,
} from '../../reproduction/replay-package.ts'
import type { RecordedDecision } from '../../reproduction/recorded-decision.ts'
import { type Call, type Handler, json } from '../call.ts'
import { Problem } from '../problem.ts'
import { placeOf, readOne, seenBy, viewOf } from '../read-entry.ts'
import { freeRestrictionOf } from '../restriction.ts'
import { shownDecision } from './decisions.ts'

/** Records of one system that are looked at for an environment, the nearest in time first. */
const ENVIRONMENTS_MAX = 500
const EVENTS_MAX = 100

export const getReproducibility: Handler = async (call) => {
  const decision = (await shownDecision(call)) as RecordedDecision
  if (decision.kind !== 'decision')
    throw new Problem(409, 'not_a_decision', `what has this id is no decision: its kind is ${decision.kind}`)
  const environment = await environmentOf(call, decision)
  const modelEvents = await eventsOf(call, decision.record)
  call.look.objects = [decision.id, ...[environment ?? [], modelEvents].flat().map(({ id }) => id)]
  return json(replayPackage(decision, { environment, modelEvents }))
}

/** The environment a decision names; null when it is not found. */
async function environmentOf(call: Call, decision: RecordedDecision): Promise<QuotedEnvironment | null> {
  const { at, record, system } = decision
  const digest = environmentDigestOf(record)
  if (digest === undefined) return null
  // Captured when a process began, so mostly not long before what it decided.
  const distance = `abs(toUnixTimestamp64Milli(at) - ${Date.parse(at)})`
  const condition = `kind = 'system.log' AND system = ${quoted(system)} ORDER BY ${distance} LIMIT ${ENVIRONMENTS_MAX}`
  for await (const { kind: _, record: log, ...place } of recordsWhere(call, condition)) {
    const environment = environmentIn(log)
    if (environment && environmentDigest(environment) === digest) return { ...place, digest, environment }
  }
  return null
}

async function eventsOf(call: Call, { modelId, modelVersion }: JsonObject): Promise<QuotedEvent[]> {
  if (typeof modelId !== 'string' || typeof modelVersion !== 'string') return []
  const ofModel = `modelId = ${quoted(modelId)} AND modelVersion = ${quoted(modelVersion)}`
  const condition = `startsWith(kind, 'model.') AND ${ofModel} ORDER BY at LIMIT ${EVENTS_MAX}`
  const events: QuotedEvent[] = []
  for await (const event of recordsWhere(call, condition)) events.push(event)
  return events
}

/** Records that are no decisions, by a condition on the index, as far as the caller may see them. */
async function* recordsWhere(call: Call, condition: string): AsyncGenerator<QuotedEvent> {
  const { projection } = call.services
  const sql = `SELECT index FROM records WHERE ${condition}`
  const { rows } = await projection.sql(sql, freeRestrictionOf(call))
  for (const [index] of rows) {
    const seen = await seenBy(call, await readOne(call, Number(index)))
    const record = seen && viewOf(call, seen)
    if (!isObject(record)) continue
    const { id, kind } = seen!.entry
    yield { id, index: Number(index), at: new Date(placeOf(seen!).at).toISOString(), kind, record }
  }
}

/** A text as a literal of SQL. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
