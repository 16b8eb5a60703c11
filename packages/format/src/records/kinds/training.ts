import { identifier, json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A person was trained or assigned to a role, and for how long that counts (AI Act Arts. 4, 26(2)). */
export const training = defineKind({
  kinds: ['training'],
  fields: {
    personId: identifier,
    role: text,
    content: json,
    competence: json,
    provider: text,
    completedAt: time,
    validUntil: time,
    evidenceRef: text,
  },
  aliases: { personId: ['person'] },
  required: [['personId', 'role']],
})
