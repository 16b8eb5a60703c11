import { identifier, json, listOrOne, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Deletion of some records is suspended for a legal ground, or no longer; releasing takes two people. */
export const hold = defineKind({
  kinds: ['hold.placed', 'hold.released'],
  fields: {
    holdId: identifier,
    scope: json,
    ground: text,
    owner: oneOf(text, object()),
    reviewAt: time,
    releasedBy: listOrOne(oneOf(text, object())),
    reason: text,
  },
  required: [['holdId']],
})
