import { list, text } from '../fields.ts'
import { ABOUT_A_DECISION, defineKind } from '../kind.ts'

/** A remark on a decision or on another record. */
export const comment = defineKind({
  kinds: ['comment'],
  fields: { text, language: text, mentions: list(text) },
  aliases: { text: ['comment', 'body'] },
  required: [ABOUT_A_DECISION, ['text']],
})
