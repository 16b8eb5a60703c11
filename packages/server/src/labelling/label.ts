/**
 * Which value a decision is labelled with, where it comes from and why, and what makes it a poor one to learn from. Labels are told from
 * records alone; what of them somebody may see is decided before.
 */
import { canonicalJson, type JsonValue } from '@deponent/format'

/** What turned out to be true of a decision. Times are Unix milliseconds. */
export interface KnownOutcome {
  readonly id: string
  /** Undefined when it is sealed to whoever asks. */
  readonly value: JsonValue | undefined
  /** When it became true or was seen. */
  readonly at: number
  readonly receivedAt: number
  readonly basis: string
}

/** What a person made of a decision. */
export interface KnownReview extends Omit<KnownOutcome, 'value'> {
  /** What they decided, where that is told. */
  readonly humanDecision?: JsonValue
  readonly verdict?: string
  readonly overridden: boolean
  /** Told inside the decision itself. */
  readonly isInDecision: boolean
}

/** What is known of a decision when it is labelled. */
export interface Labelled {
  readonly at: number
  /** Undefined where there is none, or it is sealed to whoever asks. */
  readonly prediction: JsonValue | undefined
  readonly outcome?: KnownOutcome
  /** The latest review that this ledger saw happen. */
  readonly observed?: KnownReview
  /** The latest that somebody tells of. */
  readonly asserted?: KnownReview
}

export type LabelSource = 'outcome' | 'observed_review' | 'asserted_review'

export type WhyLabel =
  /** The latest outcome says so. */
  | 'latest_outcome'
  /** No outcome: what the latest reviewer decided. */
  | 'human_decision'
  /** No outcome: the latest reviewer agreed, or did not override, and so the prediction stands. */
  | 'prediction_upheld'

export interface Label {
  readonly value: JsonValue
  readonly from: LabelSource
  readonly why: WhyLabel
}

export type LabelWarning =
  /** The outcome was known when the decision was made: what went into the decision may hold it. */
  | 'outcome_before_decision'
  /** The label is the prediction because nobody objected to it: a model that learns from it learns itself. */
  | 'label_is_prediction'
  /** The label rests on somebody's word that a person reviewed. */
  | 'label_is_asserted'

/** The label of a decision: its outcome before what reviewers thought, what was seen before what is told. Undefined where there is none. */
export function labelOf(known: Labelled): Label | undefined {
  const { outcome, observed, asserted } = known
  if (outcome?.value !== undefined) return { value: outcome.value, from: 'outcome', why: 'latest_outcome' }
  return reviewLabel(known, observed, 'observed_review') ?? reviewLabel(known, asserted, 'asserted_review')
}

function reviewLabel(
  { prediction }: Labelled,
  review: KnownReview | undefined,
  from: LabelSource,
): Label | undefined {
  if (!review) return undefined
  if (review.humanDecision !== undefined) return { value: review.humanDecision, from, why: 'human_decision' }
  if (prediction === undefined || !upholds(review)) return undefined
  return { value: prediction, from, why: 'prediction_upheld' }
}

/** Whoever escalates has not decided, and a review without any verdict says nothing. */
function upholds({ overridden, verdict, isInDecision }: KnownReview): boolean {
  return !overridden && (verdict === 'agree' || isInDecision)
}

/** What to know before learning from this label. */
export function warningsOf({ at, outcome, prediction }: Labelled, label: Label | undefined): LabelWarning[] {
  const warnings: LabelWarning[] = []
  if (outcome && outcome.at < at) warnings.push('outcome_before_decision')
  if (label?.why === 'prediction_upheld') warnings.push('label_is_prediction')
  else if (label?.from !== 'outcome' && isSame(label?.value, prediction)) warnings.push('label_is_prediction')
  if (label?.from === 'asserted_review' || (label?.from === 'outcome' && outcome?.basis === 'asserted'))
    warnings.push('label_is_asserted')
  return warnings
}

function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b)
}
