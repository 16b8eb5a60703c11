import { atWork, DAY_MS, HOUR_MS, iso, MINUTE_MS } from './calendar.ts'
import { STAFF, SYSTEMS } from './company.ts'
import { trueScore } from './credit-application.ts'
import type { Application } from './credit-application.ts'
import type { ScoredCase } from './credit-decision.ts'
import type { DemoRecord } from './demo-record.ts'
import type { Person } from './people.ts'
import { round4 } from './scorer-model.ts'
import { isBroken } from './story.ts'
import type { Story } from './story.ts'

/** Whether the loan is granted in the end, when that was known, and what the officer left on record. */
interface Reviewed {
  at: number
  approved: boolean
  records: DemoRecord[]
}

/** An officer looks at what must be reviewed and at a sample of the rest. */
export function review(story: Story, application: Application, scored: ScoredCase): Reviewed {
  const { at, chance } = application
  const { approved } = scored.score
  if (!scored.reviewRequired && !chance.happens(sampleRate(story, application, approved))) {
    return { at, approved, records: [] }
  }
  const openedAt = atWork(at + Math.round(chance.around(55 * MINUTE_MS, 0.8)))
  const reviewedAt = openedAt + Math.round(chance.around(6 * MINUTE_MS, 0.5))
  const reason = overrideReason(application, scored)
  const granted = reason === undefined ? approved : !approved
  const record = {
    timestamp: iso(reviewedAt),
    system: SYSTEMS.scorer,
    decisionId: application.decisionId,
    reviewerId: chance.pick(STAFF.officers),
    reviewerRole: 'credit-officer',
    queue: scored.reviewRequired ? 'borderline' : 'sample',
    queuedAt: iso(at),
    openedAt: iso(openedAt),
    closedAt: iso(reviewedAt),
    verdict: reason === undefined ? 'agree' : 'override',
    humanDecision: granted ? 'approve' : 'decline',
    ...(reason === undefined ? {} : { overrideReason: reason }),
  }
  return { at: reviewedAt, approved: granted, records: [{ at: reviewedAt, kind: 'review', record }] }
}

/** Officers look at some declines by themselves, and at many more once the broken release had made itself felt. */
function sampleRate(story: Story, { at }: Application, approved: boolean): number {
  if (approved) return 0.015
  return isBroken(story, at) ? 0.2 + 0.3 * daysIntoBroken(story, at) : 0.1
}

/** 0 on the day of the broken deployment, 1 on the day of its rollback. */
function daysIntoBroken({ broken }: Story, at: number): number {
  return (at - broken.deployedAt) / (broken.rolledBackAt - broken.deployedAt)
}

function overrideReason(application: Application, { model, score: result }: ScoredCase): string | undefined {
  const { person, chance } = application
  const incomeLost = model.incomeSource === 'payroll-feed' && !person.onPayroll
  if (incomeLost && !result.approved && trueScore(application).approved) {
    return chance.happens(0.85) ? `income shown as 0, but ${proofOfIncome(person)}` : undefined
  }
  if (!chance.happens(0.07)) return undefined
  return result.approved
    ? chance.pick(['employer under insolvency', 'documents do not match the application'])
    : chance.pick([
        'second income of the household not considered',
        'missed payments were a bank error',
        'guarantor',
      ])
}

function proofOfIncome({ employment }: Person): string {
  if (employment === 'pensioner') return 'the pension statement is in the file'
  return employment === 'student' ? 'the grant letter is in the file' : 'the tax assessment is in the file'
}

/** Four of five granted loans are taken up; each ends as repaid on schedule after 90 days, or in default before. */
export function repayment(application: Application): DemoRecord[] {
  const { at, person, chance } = application
  if (!chance.happens(0.8)) return []
  const repaid = chance.happens(1 / (1 + Math.exp(-(trueScore(application).logOdds + person.reliability))))
  const days = repaid ? 90 : Math.floor(chance.between(31, 90))
  const seenAt = at + days * DAY_MS + 5 * HOUR_MS
  const record = {
    timestamp: iso(seenAt),
    system: SYSTEMS.scorer,
    decisionId: application.decisionId,
    outcome: repaid ? 1 : 0,
    comment: repaid ? 'on schedule after 90 days' : 'default',
    source: 'loan-accounts',
  }
  return [{ at: seenAt, kind: 'outcome', record }]
}

/** Some of the declined ask a human to decide again, more of them when the refusal made no sense. */
export function contest(story: Story, application: Application, declinedAt: number): DemoRecord[] {
  const { person, chance } = application
  const senseless = isBroken(story, application.at) && !person.onPayroll
  if (!chance.happens(senseless ? 0.22 : 0.03)) return []
  const at = Math.round(declinedAt + chance.between(0.3, 6) * DAY_MS)
  const record = {
    timestamp: iso(at),
    system: SYSTEMS.scorer,
    decisionId: application.decisionId,
    actor: person.id,
    channel: chance.pick(['letter', 'portal', 'phone']),
    statement: senseless
      ? 'My income is stated in the application and was not looked at.'
      : 'I do not understand why I was declined and ask for a person to look at it.',
  }
  return [{ at, kind: 'contest', record }, ...contestAnswer(application, at)]
}

function contestAnswer(application: Application, contestedAt: number): DemoRecord[] {
  const { chance } = application
  const at = atWork(contestedAt + Math.round(chance.around(2 * DAY_MS, 0.5)))
  const { approved, probability } = trueScore(application)
  const record = {
    timestamp: iso(at),
    system: SYSTEMS.scorer,
    decisionId: application.decisionId,
    reviewerId: chance.pick(STAFF.officers),
    reviewerRole: 'credit-officer',
    queue: 'contests',
    verdict: approved ? 'reverse' : 'agree',
    humanDecision: approved ? 'approve' : 'decline',
    ...(approved
      ? { overrideReason: `scored again by hand with documented income: ${round4(probability)}` }
      : {}),
  }
  return [{ at, kind: 'review', record }]
}
