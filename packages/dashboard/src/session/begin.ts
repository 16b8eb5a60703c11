/**
 * How a session begins and ends. A key is exchanged for a cookie at once and kept nowhere. The tabs of one browser share the cookie;
 * another tab may have ended the session or begun another, which the next request, or the next look at this tab, finds out.
 */
import { ApiError, getJson, send } from '../client.ts'
import { queryClient } from '../query-client.ts'
import { refusedKey } from './reason.ts'
import type { Session } from './shape.ts'
import { currentDoor, currentSession, onStaleSession, setDoor } from './state.ts'

const PATH = '/v1/session'

/** The ledger the address names; undefined for the usual one. */
export function ledgerInAddress(): string | undefined {
  const name = new URLSearchParams(location.search).get('ledger')
  return name === null || name === '' ? undefined : name
}

/** Takes `#key=…` out of the address bar; null when there is none. */
function keyFromAddress(): string | null {
  const key = new URLSearchParams(location.hash.slice(1)).get('key')
  if (key !== null) history.replaceState(history.state, '', location.pathname + location.search)
  return key
}

/** Signs in with the key of the address, or with the cookie this browser has. Call once, before the router starts. */
export function enter(): void {
  const key = keyFromAddress()
  addEventListener('hashchange', () => {
    const later = keyFromAddress()
    if (later !== null) void signIn(later)
  })
  onStaleSession(() => void resume())
  void (key === null ? resume() : signIn(key))
}

/** Exchanges a key for the cookie. */
export async function signIn(key: string): Promise<void> {
  setDoor({ phase: 'asking' })
  queryClient.clear()
  const asked = ledgerInAddress()
  const init = { method: 'POST', headers: { Authorization: `Bearer ${key}` } }
  try {
    const session = await elsewhereIfNone(asked, (ledger) => sessionFrom(send(PATH, { ...init, ledger })))
    setDoor({ phase: 'open', session, asked })
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) return unknown(error)
    setDoor({ phase: 'shut', why: refusedKey(error.status, error.code, error.retryAfterMs, Date.now()) })
  }
}

async function sessionFrom(response: Promise<Response>): Promise<Session> {
  return (await (await response).json()) as Session
}

/** Asks who this browser is signed in as, at the ledger the address names. */
export async function resume(asked: string | undefined = ledgerInAddress()): Promise<void> {
  const before = currentSession()
  try {
    const session = await elsewhereIfNone(asked, (ledger) => getJson<Session>(PATH, { ledger }))
    if (before !== undefined && before.identity.id !== session.identity.id) queryClient.clear()
    setDoor({ phase: 'open', session, asked })
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) return unknown(error)
    queryClient.clear()
    if (currentDoor().phase !== 'shut') setDoor({ phase: 'shut' })
  }
}

/** Asks at the ledger that was named; where there is none such for this key, at the key's own. */
async function elsewhereIfNone<T>(
  asked: string | undefined,
  ask: (ledger: string | undefined) => Promise<T>,
): Promise<T> {
  if (asked === undefined) return ask(undefined)
  try {
    return await ask(asked)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return ask(undefined)
    throw error
  }
}

function unknown(error: unknown): void {
  setDoor({ phase: 'unknown', error: error instanceof Error ? error : new Error(String(error)) })
}

/** Ends the session, in every tab. Throws when the server could not be told. */
export async function lock(): Promise<void> {
  try {
    await send(PATH, { method: 'DELETE' })
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
  }
  queryClient.clear()
  setDoor({ phase: 'shut' })
}
