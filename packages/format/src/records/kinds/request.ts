import { choice, flag, identifier, json, list, object, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** What a person may ask for: GDPR Art. 15, 20, 16, 17, 18, 21. */
export const REQUEST_TYPES = [
  'access',
  'portability',
  'rectification',
  'erasure',
  'restriction',
  'objection',
] as const

/**
 * A person exercises a right over their data, with its clock. Each step is a record with the same `requestId` that supersedes the one
 * before: `status` says what the request is from then on.
 */
export const request = defineKind({
  kinds: ['request'],
  fields: {
    requestId: identifier,
    requestType: text,
    affectedUserId: identifier,
    representative: json,
    /** When it came: the month runs from here. */
    requestedAt: time,
    channel: text,
    /** What was asked for, in the words of the person. */
    statement: text,
    /** An objection to direct marketing, which is never weighed (Art. 21(3)). */
    isMarketing: flag,
    /** Entry ids, where it is about single records. */
    decisions: list(identifier),
    /** `{method, by, at, result}`; result is confirmed or failed. */
    identityCheck: object({ method: text, at: time, result: choice('confirmed', 'failed') }),
    dueAt: time,
    extendedTo: time,
    extensionReason: text,
    actions: json,
    /** The exception a refusal rests on, to the letter. */
    exceptionPinpoint: text,
    refusalReason: text,
    /** What was weighed against an objection (Art. 21(1)). */
    assessment: text,
    answeredAt: time,
    answer: json,
    complaintInfoGiven: flag,
    status: text,
  },
  aliases: { requestType: ['type'], requestedAt: ['received'] },
  required: [['requestType']],
})
