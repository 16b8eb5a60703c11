/** Spans and log records as they are recorded, with everything they said. */
import type { JsonObject } from '@deponent/format'
import { isImported } from './layered.ts'
import { type Judgement, judgementIn } from './dialects/judgements.ts'
import { type MappedSpan, systemOf } from './map-span.ts'
import type { LogRecord, Origin, Span } from './telemetry.ts'
import { ROLLUP_VERSION } from './trace-tree.ts'

/** What is known of a span or log record besides itself when it is recorded. */
export interface Standing {
  /** It came after its decision. */
  readonly isLate: boolean
  /** Whom it is about, where it belongs to no decision. */
  readonly subjects: readonly string[]
}

/** The fields of a `trace.span`. */
export function spanRecord(span: Span, mapped: MappedSpan, standing: Standing): JsonObject {
  const { dropped, flags, traceState, links, status } = span
  const isDropped = dropped.attributes + dropped.events + dropped.links > 0
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== '' && { parentSpanId: span.parentSpanId }),
    name: span.name,
    ...(mapped.operation !== undefined && { operation: mapped.operation }),
    spanKind: span.kind,
    status: status.code,
    ...(span.startTimeUnixNano !== undefined && { at: span.startTimeUnixNano }),
    ...(span.endTimeUnixNano !== undefined && { endedAt: span.endTimeUnixNano }),
    ...standingOf(span, span.digest, standing),
    metadata: {
      ...originOf(span),
      attributes: span.attributes,
      ...(span.events.length > 0 && { events: span.events.map((event) => ({ ...event })) }),
      ...(links.length > 0 && { links: [...links] }),
      ...(status.message !== undefined && { statusMessage: status.message }),
      ...(traceState !== '' && { traceState }),
      ...(flags !== 0 && { flags }),
      ...(isDropped && { dropped: { ...dropped } }),
    },
  }
}

/** The fields of a `trace.log`. */
export function logRecord(log: LogRecord, standing: Standing): JsonObject {
  return {
    ...(log.traceId !== '' && { traceId: log.traceId }),
    ...(log.spanId !== '' && { spanId: log.spanId }),
    ...(log.eventName !== '' && { name: log.eventName }),
    ...(log.severity !== '' && { severity: log.severity }),
    ...(log.timeUnixNano !== undefined && { at: log.timeUnixNano }),
    ...standingOf(log, log.digest, standing),
    metadata: {
      ...originOf(log),
      attributes: log.attributes,
      ...(log.body !== undefined && { body: log.body }),
      ...(log.severityNumber !== undefined && { severityNumber: log.severityNumber }),
      ...(log.observedTimeUnixNano !== undefined && { observedTimeUnixNano: log.observedTimeUnixNano }),
      ...(log.flags !== undefined && { flags: log.flags }),
      ...(log.unusableIds && { unusableIds: log.unusableIds }),
      ...(log.droppedAttributes > 0 && { dropped: { attributes: log.droppedAttributes } }),
    },
  }
}

export function isJudgement({ eventName }: LogRecord): boolean {
  return eventName === 'gen_ai.evaluation.result'
}

/** Judgements of an output that a log record is. */
export function judgementsInLog(log: LogRecord): Judgement[] {
  return isJudgement(log) ? judgementIn(log.attributes) : []
}

function standingOf(
  origin: Origin & { attributes: JsonObject },
  sourceDigest: string,
  { isLate, subjects }: Standing,
): JsonObject {
  return {
    system: systemOf(origin),
    basis: isImported(origin.attributes) ? 'asserted' : 'observed',
    sourceDigest,
    rollup: ROLLUP_VERSION,
    ...(isLate && { late: true }),
    ...(subjects.length > 0 && { affectedSubjects: [...subjects] }),
  }
}

function originOf({ resource, scope }: Origin): JsonObject {
  return { resource, ...(Object.keys(scope).length > 0 && { scope: { ...scope } }) }
}
