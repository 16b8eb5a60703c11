/** Who outside is asked about which ledger. */
import type { Policy } from '@deponent/format'
import type { Outside } from '../ledger/anchoring.ts'
import { DEFAULT_LEDGER } from './ledger-name.ts'
import { ExplainedError } from '../platform/explained-error.ts'

/** The witnesses that were named are witnesses of other ledgers. */
export class PolicyElsewhere extends ExplainedError {}

/**
 * Who is asked about the checkpoints of a ledger. A policy that names logs is about those, and asking its witnesses about another would
 * only be refused: it does not speak of a ledger it does not name. That the first one is not among them is a mistake, and an error.
 */
export function outsideFor(configured: Outside, ledger: string, origin: string): Outside | undefined {
  const { policy, ...others } = configured
  if (!policy || speaksOf(policy, origin)) return configured
  if (ledger === DEFAULT_LEDGER)
    throw new PolicyElsewhere(`the witness policy names logs, and this ledger, ${origin}, is not among them`)
  return others.timestampUrls.length > 0 ? others : undefined
}

function speaksOf({ logs }: Policy, origin: string): boolean {
  return logs.length === 0 || logs.some(({ key }) => key.name === origin)
}
