import { count, digest, flag, identifier, listOrOne, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/**
 * A span of a trace, or a log record beside it, as an application's telemetry tells it: what a decision was rolled up from. What it
 * says in its own words is below `metadata`.
 */
export const trace = defineKind({
  kinds: ['trace.span', 'trace.log'],
  fields: {
    traceId: identifier,
    spanId: identifier,
    parentSpanId: identifier,
    /** Name of the span, or of the event. */
    name: text,
    operation: text,
    spanKind: text,
    status: text,
    severity: text,
    endedAt: time,
    affectedSubjects: listOrOne(oneOf(identifier, object({ id: identifier }))),
    /** SHA-256 of what came: of the bytes of the message, or of its RFC 8785 text where it came as JSON. */
    sourceDigest: digest,
    /** It came after the decision it belongs to was recorded. */
    late: flag,
    /** Version of the rule by which it was given to a decision. */
    rollup: count,
  },
  required: [['sourceDigest']],
})
