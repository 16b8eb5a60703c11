import { json, text, time } from '../fields.ts'
import { ABOUT_A_DECISION, defineKind } from '../kind.ts'

/** What turned out to be true of a decision, usually long after it: ground truth for accuracy and fairness. */
export const outcome = defineKind({
  kinds: ['outcome'],
  fields: {
    outcome: json,
    /** When it became true or was seen, which may be long before it is reported. */
    observedAt: time,
    source: text,
    method: text,
    comment: text,
  },
  aliases: { outcome: ['groundTruth', 'actual'] },
  required: [ABOUT_A_DECISION, ['outcome']],
})
