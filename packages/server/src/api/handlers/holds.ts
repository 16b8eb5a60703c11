/** Holds: placed, looked at again, and let go of by two people. */
import { type Hold, HOLD_STATES, isPastReview, warningsOf } from '../../rights/holds.ts'
import { bodyAs } from '../body.ts'
import { type Call, type Handler, json } from '../call.ts'
import { chosen, flagged, listParameters, numberPlace, pageOf } from '../list-page.ts'
import { momentsOf } from '../moments.ts'
import { holdRelease, holdReview, newHold } from '../routes/holds.ts'
import { decisionEntriesOf } from './recording.ts'
import { historyOf } from './requests.ts'

export const placeHold: Handler = async (call) => {
  const { caller, request, services } = call
  const { ground, owner, reason, reviewAt, scope } = await bodyAs(request, newHold)
  const { decisions, subjects = [], ...rest } = momentsOf(scope, ['from', 'to'])
  const now = services.clock.now()
  const hold = await services.tenant.rights.holds.place(
    {
      ground,
      owner,
      reason,
      reviewAt: Date.parse(reviewAt),
      subjects,
      scope: { ...definedOf(rest), ...(decisions && (await namedBy(call, decisions))) },
    },
    caller.actor('hold'),
  )
  return json({ ...told(hold, now), warnings: warningsOf(ground, now) }, 201)
}

export const listHolds: Handler = ({ look, query, services }) => {
  const { clock, tenant } = services
  const now = clock.now()
  const parameters = listParameters(query, ['state', 'overdue'])
  const state = chosen(parameters, 'state', HOLD_STATES)
  const overdue = flagged(parameters, 'overdue')
  const found = tenant.rights.holds
    .all()
    .filter((hold) => state === undefined || hold.state === state)
    .filter((hold) => overdue === undefined || isPastReview(hold, now) === overdue)
  const { items, next } = pageOf(found, placeOfHold, parameters)
  look.count = items.length
  const { holds: standing, holdsPastReview: pastReview } = tenant.rights.attention()
  return json({
    items: items.map((hold) => told(hold, now)),
    next,
    asOf: { size: tenant.ledger.size },
    standing,
    pastReview,
  })
}

/** Those that stand first, the newest of them on top. */
function placeOfHold({ records, state }: Hold): string {
  return `${state === 'released' ? 0 : 1}-${numberPlace(records[0]!.index)}`
}

export const getHold: Handler = async (call) => {
  const { clock, tenant } = call.services
  const hold = tenant.rights.holds.get(call.params.id ?? '')
  return json({ ...told(hold, clock.now()), history: await historyOf(call, hold.records) })
}

export const reviewHold: Handler = async ({ caller, params, request, services }) => {
  const { reason, reviewAt } = await bodyAs(request, holdReview)
  const { holds } = services.tenant.rights
  const hold = await holds.review(params.id ?? '', Date.parse(reviewAt), reason, caller.actor('hold'))
  return json(told(hold, services.clock.now()))
}

export const releaseHold: Handler = async ({ caller, params, request, services }) => {
  const { reason } = await bodyAs(request, holdRelease)
  const hold = await services.tenant.rights.holds.release(params.id ?? '', reason, caller.actor('hold'))
  return json(told(hold, services.clock.now()))
}

/** The decisions of a hold by entry id and index, whichever id they were named by. */
async function namedBy(
  call: Call,
  names: readonly string[],
): Promise<{ decisions: string[]; indices: number[] }> {
  const found = await decisionEntriesOf(call, names, '/scope/decisions')
  return { decisions: found.map(({ id }) => id), indices: found.map(({ index }) => index) }
}

/** A hold as it is told: people by handle, no words of anybody. */
export function told(hold: Hold, now: number): object {
  return { ...toldWithoutStaff(hold, now), releasedBy: hold.releasedBy }
}

/** The same without who asks for its release. */
export function toldWithoutStaff(hold: Hold, now: number): object {
  const { placedAt, records, releasedAt, releasedBy: _staff, reviewAt, scope, subjects, ...rest } = hold
  const { from, indices: _, to, ...within } = scope
  return {
    ...rest,
    scope: {
      ...within,
      ...(subjects.length > 0 && { subjects }),
      ...(from !== undefined && { from: new Date(from).toISOString() }),
      ...(to !== undefined && { to: new Date(to).toISOString() }),
    },
    placedAt: new Date(placedAt).toISOString(),
    ...(reviewAt !== undefined && { reviewAt: new Date(reviewAt).toISOString() }),
    isPastReview: isPastReview(hold, now),
    ...(releasedAt !== undefined && { releasedAt: new Date(releasedAt).toISOString() }),
    entry: records[0],
  }
}

function definedOf<T extends object>(value: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>
  }
}
