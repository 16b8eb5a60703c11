import { flag, identifier, json, listOrOne, number, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Something went wrong that people may have to answer for; the fields authorities ask (AI Act Art. 73). */
export const incident = defineKind({
  kinds: ['incident.opened', 'incident.updated', 'incident.closed'],
  fields: {
    incidentId: identifier,
    title: text,
    description: text,
    severity: text,
    status: text,
    category: listOrOne(text),
    occurredFrom: time,
    occurredTo: time,
    detectedAt: time,
    awareAt: time,
    awareBy: oneOf(text, object()),
    causalLinkAt: time,
    criteriaAnswers: json,
    memberStates: listOrOne(text),
    affectedCount: number,
    systems: listOrOne(text),
    versions: listOrOne(identifier),
    initialReporter: json,
    rootCause: json,
    remedialActions: json,
    otherRegimes: json,
    severityHistory: json,
    nearMiss: flag,
  },
  required: [['incidentId']],
})
