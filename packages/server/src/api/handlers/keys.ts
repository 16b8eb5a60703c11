/** Keys and the policy: made, changed and shown. Each change is a record before it takes effect. */
import { told } from '../../access/identity.ts'
import type { MadeKey } from '../../access/key-change.ts'
import type { Policy } from '../../access/policy.ts'
import { bodyAs } from '../body.ts'
import { type Handler, json } from '../call.ts'
import { keyRequest, policyRequest, rotateRequest } from '../routes/access.ts'

export const listKeys: Handler = ({ look, services }) => {
  const items = services.control.identities.map(told)
  look.count = items.length
  return json({ items })
}

export const makeKey: Handler = async ({ caller, request, services }) => {
  const { control, tenant } = services
  const { subject, expiresAt, emitter, period, ...asked } = await bodyAs(request, keyRequest)
  const key = await control.make(
    {
      ...asked,
      period: spanOf(period),
      expiresAt: expiresAt === null ? null : Date.parse(expiresAt),
      ...(emitter !== undefined && { emitter }),
      ...(subject !== undefined && { subject: tenant.reader.handlesOf(subject)[0]! }),
    },
    caller.actor('keys'),
  )
  return json(madeKey(key), 201)
}

export const rotateKey: Handler = async ({ caller, params, request, services }) => {
  const { overlapSeconds } = await bodyAs(request, rotateRequest)
  const key = await services.control.rotate(params.id ?? '', overlapSeconds * 1_000, caller.actor('keys'))
  return json(madeKey(key), 201)
}

export const revokeKey: Handler = async ({ caller, params, services }) => {
  const identity = await services.control.revoke(params.id ?? '', caller.actor('keys'))
  return json({ identity: told(identity) })
}

export const getPolicy: Handler = ({ services }) => json(services.control.policy)

export const putPolicy: Handler = async ({ caller, request, services }) => {
  const { reason, ...policy } = await bodyAs(request, policyRequest)
  // zod writes an absent member as `undefined` in its type; there is none in what was read from JSON.
  return json(await services.control.changePolicy(policy as Policy, reason, caller.actor('policy')))
}

function madeKey({ identity, keyId, token }: MadeKey): object {
  return { identity: told(identity), keyId, key: token }
}

/** Without members that are there and undefined. */
function spanOf({ from, to }: { from?: number | undefined; to?: number | undefined }): {
  from?: number
  to?: number
} {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}
