/** How long content is kept: shown, changed; what is due: planned, deleted. */
import { isoTime } from '@deponent/format'
import type { RetentionRun } from '../../expiry/run-register.ts'
import { lint } from '../../retention/lint.ts'
import { bodyAs } from '../body.ts'
import { type Call, type Handler, json } from '../call.ts'
import { retentionRequest, runRequest } from '../routes/retention.ts'

/** What there is to say while no system has a policy. */
const UNSET = {
  code: 'retention_unset',
  system: '*',
  message: 'no retention is configured, so nothing is ever deleted',
}

export const getRetention: Handler = (call) => json(told(call))

export const putRetention: Handler = async (call) => {
  const { caller, request, services } = call
  const { reason, ...settings } = await bodyAs(request, retentionRequest)
  await services.retention.change(settings, reason, caller.actor('retention'), services.clock.now())
  return json(told(call))
}

export const planRetention: Handler = async (call) => {
  const plan = await call.services.expiry.plan()
  const systems = plan.systems.filter(({ system }) => call.permit.reachesSystem(system))
  return json({ ...plan, systems })
}

export const listRetentionRuns: Handler = ({ look, services }) => {
  const items = services.expiry.runs().map(toldOf)
  look.count = items.length
  return json({ items })
}

export const runRetention: Handler = async ({ caller, request, services }) => {
  const { planDigest, reason } = await bodyAs(request, runRequest)
  return json(toldOf(await services.expiry.run(caller.actor('retention'), reason, planDigest)), 202)
}

function told({ permit, services }: Call): object {
  const { clock, retention } = services
  const { settings } = retention
  const reached = ({ system }: { system: string }): boolean => system === '*' || permit.reachesSystem(system)
  const systems = Object.entries(settings.systems).filter(([system]) => reached({ system }))
  return {
    ...settings,
    systems: Object.fromEntries(systems),
    statedAt: retention.statedAt === undefined ? null : isoTime(retention.statedAt),
    isConfirmed: retention.isConfirmed,
    waitsForSecondPerson: retention.asked !== undefined,
    findings: retention.isSet ? lint(settings, clock.now(), retention.statedAt).filter(reached) : [UNSET],
  }
}

function toldOf({ startedAt, endedAt, failure, ...run }: RetentionRun): object {
  return {
    ...run,
    startedAt: isoTime(startedAt),
    endedAt: endedAt === undefined ? null : isoTime(endedAt),
    failure: failure ?? null,
  }
}
