import { choice, count, identifier, json, list, text } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Somebody read or exported recorded content, or was denied: who, what, for which purpose, in which right. */
export const access = defineKind({
  kinds: ['access', 'access.external'],
  fields: {
    purpose: text,
    /** role, break_glass, authority, subject_request, …: not to be confused with the record's own basis. */
    accessBasis: text,
    action: text,
    objects: list(),
    fields: list(),
    query: json,
    result: choice('read', 'denied', 'exported'),
    count,
    recipient: json,
    requestId: identifier,
    affectedUserId: identifier,
    ipAddress: text,
    userAgent: text,
  },
})
