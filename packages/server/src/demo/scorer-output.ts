import type { JsonObject, JsonValue } from '@deponent/format'
import { score, type Score, type ScorerFeatures, type ScorerModel } from './scorer-model.ts'
import { reasonCodesOf } from './scorer-reasons.ts'

/** What the scorer says of an application, in the fields of a decision. */
export function outputOf({ approved, contributions, probability }: Score): JsonObject {
  return {
    prediction: approved ? 'approve' : 'decline',
    confidence: probability,
    confidenceKind: 'probability',
    reasonCodes: approved ? [] : reasonCodesOf(contributions),
  }
}

/** The same of recorded features, by the weights of a file. */
export function scoredAgain(weights: ScorerModel, features: JsonValue | undefined): JsonObject {
  return outputOf(score(weights, features as unknown as ScorerFeatures))
}
