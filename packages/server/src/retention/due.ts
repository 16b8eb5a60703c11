/**
 * When the content of a record goes, by the policies of its system: not before the last floor and the last period have passed, and by the
 * first ceiling. A ceiling before a floor is a conflict that people must resolve; what cannot be told is kept.
 */
import { addPeriod, parsePeriod } from '../calendar/period.ts'
import { isOfSystem, type Layer } from './presets.ts'
import {
  type Policy,
  policyOf,
  type RetentionSettings,
  retentionOf,
  type SystemRetention,
} from './settings.ts'

/** What is to become of the content of a record, and by which policy. Times are Unix milliseconds. */
export type Due =
  /** It goes at this time. */
  | { readonly state: 'until'; readonly at: number; readonly policy: string }
  /** Nothing says that it ever goes. */
  | {
      readonly state: 'kept'
      readonly why: 'no_policy' | 'floors_only' | 'permanent'
      readonly policy?: string
    }
  /** A date or a period is not stated. */
  | { readonly state: 'unknown'; readonly why: 'trigger' | 'period'; readonly policy: string }
  /** It must go by `ceiling` before it may by `floor`. */
  | { readonly state: 'conflict'; readonly floor: string; readonly ceiling: string }

interface Ending {
  readonly policy: Policy
  /** Infinity for one that never ends. */
  readonly at: number
}

/** What becomes of the payload of a record of this system whose own time is `at`. */
export function dueOf(settings: RetentionSettings, system: string, at: number): Due {
  const retention = retentionOf(settings, system)
  const policies = retention ? policiesOn(settings, retention, ['payload', 'identity']) : []
  if (!retention || policies.length === 0) return { state: 'kept', why: 'no_policy' }
  const endings: Ending[] = []
  for (const policy of policies) {
    const ending = endOf(policy, retention, at)
    if (typeof ending === 'string') return { state: 'unknown', why: ending, policy: policy.id }
    endings.push({ policy, at: ending })
  }
  return resolved(endings)
}

/** The policies of a system that speak of these layers. */
export function policiesOn(
  settings: RetentionSettings,
  { policies }: SystemRetention,
  layers: readonly Layer[],
): Policy[] {
  return policies.flatMap((id) => {
    const policy = policyOf(settings, id)
    return policy && layers.includes(policy.layer) ? [policy] : []
  })
}

/** When the time of a policy is over, or what is missing to tell. */
function endOf(
  { period, trigger }: Policy,
  { triggers }: SystemRetention,
  at: number,
): number | 'trigger' | 'period' {
  if (period === null) return 'period'
  if (period === 'permanent') return Number.POSITIVE_INFINITY
  if (trigger === 'event') return addPeriod(at, parsePeriod(period)!)
  const stated = isOfSystem(trigger) ? triggers[trigger] : undefined
  // What was recorded after the date counts from its own.
  return stated === undefined ? 'trigger' : addPeriod(Math.max(at, Date.parse(stated)), parsePeriod(period)!)
}

function resolved(endings: readonly Ending[]): Due {
  const last = (bound: Policy['bound']): Ending | undefined => extreme(endings, bound, (a, b) => a.at > b.at)
  const floor = last('floor')
  const period = last('period')
  const ceiling = extreme(endings, 'ceiling', (a, b) => a.at < b.at)
  if (ceiling && floor && ceiling.at < floor.at)
    return { state: 'conflict', floor: floor.policy.id, ceiling: ceiling.policy.id }
  const kept = later(floor, period)
  if (!ceiling && !period) return { state: 'kept', why: kept?.at === Infinity ? 'permanent' : 'floors_only' }
  const goes = ceiling && (!period || ceiling.at < kept!.at) ? ceiling : kept!
  if (goes.at === Infinity) return { state: 'kept', why: 'permanent', policy: goes.policy.id }
  return { state: 'until', at: goes.at, policy: goes.policy.id }
}

function extreme(
  endings: readonly Ending[],
  bound: Policy['bound'],
  isMore: (a: Ending, b: Ending) => boolean,
): Ending | undefined {
  let found: Ending | undefined
  for (const ending of endings) {
    if (ending.policy.bound === bound && (!found || isMore(ending, found))) found = ending
  }
  return found
}

function later(a: Ending | undefined, b: Ending | undefined): Ending | undefined {
  return a && b ? (a.at > b.at ? a : b) : (a ?? b)
}
