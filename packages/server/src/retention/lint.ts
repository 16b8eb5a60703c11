/** What somebody should know of retention settings before they are in force: nothing here refuses them. */
import { isoTime } from '@deponent/format'
import { addPeriod, daysOf, parsePeriod, type Period } from '../calendar/period.ts'
import { dueOf } from './due.ts'
import { isOfSystem, presetOf } from './presets.ts'
import {
  EVERY_SYSTEM,
  type Policy,
  policyOf,
  type RetentionSettings,
  type SystemRetention,
} from './settings.ts'

export type LintCode =
  | 'conflict'
  | 'day_count_misses_years'
  | 'floor_as_target'
  | 'floor_without_end'
  | 'indefinite_without_review'
  | 'layer_not_deleted'
  | 'no_justification'
  | 'not_in_production'
  | 'nothing_for_others'
  | 'period_not_stated'
  | 'preset_changed'
  | 'review_overdue'
  | 'trigger_not_stated'

export interface Lint {
  readonly code: LintCode
  readonly system: string
  readonly policy?: string
  readonly message: string
}

/** Days of a year that a count of days may stand for. */
const YEAR_DAYS = 365
/** A count within so many days of whole years is taken to mean years. */
const NEARLY_DAYS = 3
const SIX_MONTHS: Period = { months: 6, days: 0 }
/** Longer than that, the person may ask why: GDPR Art. 5(1)(e). */
const JUSTIFIED_FROM_DAYS = 2 * YEAR_DAYS

/** Everything there is to say of these settings. `now`, and `statedAt`, when somebody stated them last: Unix milliseconds. */
export function lint(settings: RetentionSettings, now: number, statedAt?: number): Lint[] {
  const said = Object.entries(settings.systems).flatMap(([system, retention]) => [
    ...retention.policies.flatMap((id) => {
      const policy = policyOf(settings, id)
      return policy
        ? [...ofPolicy(system, retention, policy), ...ofReview(system, policy, now, statedAt)]
        : []
    }),
    ...ofSystem(settings, system, retention, now),
  ])
  if (Object.hasOwn(settings.systems, EVERY_SYSTEM)) return said
  const message = 'systems that are not named have no policy: nothing of theirs is ever deleted'
  return [...said, { code: 'nothing_for_others', system: EVERY_SYSTEM, message }]
}

function ofPolicy(system: string, { isHighRisk, triggers }: SystemRetention, policy: Policy): Lint[] {
  const { bound, id, justification, layer, reviewEvery, trigger } = policy
  const said: Lint[] = []
  const say = (code: LintCode, message: string): void => {
    said.push({ code, system, policy: id, message })
  }
  const period = policy.period === null ? undefined : parsePeriod(policy.period)
  if (policy.period === null)
    say('period_not_stated', 'the law leaves the period to the operator: state one, or nothing is deleted')
  if (policy.period === 'permanent' && reviewEvery === undefined)
    say('indefinite_without_review', 'no law says permanent: state how often it is reviewed (reviewEvery)')
  if (trigger !== 'event' && !(isOfSystem(trigger) && triggers[trigger] !== undefined))
    say(
      'trigger_not_stated',
      `the period counts from ${trigger}, which is not stated: until then nothing is deleted`,
    )
  if (layer !== 'payload' && layer !== 'identity')
    say(
      'layer_not_deleted',
      `it speaks of the layer ${layer}: the server deletes the content of records and nothing else`,
    )
  if (presetOf(id) && isChanged(policy))
    say('preset_changed', 'period, bound or trigger are not those of the preset of this name')
  if (period) {
    const years = yearsMeant(period)
    if (years !== undefined)
      say(
        'day_count_misses_years',
        `${period.days} days are up to ${daysOf({ months: 12 * years, days: 0 }).most - period.days} days short of ${years} calendar years: P${years}Y counts those`,
      )
    if (bound === 'period' && isSixMonths(period))
      say(
        'floor_as_target',
        'six months are what logs are kept at least (EU AI Act Art. 19(1)), and no target: claims come later',
      )
    if (isHighRisk && bound !== 'floor' && daysOf(period).fewest < daysOf(SIX_MONTHS).most)
      say(
        'not_in_production',
        'shorter than the six months of EU AI Act Art. 19(1), for a system of high risk',
      )
    if (bound === 'period' && daysOf(period).fewest > JUSTIFIED_FROM_DAYS && justification === undefined)
      say('no_justification', 'longer than two years: GDPR Art. 5(1)(e) asks why (justification)')
  }
  return said
}

function ofReview(
  system: string,
  { id, reviewEvery }: Policy,
  now: number,
  statedAt: number | undefined,
): Lint[] {
  const every = reviewEvery === undefined ? undefined : parsePeriod(reviewEvery)
  if (!every || statedAt === undefined || addPeriod(statedAt, every) > now) return []
  const message = `it is to be reviewed every ${reviewEvery}, and nobody has stated it again since ${isoTime(statedAt)}`
  return [{ code: 'review_overdue', system, policy: id, message }]
}

function ofSystem(
  settings: RetentionSettings,
  system: string,
  { policies }: SystemRetention,
  now: number,
): Lint[] {
  const due = dueOf(settings, system, now)
  if (due.state === 'conflict')
    return [
      {
        code: 'conflict',
        system,
        policy: due.ceiling,
        message: `${due.ceiling} would have it deleted before ${due.floor} lets it: nothing is deleted until people resolve this`,
      },
    ]
  if (due.state === 'kept' && due.why === 'floors_only' && policies.length > 0)
    return [
      {
        code: 'floor_without_end',
        system,
        message:
          'there are floors only: they say how long content stays at least, and nothing says when it goes. Moving it to an archive deletes nothing',
      },
    ]
  return []
}

/** How many years a count of days seems to stand for, when it falls short of as many of the calendar. */
function yearsMeant({ months, days }: Period): number | undefined {
  if (months > 0) return undefined
  const years = Math.round(days / YEAR_DAYS)
  if (years < 1 || Math.abs(days - years * YEAR_DAYS) > NEARLY_DAYS) return undefined
  return days < daysOf({ months: 12 * years, days: 0 }).most ? years : undefined
}

function isSixMonths(period: Period): boolean {
  const { fewest, most } = daysOf(period)
  const six = daysOf(SIX_MONTHS)
  return fewest >= six.fewest - 1 && most <= six.most + 1
}

function isChanged({ bound, id, period, trigger }: Policy): boolean {
  const preset = presetOf(id)!
  return (
    preset.bound !== bound ||
    preset.trigger !== trigger ||
    (preset.period !== null && preset.period !== period)
  )
}
