import { identifier, json, listOrOne, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A risk, impact, bias or conformity assessment: which version of the system it covers and until when. */
export const assessment = defineKind({
  kinds: ['assessment'],
  fields: {
    assessmentId: identifier,
    assessmentType: text,
    version: identifier,
    coversVersions: listOrOne(identifier),
    validFrom: time,
    validUntil: time,
    findings: json,
    conclusion: text,
    signOff: json,
    documentRef: text,
  },
  aliases: { assessmentType: ['type'] },
  required: [['assessmentType']],
})
