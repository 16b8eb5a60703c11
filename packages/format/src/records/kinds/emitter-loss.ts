import { count, digest, json, text } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Numbered records that a source or the server knows are not kept, and why: `rejected`, `spool_full`, … */
export const emitterLoss = defineKind({
  kinds: ['emitter.loss'],
  fields: {
    emitterId: text,
    epoch: count,
    seq: count,
    /** The last number lost, when there are several in a row. */
    seqTo: count,
    count,
    reason: text,
    /** Link of the lost number in its emitter's chain, where it is known; without it the chain passes the number over. */
    link: digest,
    details: json,
  },
  required: [['emitterId'], ['reason']],
})
