import { identifier, json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** An authority or another body was told of an incident, with the clocks that ran. */
export const notification = defineKind({
  kinds: ['notification'],
  fields: {
    incidentId: identifier,
    regime: text,
    addressee: json,
    reportType: text,
    templateVersion: identifier,
    dueStrict: time,
    dueLatest: time,
    sentAt: time,
    receiptRef: text,
    nextReportAt: time,
  },
  required: [['regime', 'addressee']],
})
