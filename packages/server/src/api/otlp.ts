/** Answers of routes that speak OTLP: failures as `google.rpc.Status`, in the encoding of the request. */
import { type Encoding, rpcCodeOf, statusAnswer } from '../ingest/otlp/answer.ts'
import type { Problem } from './problem.ts'

export function contentTypeOf(encoding: Encoding): string {
  return encoding === 'json' ? 'application/json' : 'application/x-protobuf'
}

/**
 * A failure as exporters understand it. They try again after 429, 502, 503 and 504 alone, and drop what was refused otherwise: so a
 * failure that is ours is 503.
 */
export function otlpProblem(request: Request, problem: Problem): Response {
  const isJson = /^application\/json\b/i.test(request.headers.get('content-type') ?? '')
  const encoding = isJson ? 'json' : 'protobuf'
  const status = problem.status === 500 ? 503 : problem.status
  const headers = {
    ...(problem.status === 500 && { 'Retry-After': '30' }),
    ...problem.headers,
    'Content-Type': contentTypeOf(encoding),
    'Cache-Control': 'no-store',
  }
  const body = statusAnswer(encoding, rpcCodeOf(status), `${problem.code}: ${problem.message}`)
  return new Response(new Uint8Array(body), { status, headers })
}
