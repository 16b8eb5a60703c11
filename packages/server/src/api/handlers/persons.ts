/** What is kept of one person, and what is done for them. */
import { type Survey, surveyOf } from '../../rights/survey.ts'
import type { Standing } from '../../rights/rights.ts'
import { bodyAs } from '../body.ts'
import { type Handler, json } from '../call.ts'
import { momentsOf } from '../moments.ts'
import { Problem } from '../problem.ts'
import { restrictionOf, withLeftOut } from '../restriction.ts'
import { mergeRequest, rectificationRequest, restrictionRequest, splitRequest } from '../routes/persons.ts'
import { told as toldHold } from './holds.ts'
import { decisionEntriesOf, decisionEntryOf } from './recording.ts'
import { toldRequest } from './requests.ts'

export const getSubject: Handler = async ({ params, services }) => {
  const { clock, tenant } = services
  const subject = params.subject ?? ''
  const { rights } = tenant
  const scopes = rights.scopesOf(subject)
  const survey = await surveyOf(rights.entries.entries(scopes))
  const standing = rights.standingOf(subject, survey.entries)
  if (survey.entries.length === 0 && standing.erasures.length === 0) throw nobody()
  return json({
    handle: scopes[0],
    ids: scopes.length,
    ...countsOf(survey),
    ...toldStanding(standing, clock.now()),
    asOf: { size: tenant.ledger.size },
  })
}

export const listSubjectDecisions: Handler = async (call) => {
  const { params, query, services } = call
  const restriction = restrictionOf(call)
  const asked: [string, string][] = [...query, ['subject', params.subject ?? '']]
  const list = await services.projection.list(asked, restriction)
  call.look.objects = list.items.map(({ id }) => id)
  call.look.count = list.items.length
  return json(withLeftOut(list, restriction))
}

export const rectifySubject: Handler = async (call) => {
  const { caller, params, request, services } = call
  const { decision, ...asked } = await bodyAs(request, rectificationRequest)
  if (asked.values === undefined && asked.statement === undefined)
    throw new Problem(400, 'missing_field', 'values or a statement say what is right', { field: '/values' })
  const entry = await decisionEntryOf(call, decision, '/decision')
  const subject = params.subject ?? ''
  const { persons } = services.tenant.rights
  const kept = await persons.rectify({ ...asked, subject, entry }, caller.actor('rights'))
  return json({ entry: kept, corrects: entry }, 201)
}

export const restrictSubject: Handler = async (call) => {
  const { caller, params, request, services } = call
  const { isRestricted, decisions = [], ...asked } = await bodyAs(request, restrictionRequest)
  const ids = (await decisionEntriesOf(call, decisions, '/decisions')).map(({ id }) => id)
  const { rights } = services.tenant
  const subject = params.subject ?? ''
  const given = { ...momentsOf(asked, ['informedAt']), decisions: ids, subject }
  const by = caller.actor('rights')
  const entry = await (isRestricted
    ? rights.persons.restrict(given, by)
    : rights.persons.unrestrict(given, by))
  return json({ entry, restrictedBy: rights.standingOf(subject, []).restrictedBy }, 201)
}

export const mergeSubjects: Handler = async ({ caller, request, services }) => {
  const { from, into, reason } = await bodyAs(request, mergeRequest)
  const { rights } = services.tenant
  const entry = await rights.persons.merge(from, into, reason, caller.actor('rights'))
  return json({ mergeId: entry.id, handles: rights.scopesOf(into) }, 201)
}

export const splitSubjects: Handler = async ({ caller, request, services }) => {
  const { mergeId, reason } = await bodyAs(request, splitRequest)
  const entry = await services.tenant.rights.persons.split(mergeId, reason, caller.actor('rights'))
  return json({ entry }, 201)
}

export function nobody(): Problem {
  return new Problem(404, 'not_found', 'nobody of this id is known')
}

/** What holds for a person, as it is told: no words of anybody. */
export function toldStanding(
  { erasures, holds, merges, requests, restrictedBy }: Standing,
  now: number,
): object {
  return {
    restrictedBy,
    isObjected: restrictedBy.includes('objection'),
    requests: requests.map((request) => toldRequest(request, now)),
    holds: holds.map((hold) => toldHold(hold, now)),
    erasures: erasures.map(({ requestedAt, ...erasure }) => ({
      ...erasure,
      requestedAt: new Date(requestedAt).toISOString(),
    })),
    merges: merges.map(({ at, id }) => ({ mergeId: id, at: new Date(at).toISOString() })),
  }
}

function countsOf({ entries, first, kinds, last, systems }: Survey): object {
  return {
    records: entries.length,
    kinds: Object.fromEntries(kinds),
    systems: Object.fromEntries(systems),
    first: first === undefined ? null : new Date(first).toISOString(),
    last: last === undefined ? null : new Date(last).toISOString(),
  }
}
