import { identifier, list, objectWith, json, text } from '../fields.ts'
import { ABOUT_A_DECISION, defineKind } from '../kind.ts'

/**
 * What is right where a record is wrong (GDPR Art. 16). The record it corrects stays as it was, because a decision was taken on it, and is
 * restricted from then on; whoever reads it is shown both.
 */
export const rectification = defineKind({
  kinds: ['rectification'],
  fields: {
    affectedUserId: identifier,
    /** JSON pointers into the record that is corrected, each with the right value. */
    values: list(objectWith(['pointer'], { pointer: text, value: json })),
    /** A supplementary statement where the record is incomplete. */
    statement: text,
    reason: text,
    requestRef: text,
  },
  required: [ABOUT_A_DECISION, ['values', 'statement']],
})
