import { flag, identifier, json, text, time } from '../fields.ts'
import { ABOUT_A_DECISION, defineKind } from '../kind.ts'

/** The person concerned, or somebody for them, disputes a decision (GDPR Art. 22(3)). */
export const contest = defineKind({
  kinds: ['contest'],
  fields: {
    grounds: text,
    statement: text,
    requested: json,
    affectedUserId: identifier,
    representative: json,
    channel: text,
    language: text,
    identityChecked: flag,
    lodgedAt: time,
    dueAt: time,
  },
  aliases: { grounds: ['reason'], statement: ['comment', 'text'] },
  required: [ABOUT_A_DECISION, ['grounds', 'statement']],
})
