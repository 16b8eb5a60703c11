import { identifier, json, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A report was made: from which template, over what, with which digest. */
export const report = defineKind({
  kinds: ['report'],
  fields: {
    reportId: identifier,
    template: text,
    templateVersion: identifier,
    periodFrom: time,
    periodTo: time,
    filters: json,
    counts: json,
    digest: text,
    checkpoint: text,
    generatedBy: oneOf(text, object()),
    status: text,
  },
  required: [['template', 'reportId']],
})
