import { flag, identifier, number, oneOf, text } from '../fields.ts'
import { ABOUT_A_DECISION, defineKind } from '../kind.ts'

/** How good an output was, said by a person, a program or another model. */
export const score = defineKind({
  kinds: ['score'],
  fields: {
    name: text,
    value: oneOf(number, text, flag),
    label: text,
    comment: text,
    method: text,
    /** human, model or code, in the words of the source. */
    scorerType: text,
    scorerId: identifier,
    threshold: number,
    passed: flag,
  },
  required: [ABOUT_A_DECISION, ['name'], ['value', 'label']],
})
