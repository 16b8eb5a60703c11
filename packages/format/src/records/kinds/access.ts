import { choice, count, identifier, json, list, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Somebody read or exported recorded content, or was denied: who, what, for which purpose, in which right. */
export const access = defineKind({
  kinds: ['access', 'access.external'],
  fields: {
    purpose: text,
    /** role, break_glass, authority, subject_request, …: not to be confused with the record's own basis. */
    accessBasis: text,
    action: text,
    /** The operation of the interface by which it was done. */
    operation: text,
    objects: list(),
    fields: list(),
    query: json,
    result: choice('read', 'denied', 'exported'),
    count,
    /** The code of a denial. */
    code: text,
    /** How often the same was asked again within a minute, from when until when. */
    repeats: count,
    from: time,
    until: time,
    recipient: json,
    requestId: identifier,
    affectedUserId: identifier,
    ipAddress: text,
    userAgent: text,
  },
})
