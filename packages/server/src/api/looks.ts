/** From a request to the record of the look it was. */
import { type Look, OBJECTS_MAX } from '../access/access-log.ts'
import type { Caller } from '../access/caller.ts'
import type { Call, LedgerServices } from './call.ts'
import type { Problem } from './problem.ts'
import { pointerTold, questionOf } from './question.ts'
import type { Route } from './route.ts'

/** Records what was seen, as the route asks; the answer may leave when this resolves. @throws AccessUnrecordable */
export async function recordLook(route: Route, call: Call): Promise<void> {
  const { look } = call
  if (route.look === 'none' && !look.isUrgent) return
  const { accessLog } = call.services
  const seen = lookOf(route, call)
  if (route.look !== 'before' && !look.isUrgent) return accessLog.soon(seen)
  for (const part of partsOf(seen)) await accessLog.now(part)
}

/** A look at more objects than one record names is on record as several. */
function* partsOf(look: Look): Generator<Look> {
  const { objects } = look
  if (!objects || objects.length <= OBJECTS_MAX) return yield look
  for (let from = 0; from < objects.length; from += OBJECTS_MAX)
    yield { ...look, objects: objects.slice(from, from + OBJECTS_MAX) }
}

/** Records that somebody was denied. A ledger that takes no entries denies on. */
export function recordDenial(
  route: Route,
  ledger: LedgerServices,
  caller: Caller,
  { code }: Problem,
  asked: Pick<Call, 'params' | 'query'>,
): void {
  try {
    ledger.accessLog.soon({
      actor: actorOf(caller, route),
      action: actionOf(route),
      operation: route.operation,
      result: 'denied',
      query: questionOf(route, asked, ledger),
      code,
    })
  } catch {
    // Nothing was shown.
  }
}

function lookOf(route: Route, { caller, look, params, purpose, query, services }: Call): Look {
  const { isUrgent: _, isReveal: _reveal, fields, ...seen } = look
  return {
    result: 'read',
    query: questionOf(route, { params, query }, services),
    ...seen,
    ...(fields && {
      fields: fields.map((field) => (field.startsWith('/') ? pointerTold(field, services) : field)),
    }),
    actor: actorOf(caller, route),
    action: look.isReveal ? 'reveal' : actionOf(route),
    operation: route.operation,
    // What a person wants with what is theirs is nobody's business, and would outlive them.
    ...(purpose !== undefined && caller.subject === undefined && { purpose }),
  }
}

/** In the words of the policy; routes that any key opens are named by themselves. */
function actionOf({ action, operation }: Route): string {
  return action === 'open' || action === 'any' || action === 'installation' ? operation : action
}

/** People appear by what leads nowhere once they are erased: the id of an identity that is then nobody's. */
function actorOf(caller: Caller, route: Route): Look['actor'] {
  const actor = inTheirRole(caller, route)
  return caller.subject === undefined ? actor : { ...actor, name: 'a person' }
}

function inTheirRole(caller: Caller, { action }: Route): Look['actor'] {
  return action === 'open' || action === 'any' || action === 'installation'
    ? { id: caller.id, name: caller.name, role: caller.roles[0] ?? 'none' }
    : caller.actor(action)
}
