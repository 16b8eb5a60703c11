// Which names of a question are withheld from the one who asks.

import type { Restriction } from '../restriction.ts'
import { QueryError } from './error.ts'

/** Names that say something of another field: whoever may not have that field may not have them. */
const SAYS_SOMETHING_OF: Readonly<Record<string, readonly string[]>> = {
  minConfidence: ['confidence'],
  maxConfidence: ['confidence'],
  score: ['confidence'],
  confidenceKind: ['confidence'],
  minLatencyMs: ['latencyMs'],
  maxLatencyMs: ['latencyMs'],
  'tokenUsage.input': ['inputTokens', 'tokenUsage'],
  'tokenUsage.output': ['outputTokens', 'tokenUsage'],
  inputTokens: ['tokenUsage.input', 'tokenUsage'],
  outputTokens: ['tokenUsage.output', 'tokenUsage'],
  completenessProfile: ['completeness'],
  missingFields: ['completeness'],
  from: ['at'],
  to: ['at'],
  month: ['at'],
  day: ['at'],
  hour: ['at'],
}

/** The field that keeps a name from being used; undefined when it may be. */
function withheldBehind(restriction: Restriction, name: string): string | undefined {
  const others = Object.hasOwn(SAYS_SOMETHING_OF, name) ? SAYS_SOMETHING_OF[name]! : []
  return [name, ...others].find((field) => restriction.withholds(field))
}

export function isWithheld(restriction: Restriction, name: string): boolean {
  return withheldBehind(restriction, name) !== undefined
}

/** @throws QueryError 'field_forbidden' when a name is withheld */
export function refuseWithheld(restriction: Restriction, ...names: readonly string[]): void {
  for (const name of names) {
    const field = withheldBehind(restriction, name)
    if (field !== undefined)
      throw new QueryError('field_forbidden', field, 'a field this caller may ask about', 'a withheld one')
  }
}
