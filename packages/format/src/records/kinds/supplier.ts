import { identifier, json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A component somebody else makes: model, tool or data, its version, agreement and notices. */
export const supplier = defineKind({
  kinds: ['supplier'],
  fields: {
    supplierId: identifier,
    name: text,
    component: text,
    componentType: text,
    version: identifier,
    agreement: json,
    notice: json,
    validUntil: time,
    region: text,
  },
  required: [['supplierId', 'name', 'component']],
})
