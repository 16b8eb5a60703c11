import { flag, json, object, oneOf, text } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Configuration, policy, a prompt, a threshold or the recorder itself changed: what, from, to, why, by whom. */
export const change = defineKind({
  kinds: ['change'],
  fields: {
    object: text,
    objectId: text,
    field: text,
    before: json,
    after: json,
    beforeDigest: text,
    afterDigest: text,
    reason: text,
    requester: oneOf(text, object()),
    approver: oneOf(text, object()),
    substantial: flag,
    details: json,
  },
  aliases: { object: ['change'] },
  required: [['object']],
})
