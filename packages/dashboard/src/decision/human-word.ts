import type { DecisionRecord, Json, TimelineItem } from '../api.ts'

/** What a human made of a decision, in few words. */
export interface HumanWord {
  readonly text: string
  readonly isOverridden: boolean
}

/** Verdicts after which the decision did not stand. */
const OVERRIDING = new Set<Json | undefined>(['override', 'reverse', 'disregard', 'not_use'])
const SAID: Readonly<Record<string, string>> = {
  agree: 'agreed',
  override: 'overridden',
  reverse: 'reversed',
  disregard: 'disregarded',
  not_use: 'not used',
  escalate: 'escalated',
}

/** The latest review recorded about the decision; without one, what the decision says of itself. */
export function humanWord(record: DecisionRecord, about: readonly TimelineItem[]): HumanWord | undefined {
  const review = about
    .filter(({ kind }) => kind === 'review')
    .toSorted((a, b) => a.index - b.index)
    .at(-1)?.record
  if (review !== undefined) return ofReview(review)
  if (record['humanOverride'] === true) {
    return {
      text: withDecision('overridden by a human, as stated', record['humanDecision']),
      isOverridden: true,
    }
  }
  return record['humanReviewed'] === true ? { text: 'reviewed, as stated', isOverridden: false } : undefined
}

function ofReview({ verdict, humanOverride, humanDecision }: DecisionRecord): HumanWord {
  const isOverridden = humanOverride === true || OVERRIDING.has(verdict)
  const said =
    typeof verdict === 'string' ? (SAID[verdict] ?? verdict) : isOverridden ? 'overridden' : 'reviewed'
  return { text: withDecision(`${said} by a human`, isOverridden ? humanDecision : undefined), isOverridden }
}

function withDecision(text: string, humanDecision: Json | undefined): string {
  return typeof humanDecision === 'string' ? `${text}: ${humanDecision}` : text
}
