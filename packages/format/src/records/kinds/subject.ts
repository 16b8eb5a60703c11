import { identifier, json, list, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/**
 * What becomes of a person in the ledger beside their records: two ids turn out to be one person (`merged`) or not (`split`, which names
 * the record it undoes), and processing is restricted (GDPR Art. 18) or no longer.
 */
export const subject = defineKind({
  kinds: ['subject.merged', 'subject.split', 'subject.restricted', 'subject.unrestricted'],
  fields: {
    affectedUserId: identifier,
    affectedSubjects: json,
    /** Entry id of the `subject.merged` that is undone. */
    mergeId: identifier,
    /** Restricted: the letter of Art. 18(1). */
    ground: text,
    /** Entry ids, where it is about single records and not the whole person. */
    decisions: list(identifier),
    /** No longer restricted: when the person was told before (Art. 18(3)). */
    informedAt: time,
    reason: text,
    requestRef: text,
  },
})
