/** Spans that are told in several pieces, the later ones over the earlier. */
import { isObject, type JsonObject, setMember } from '@deponent/format'
import type { Span } from './telemetry.ts'

/** The scope of spans whose pieces are laid over one another; of any other the first that is told counts. */
export const LAYERED = 'langfuse-batch'
/** The attribute that says when a piece was told, in nanoseconds. */
export const LAYER_TIME = 'langfuse.event.time'
/** The attribute that holds the event a piece was told by. */
export const LAYER_EVENT = 'langfuse.event'

/** The member of an event's `metadata` that says it was made of an export: what it tells was not seen by who sends it. */
export const IMPORTED = 'deponent.import'

/** Whether a span or log record, by its attributes, was told by such an event. */
export function isImported(attributes: JsonObject): boolean {
  const event = attributes[LAYER_EVENT]
  return isObject(event) && isObject(event.metadata) && event.metadata[IMPORTED] === true
}

export function isLayered({ scope }: Span): boolean {
  return scope.name === LAYERED
}

/** What all pieces of one span say together: of each thing the last that was said. */
export function layersOf(pieces: readonly Span[]): Span {
  const ordered = pieces.toSorted(byTime)
  const attributes: JsonObject = {}
  for (const piece of ordered)
    for (const [name, value] of Object.entries(piece.attributes)) setMember(attributes, name, value)
  const last = ordered.at(-1)!
  const start = ordered.findLast(
    ({ startTimeUnixNano }) => startTimeUnixNano !== undefined,
  )?.startTimeUnixNano
  const end = ordered.findLast(({ endTimeUnixNano }) => endTimeUnixNano !== undefined)?.endTimeUnixNano
  return {
    ...last,
    name: ordered.findLast(({ name }) => name !== '')?.name ?? '',
    parentSpanId: ordered.findLast(({ parentSpanId }) => parentSpanId !== '')?.parentSpanId ?? '',
    status: ordered.findLast(({ status }) => status.code !== 'unset')?.status ?? last.status,
    ...(start !== undefined && { startTimeUnixNano: start }),
    ...(end !== undefined && { endTimeUnixNano: end }),
    attributes,
  }
}

function byTime(a: Span, b: Span): number {
  const [one, other] = [placeOf(a), placeOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

/** By time; of the same time the beginning comes before its updates. */
function placeOf({ attributes, digest }: Span): string {
  const time = attributes[LAYER_TIME]
  const event = attributes[LAYER_EVENT]
  const isUpdate = isObject(event) && typeof event.type === 'string' && event.type.endsWith('-update')
  return `${typeof time === 'string' ? time.padStart(20, '0') : ''} ${isUpdate ? 1 : 0} ${digest}`
}
