/**
 * What makes a request one that two readers could understand differently: a proxy that guards paths and this server must never
 * disagree about where a request goes or where it ends. The parser has refused the worst by now; this refuses the rest.
 */
import type { WebLimits } from './web-limits.ts'

/** An answer given before anybody looks at what was asked. `detail` repeats nothing of the request. */
export interface RequestFault {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The head of a request as it was sent. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  /** Names and values, one after the other. */
  readonly rawHeaders: readonly string[]
}

/** Every method that is meant to have an answer of its own; the handler decides where. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Headers that say what a request is or who sends it: two of one leave that to whoever reads. */
const SINGLE = new Set([
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'deponent-csrf',
  'deponent-ledger',
  'expect',
  'host',
  'origin',
  'transfer-encoding',
])

const HOST = /^(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/
const TARGET = /^\/[!"$-[\]-~]*$/
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i
const BAD_ESCAPE = /%(?![0-9a-f]{2})|%00/i

/** Why a request is refused unread; undefined when it is not. */
export function requestFault(head: RequestHead, limits: WebLimits): RequestFault | undefined {
  return methodFault(head) ?? targetFault(head, limits) ?? headersFault(head, limits)
}

function methodFault({ method }: RequestHead): RequestFault | undefined {
  if (METHODS.has(method)) return undefined
  const headers = { Allow: 'GET, HEAD, POST, PUT, DELETE' }
  return { status: 405, code: 'method_not_allowed', detail: 'no address takes that method', headers }
}

function targetFault({ target }: RequestHead, { targetLength }: WebLimits): RequestFault | undefined {
  if (target.length > targetLength)
    return {
      status: 414,
      code: 'uri_too_long',
      detail: `path and query have at most ${targetLength} characters`,
    }
  if (!TARGET.test(target)) return bad('the request target must be a path with ASCII characters only')
  const path = target.split('?', 1)[0]!
  if (path.includes('//') || DOT_SEGMENT.test(path))
    return bad('a path has no empty segment, no `.` and no `..`')
  if (BAD_ESCAPE.test(path)) return bad('the path is malformed')
  return undefined
}

function headersFault(
  { rawHeaders, httpVersion }: RequestHead,
  { headers }: WebLimits,
): RequestFault | undefined {
  if (rawHeaders.length / 2 > headers)
    return { status: 431, code: 'too_many_headers', detail: `a request has at most ${headers} headers` }
  const seen = new Map<string, string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase()
    if (SINGLE.has(name) && seen.has(name)) return bad('a header that may be there once is there twice')
    seen.set(name, rawHeaders[at + 1]!)
  }
  return framingFault(seen, httpVersion)
}

function framingFault(headers: ReadonlyMap<string, string>, httpVersion: string): RequestFault | undefined {
  const coding = headers.get('transfer-encoding')
  if (coding !== undefined) {
    if (httpVersion !== '1.1' || headers.has('content-length'))
      return bad('the length of the body is told in two ways')
    if (coding.trim().toLowerCase() !== 'chunked') return bad('the only transfer coding taken is chunked')
  }
  const host = headers.get('host')
  if (host !== undefined && !HOST.test(host)) return bad('the Host header is malformed')
  const upgrade = headers.get('upgrade')
  // Clients that could speak HTTP/2 offer it with each request and expect to be answered in HTTP/1.1; nothing else is meant so.
  if (upgrade !== undefined && upgrade.trim().toLowerCase() !== 'h2c')
    return bad('no other protocol is spoken here')
  return undefined
}

function bad(detail: string): RequestFault {
  return { status: 400, code: 'bad_request', detail }
}
