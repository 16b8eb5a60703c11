/** What a replay of a decision needs, gathered from its record and from what else was recorded of its model and its surroundings. */
import { isObject, isoTime, type JsonObject } from '@deponent/format'
import { byTime, textIn } from '../../lineage/lifecycle-record.ts'
import type { Restriction } from '../../projection/index.ts'
import { environmentDigest, environmentIn } from '../../reproduction/environment.ts'
import {
  environmentDigestOf,
  type QuotedEnvironment,
  type QuotedEvent,
  replayPackage,
} from '../../reproduction/replay-package.ts'
import type { RecordedDecision } from '../../reproduction/recorded-decision.ts'
import { type Call, type Handler, json } from '../call.ts'
import { lifecycleOf } from '../lifecycle.ts'
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
  const near = { kind: 'system.log', system, at: Date.parse(at) }
  const indices = await call.services.projection.entriesNear(near, ENVIRONMENTS_MAX, freeRestrictionOf(call))
  for await (const { kind: _, record: log, ...place } of recordsAt(call, indices)) {
    const environment = environmentIn(log)
    if (environment && environmentDigest(environment) === digest) return { ...place, digest, environment }
  }
  return null
}

async function eventsOf(call: Call, { modelId, modelVersion }: JsonObject): Promise<QuotedEvent[]> {
  if (typeof modelId !== 'string' || typeof modelVersion !== 'string') return []
  const restriction = freeRestrictionOf(call)
  const ofModel = `modelId = ${quoted(modelId)} AND modelVersion = ${quoted(modelVersion)}`
  const sql = `SELECT index FROM records WHERE startsWith(kind, 'model.') AND ${ofModel} ORDER BY at LIMIT ${EVENTS_MAX}`
  const { archived, rows } = await call.services.projection.sql(sql, restriction)
  // Of archived months the index knows the entries alone, and not of which model they are.
  if (archived) return allEventsOf(call, modelId, modelVersion, restriction)
  const events: QuotedEvent[] = []
  const indices = rows.map(([index]) => Number(index))
  for await (const event of recordsAt(call, indices)) events.push(event)
  return events
}

async function allEventsOf(
  call: Call,
  modelId: string,
  modelVersion: string,
  restriction: Restriction,
): Promise<QuotedEvent[]> {
  const { records } = await lifecycleOf(call, ['model.'], restriction)
  const own = records.filter(
    (event) => textIn(event, 'modelId') === modelId && textIn(event, 'modelVersion') === modelVersion,
  )
  return byTime(own)
    .slice(0, EVENTS_MAX)
    .map(({ at, id, index, kind, record }) => ({ id, index, at: isoTime(at), kind, record }))
}

/** These records, as far as the caller may see them. */
async function* recordsAt(call: Call, indices: readonly number[]): AsyncGenerator<QuotedEvent> {
  for (const index of indices) {
    const seen = await seenBy(call, await readOne(call, index))
    const record = seen && viewOf(call, seen)
    if (!isObject(record)) continue
    const { id, kind } = seen!.entry
    yield { id, index, at: isoTime(placeOf(seen!).at), kind, record }
  }
}

/** A text as a literal of SQL. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
