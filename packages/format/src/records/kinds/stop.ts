import { flag, json, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A system was halted by a person or a rule, and whether it reached a safe state (AI Act Art. 14(4)(e)). */
export const stop = defineKind({
  kinds: ['stop'],
  fields: {
    trigger: text,
    reason: text,
    scope: json,
    haltedAt: time,
    safeState: oneOf(flag, text, object()),
    safeStateCheck: json,
    drill: flag,
    resumedAt: time,
    resumedBy: oneOf(text, object()),
  },
  required: [['trigger', 'reason', 'scope']],
})
