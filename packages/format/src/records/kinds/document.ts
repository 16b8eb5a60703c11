import { identifier, json, listOrOne, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A document the operator must have: technical file, instructions for use, declaration, policy. */
export const document = defineKind({
  kinds: ['document'],
  fields: {
    documentId: identifier,
    documentType: text,
    title: text,
    version: identifier,
    digest: text,
    uri: text,
    coversVersions: listOrOne(identifier),
    validFrom: time,
    keptUntil: time,
    details: json,
  },
  aliases: { documentType: ['type'] },
  required: [['documentType', 'title']],
})
