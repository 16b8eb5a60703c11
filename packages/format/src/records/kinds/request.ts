import { flag, identifier, json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A person exercises a right over their data: access, erasure, explanation, objection, with its clock. */
export const request = defineKind({
  kinds: ['request'],
  fields: {
    requestId: identifier,
    requestType: text,
    affectedUserId: identifier,
    requestedAt: time,
    channel: text,
    identityCheck: json,
    dueAt: time,
    extendedTo: time,
    extensionReason: text,
    actions: json,
    exceptionPinpoint: text,
    answeredAt: time,
    answer: json,
    complaintInfoGiven: flag,
    status: text,
  },
  aliases: { requestType: ['type'], requestedAt: ['received'] },
  required: [['requestType']],
})
