import { identifier, json, listOrOne, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/**
 * Deletion of some records is suspended for a legal ground, looked at again, or no longer suspended. Releasing takes two people: what
 * the first asks for is `hold.release_asked`, what the second confirms `hold.released`. The people it is about are `affectedSubjects`.
 */
export const hold = defineKind({
  kinds: ['hold.placed', 'hold.reviewed', 'hold.release_asked', 'hold.released'],
  fields: {
    holdId: identifier,
    affectedSubjects: json,
    /** `{systems, from, to, decisions, indices}`, each optional; what is held lies within all that are given. */
    scope: json,
    ground: text,
    owner: oneOf(text, object()),
    reviewAt: time,
    releasedBy: listOrOne(oneOf(text, object())),
    reason: text,
  },
  required: [['holdId']],
})
