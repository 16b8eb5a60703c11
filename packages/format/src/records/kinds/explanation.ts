import { identifier, json, list, number, object, oneOf, text } from '../fields.ts'
import { ABOUT_A_DECISION, defineKind } from '../kind.ts'

/** Why a decision came out as it did, made at the time or later: procedure, factors with direction, counterfactual. */
export const explanation = defineKind({
  kinds: ['explanation'],
  fields: {
    topFeatures: list(object({ feature: identifier, importance: number })),
    factors: list(),
    reasoning: oneOf(text, list(), object()),
    counterfactual: json,
    method: text,
    fidelity: json,
    procedureId: identifier,
    roleOfSystem: text,
    audience: text,
    language: text,
  },
  aliases: {
    topFeatures: ['explanation.topFeatures'],
    reasoning: ['explanation.reasoning', 'explanation'],
    counterfactual: ['explanation.counterfactual'],
    method: ['explanation.method'],
  },
  required: [ABOUT_A_DECISION, ['reasoning', 'topFeatures', 'factors', 'counterfactual']],
})
