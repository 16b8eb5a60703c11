import { count, digest, json, number, text } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Where a source's own numbering stands, with the head of its chain; on closing, where it ended. */
export const emitterState = defineKind({
  kinds: ['emitter.heartbeat', 'emitter.closed'],
  fields: {
    emitterId: text,
    epoch: count,
    seq: count,
    head: digest,
    /** What the source says it produced, delivered and dropped, by reason. */
    counters: json,
    /** Milliseconds until the next heartbeat at the latest; longer silence is a finding. */
    intervalMs: count,
    /** What the server found when it compared the head with the records: agrees, differs, pending or unknown. */
    judgement: text,
    clockOffsetMs: number,
    sdk: text,
    reason: text,
  },
  required: [['emitterId'], ['epoch'], ['seq']],
})
