/**
 * Who asks, of which ledger, and whether they may: the one place where a request becomes a caller with a permit.
 *
 * A key belongs to one ledger, and a request with it is about that ledger. The token of first start belongs to every ledger and
 * names one in `Deponent-Ledger`. Another ledger than one's own does not exist: it is answered like one that never was.
 */
import type { Action } from '../access/action.ts'
import { adminTokenOf, ADMIN_TOKEN_ID, type Caller, callerOf } from '../access/caller.ts'
import { Permit } from '../access/policy.ts'
import { type ActionClass, retryAfter } from '../access/rate-limit.ts'
import { sessionCookieOf } from '../access/session-cookie.ts'
import type { Session } from '../access/sessions.ts'
import { bearerOf, exporterKeyOf, sameToken } from '../access/token.ts'
import type { Connection } from '../platform/connection.ts'
import type { LedgerServices, ServerServices } from './call.ts'
import { concealed, Problem } from './problem.ts'
import type { Route } from './route.ts'

/** Somebody who showed a key, or on an open route nobody in particular. */
export interface Visitor {
  readonly caller: Caller
  readonly ledger: LedgerServices
  /** The session of the browser, when that is how they came. */
  readonly session?: Session
}

/** Somebody without a key, on a route that needs none. */
export const ANYBODY: Caller = {
  id: 'anybody',
  name: 'anybody',
  roles: [],
  systems: [],
  purposes: null,
  keyId: '',
  expiresAt: null,
  permit: () => undefined,
  actor: () => ({ id: 'anybody', name: 'anybody', role: 'none' }),
  smallCells: () => undefined,
  mayRecordFor: () => false,
}

/** What whoever came through an open door may do there: nothing that asks for a permit. */
const NOTHING = new Permit('status', [], undefined)
/** A route that any key opens, or that judges its callers itself. */
const WHATEVER_THE_KEY = new Permit('settings', [], undefined)

export class Doorkeeper {
  readonly #server: ServerServices

  constructor(server: ServerServices) {
    this.#server = server
  }

