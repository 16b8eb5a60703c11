/** How this page speaks to the server: one key, typed answers, and every failure as one kind of error. */
import { currentKey, forgetKey } from './session.ts'

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

/** Sends a request with the key of this tab; anything but a 2xx answer is an ApiError. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  const key = currentKey()
  if (key !== null) headers.set('Authorization', `Bearer ${key}`)
  const response = await reach(path, { ...init, headers })
  if (response.ok) return response
  if (response.status === 401) forgetKey('refused')
  throw new ApiError(response.status, await problemOf(response), retryAfterMs(response))
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
export async function getJson<T>(path: string, signal?: AbortSignal, headers?: HeadersInit): Promise<T> {
  const response = await send(path, { signal: signal ?? null, ...(headers && { headers }) })
  return (await response.json()) as T
}

/** Text to be checked: as the server holds it now, never as this browser once kept it. */
export async function getFreshText(path: string, signal: AbortSignal, accept = '*/*'): Promise<string> {
  return (await send(path, { signal, cache: 'no-store', headers: { Accept: accept } })).text()
}

/** Bytes to be checked: as the server holds them now, never as this browser once kept them. */
export async function getFreshBytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await send(path, { signal, cache: 'no-store' })).arrayBuffer())
}

/** The JSON answer to a POST of JSON. */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json' }
  const response = await send(path, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await response.json()) as T
}
