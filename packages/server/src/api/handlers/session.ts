/** Who the caller is, and the cookie by which a browser goes on being them. */
import { ACTION_NAMES } from '../../access/action.ts'
import { ADMIN_TOKEN_ID } from '../../access/caller.ts'
import { FIELD_CLASSES } from '../../access/field-class.ts'
import { clearSessionCookie, setSessionCookie } from '../../access/session-cookie.ts'
import type { Session } from '../../access/sessions.ts'
import { type Call, type Handler, json } from '../call.ts'
import { Problem } from '../problem.ts'
import { CLEAR_SITE_DATA } from '../security-headers.ts'

/** A session in use is issued again before it is idle for too long. */
export const getSession: Handler = (call) => {
  const { browser, from, services } = call
  const value = browser && services.sessions.reissue(browser)
  const cookie = value === undefined ? undefined : setSessionCookie(value, from.isSecure)
  return json(sessionOf(call, browser), 200, cookie === undefined ? {} : { 'Set-Cookie': cookie })
}

/** Takes a key, gives a cookie: the page need not keep the key. */
export const beginSession: Handler = (call) => {
  const { caller, from, services } = call
  if (call.browser)
    throw new Problem(400, 'key_needed', 'a session begins with a key: Authorization: Bearer KEY')
  const owner = { identity: caller.id, key: caller.keyId, ledger: services.tenant.name }
  const { session, value } = services.sessions.issue(owner)
  return json(sessionOf(call, session), 201, { 'Set-Cookie': setSessionCookie(value, from.isSecure) })
}

export const endSession: Handler = ({ browser, from, services }) => {
  if (browser) services.sessions.end(browser)
  const headers = { 'Set-Cookie': clearSessionCookie(from.isSecure), ...CLEAR_SITE_DATA }
  return new Response(null, { status: 204, headers })
}

function sessionOf({ caller, purpose, services }: Call, session: Session | undefined): object {
  const { ledgers, sessions, tenant } = services
  const { id, name, roles, systems, subject, purposes } = caller
  const hasPurpose = purpose !== undefined
  const fields =
    (caller.permit('read') ?? caller.permit('aggregate'))?.fieldsSomewhere(hasPurpose) ?? new Set()
  const isEverywhere = caller.keyId === ADMIN_TOKEN_ID
  return {
    identity: { id, name, roles, systems, ...(subject !== undefined && { subject }) },
    ledger: tenant.name,
    ledgers: isEverywhere ? ledgers.all().map((ledger) => ledger.tenant.name) : [tenant.name],
    actions: ACTION_NAMES.filter((action) => caller.permit(action) !== undefined),
    fields: FIELD_CLASSES.filter((one) => fields.has(one)),
    smallCells: caller.smallCells('aggregate', hasPurpose) ?? null,
    purposes,
    csrf: session ? sessions.csrfOf(session) : null,
    expiresAt: isoOrNull(session?.expiresAt ?? caller.expiresAt),
  }
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