  /** Whoever shows a key or a session; anybody where the door is open. @throws Problem 401, 403, 404, 429 */
  admit(route: Route, request: Request, from: Connection): Visitor {
    const visitor = this.#visitorOf(route, request, from)
    if (visitor) return visitor
    if (route.action === 'open' || isPublic(route, this.#server)) return this.#anybody()
    const hasKey = request.headers.has('authorization') || keyIn(route, request) !== undefined
    throw this.#unauthorized(hasKey, from)
  }

  /** The visitor at the ledger that the address names, which must be one's own where it is not open. @throws Problem 404 */
  enter(visitor: Visitor, route: Route, { name }: Record<string, string>): Visitor {
    if (name === undefined || name === visitor.ledger.tenant.name) return visitor
    const { ledgers, clock } = this.#server
    const ledger = ledgers.get(name)
    if (!ledger) throw noSuchLedger()
    if (isPublic(route, this.#server)) return { ...visitor, ledger }
    if (visitor.caller.keyId !== ADMIN_TOKEN_ID) throw concealed(NO_SUCH_LEDGER)
    return { ...visitor, ledger, caller: adminTokenOf(ledger.control, clock.now) }
  }

  /** Keeps one party from taking all there is. @throws Problem 429 */
  pace({ caller }: Visitor, { action }: Route, { remoteAddress }: Connection): void {
    const pace = PACES[action]
    if (pace === undefined) return
    const waitMs = this.#server.rateLimit.take(pace === 'session' ? remoteAddress : caller.id, pace)
    if (waitMs === 0) return
    const headers = { 'Retry-After': retryAfter(waitMs) }
    throw new Problem(429, 'rate_limited', 'this key asks too often', {}, headers)
  }

  /** What a visitor may do by a route; 403 when nothing. */
  permitFor({ caller, ledger }: Visitor, route: Route): Permit {
    const { action } = route
    if (action === 'open' || isPublic(route, this.#server)) return NOTHING
    if (action === 'any') return WHATEVER_THE_KEY
    if (action === 'installation') {
      if (caller.keyId === ADMIN_TOKEN_ID) return WHATEVER_THE_KEY
      throw forbidden('only the token of first start does this')
    }
    const permit = caller.permit(action)
    if (!permit) throw forbidden('the roles of this key do not allow this')
    if (FOR_THE_WHOLE.has(action) && !permit.isWhole)
      throw forbidden('this concerns the whole ledger, and the key is narrowed to a part of it')
    if (ledger.control.archivedAt !== null && ENDS_WITH_ARCHIVING.has(action))
      throw new Problem(403, 'ledger_archived', 'this ledger is archived and takes no more records')
    return permit
  }

  #visitorOf(route: Route, request: Request, from: Connection): Visitor | undefined {
    const token = keyIn(route, request)
    if (token !== undefined) return this.#byToken(token, request)
    const cookie = sessionCookieOf(request.headers.get('cookie'), from.isSecure)
    const session = cookie === undefined ? undefined : this.#server.sessions.read(cookie)
    return session && this.#bySession(session, request)
  }

  #byToken(token: string, request: Request): Visitor | undefined {
    const server = this.#server
    if (sameToken(token, server.adminToken)) return this.#withAdminToken(request)
    for (const ledger of server.ledgers.all()) {
      const held = ledger.control.holderOf(token)
      if (held) return { ledger, caller: callerOf(ledger.control, held, server.clock.now) }
    }
    return undefined
  }

  #bySession(session: Session, request: Request): Visitor | undefined {
    const server = this.#server
    const { sessions } = server
    if (!['GET', 'HEAD'].includes(request.method)) {
      if (!sessions.isCsrf(session, request.headers.get('deponent-csrf')))
        throw new Problem(
          403,
          'csrf_missing',
          'a request of a session that changes something carries Deponent-CSRF',
        )
    }
    if (session.key === ADMIN_TOKEN_ID) return { ...this.#withAdminToken(request), session }
    const ledger = server.ledgers.get(session.ledger)
    const held = ledger?.control.holderById(session.identity, session.key)
    return ledger && held && { ledger, caller: callerOf(ledger.control, held, server.clock.now), session }
  }

  #withAdminToken(request: Request): Visitor {
    const { ledgers, clock } = this.#server
    const named = request.headers.get('deponent-ledger')
    const ledger = named === null ? ledgers.default : ledgers.get(named)
    if (!ledger) throw noSuchLedger()
    return { ledger, caller: adminTokenOf(ledger.control, clock.now) }
  }

  #anybody(): Visitor {
    return { caller: ANYBODY, ledger: this.#server.ledgers.default }
  }

  /** A wrong key counts against its address; no key at all is no attempt. */
  #unauthorized(hasKey: boolean, { remoteAddress }: Connection): Problem {
    const { lockout } = this.#server
    const challenge = { 'WWW-Authenticate': 'Bearer' }
    if (hasKey) {
      lockout.failed(remoteAddress)
      const waitMs = lockout.waitMs(remoteAddress)
      if (waitMs > 0) {
        const headers = { 'Retry-After': retryAfter(waitMs) }
        return new Problem(429, 'locked_out', 'too many wrong keys came from this address', {}, headers)
      }
    }
    return new Problem(401, 'unauthorized', 'a valid key is needed: Authorization: Bearer KEY', {}, challenge)
  }
}

/** The key of a request, wherever the clients of its route put it. */
function keyIn({ speaks }: Route, { headers }: Request): string | undefined {
  return speaks !== undefined ? exporterKeyOf(headers) : bearerOf(headers.get('authorization'))
}

/** How often what may be done; open doors are paced by nobody, being cheap. */
const PACES: Readonly<Record<Route['action'], ActionClass | undefined>> = {
  open: undefined,
  any: 'read',
  installation: 'manage',
  record: 'record',
  review: 'record',
  list: 'read',
  read: 'read',
  reveal: 'read',
  export: 'sql',
  aggregate: 'read',
  sql: 'sql',
  lookup: 'sql',
  models: 'read',
  prove: 'read',
  ledger: 'read',
  status: 'read',
  metrics: 'read',
  systems: 'read',
  access: 'read',
  own_access: 'read',
  own_export: 'sql',
  persons: 'sql',
  rights: 'manage',
  holds: 'read',
  hold: 'manage',
  keys: 'manage',
  policy: 'manage',
  ledgers: 'manage',
  privacy: 'manage',
  retention: 'manage',
  operate: 'manage',
  settings: 'read',
  erase: 'read',
  erasures: 'read',
}

/** Whoever reaches a part of a ledger must not hand out, or decide about, more than that. */
const FOR_THE_WHOLE: ReadonlySet<Action> = new Set([
  'keys',
  'policy',
  'privacy',
  'retention',
  'operate',
  'ledgers',
  'persons',
  'rights',
  'holds',
  'hold',
  'erase',
  'erasures',
])

const ENDS_WITH_ARCHIVING: ReadonlySet<Action> = new Set(['record', 'review'])

function isPublic({ action }: Route, { settings }: ServerServices): boolean {
  return (action === 'ledger' && settings.publicLedger) || (action === 'metrics' && settings.publicMetrics)
}

function forbidden(detail: string): Problem {
  return new Problem(403, 'forbidden', detail)
}

const NO_SUCH_LEDGER = 'no such ledger'

function noSuchLedger(): Problem {
  return new Problem(404, 'not_found', NO_SUCH_LEDGER)
}
