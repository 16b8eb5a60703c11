/** How this page speaks to the server: the cookie of this browser, typed answers, and every failure as one kind of error. */
import { missingRight } from './session/missing-right.ts'
import { purposeHeader } from './session/purpose-header.ts'
import { endedSession } from './session/reason.ts'
import { currentSession, sessionIsStale, setDoor, standingPurpose } from './session/state.ts'

/** A request that was not answered as asked. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status; 0 when the server could not be reached. */
  readonly status: number
  /** The stable code of the problem, `unreachable` or `http_<status>` when there was none. */
  readonly code: string
  /** The problem document, as far as it was one. */
  readonly problem: Readonly<Record<string, unknown>>
  /** How long the server asked us to wait; undefined when it did not say. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, problem: Record<string, unknown>, retryAfterMs?: number) {
    super(textOf(problem['detail']) ?? textOf(problem['title']) ?? `The server answered ${status}.`)
    this.status = status
    this.code = textOf(problem['code']) ?? `http_${status}`
    this.problem = problem
    this.retryAfterMs = retryAfterMs
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export interface Asking {
  readonly method?: string
  readonly headers?: HeadersInit
  readonly body?: string
  readonly signal?: AbortSignal
  readonly cache?: RequestCache
  /** The ledger to ask; the one whose views are shown when absent. */
  readonly ledger?: string | undefined
  /** What for; what everything is read for when absent. */
  readonly purpose?: string | undefined
}

/** Sends a request in the session of this browser; anything but a 2xx answer is an ApiError. */
export async function send(path: string, asking: Asking = {}): Promise<Response> {
  const { ledger: _, purpose: __, ...init } = asking
  const response = await reach(path, { ...init, headers: headersOf(asking), credentials: 'same-origin' })
  if (response.ok) return response
  const problem = await problemOf(response)
  const missing = missingRight(problem['code'], asking.method ?? 'GET', path)
  const error = new ApiError(
    response.status,
    missing === undefined ? problem : { ...problem, detail: missing },
    retryAfterMs(response),
  )
  noteEnd(error)
  throw error
}

function headersOf({ headers: given, method = 'GET', ledger, purpose = standingPurpose() }: Asking): Headers {
  const headers = new Headers(given)
  const session = currentSession()
  const named = ledger ?? (session !== undefined && session.ledgers.length > 1 ? session.ledger : undefined)
  if (named !== undefined) headers.set('Deponent-Ledger', named)
  if (purpose !== undefined) headers.set('Deponent-Purpose', purposeHeader(purpose))
  if (method !== 'GET' && session !== undefined && session.csrf !== null)
    headers.set('Deponent-CSRF', session.csrf)
  return headers
}

/** A session that ended, or became another one in another tab, is known by the first request that it fails. */
function noteEnd({ status, code }: ApiError): void {
  const session = currentSession()
  if (session === undefined) return
  if (status === 401) setDoor({ phase: 'shut', why: endedSession(session.expiresAt, Date.now()) })
  if (code === 'csrf_missing') sessionIsStale()
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, { code: 'unreachable', detail: 'The server could not be reached.' })
  }
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  if (response.headers.get('content-type')?.includes('json') !== true) return {}
  try {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    return {}
  }
}

/** Only the seconds form is understood; the date form is taken as not said. */
function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

/** The JSON answer to a GET. */
export async function getJson<T>(path: string, asking: Asking = {}): Promise<T> {
  return (await (await send(path, asking)).json()) as T
}

/** Text to be checked: as the server holds it now, never as this browser once kept it. */
export async function getFreshText(path: string, signal: AbortSignal, accept = '*/*'): Promise<string> {
  return (await send(path, { signal, cache: 'no-store', headers: { Accept: accept } })).text()
}

/** Bytes to be checked: as the server holds them now, never as this browser once kept them. */
export async function getFreshBytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await send(path, { signal, cache: 'no-store' })).arrayBuffer())
}

/** The JSON answer to a request that carries JSON. */
export async function sendJson<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: unknown,
): Promise<T> {
  const headers = { 'Content-Type': 'application/json' }
  return (await (await send(path, { method, headers, body: JSON.stringify(body) })).json()) as T
}
