/** A long history: decisions spread evenly over months, and for some of them what came later, all from a seed. */
import { type Decision, decisionsOf } from '../decisions/workload.ts'

/** Decisions made together; people are those of one piece. */
export const PIECE = 10_000
/** Of a hundred decisions so many are reviewed by somebody who decides otherwise, and of so many the outcome is known. */
const OVERRIDDEN_OF_100 = 2
const OUTCOMES_OF_100 = 10
const DAY_MS = 86_400_000

export interface HistoryOptions {
  readonly decisions: number
  /** The first decision is so many days before the last. */
  readonly days: number
  /** When the last one was made; Unix milliseconds. */
  readonly endMs: number
}

export interface Piece {
  readonly decisions: readonly Decision[]
  /** Records about them, as `POST /v1/records` takes them. */
  readonly later: readonly object[]
}

/** The pieces of a history from piece `first` on, in the order of their times. */
export function* historyOf({ decisions, days, endMs }: HistoryOptions, first = 0): Generator<Piece> {
  const stepMs = (days * DAY_MS) / decisions
  for (let piece = first; piece * PIECE < decisions; piece += 1) {
    const count = Math.min(PIECE, decisions - piece * PIECE)
    const made = decisionsOf({ seed: piece + 1, count, newSubjects: 0.2 }).map((decision, n) => {
      const atMs = endMs - (decisions - piece * PIECE - n) * stepMs
      return {
        ...decision,
        decisionId: `${piece}-${decision.decisionId}`,
        timestamp: new Date(atMs).toISOString(),
      }
    })
    yield { decisions: made, later: made.flatMap(laterOf) }
  }
}

function laterOf(decision: Decision, n: number): object[] {
  const { decisionId, prediction, system } = decision
  const timestamp = new Date(Date.parse(decision.timestamp) + 60_000).toISOString()
  const about = { decisionId, system, timestamp }
  const later: object[] = []
  if (n % 100 < OUTCOMES_OF_100) later.push({ kind: 'outcome', ...about, outcome: n % 3 === 0 ? 1 : 0 })
  if (n % 100 >= 100 - OVERRIDDEN_OF_100)
    later.push({
      kind: 'review',
      ...about,
      reviewerId: `reviewer-${n % 7}`,
      overridden: true,
      humanDecision: prediction === 'decline' ? 'approve' : 'decline',
    })
  return later
}
