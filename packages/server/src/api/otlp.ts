/** Answers of routes that speak OTLP: failures as `google.rpc.Status`, in the encoding of the request. */
import { BodyError } from '../ingest/body-error.ts'
import { type Encoding, rpcCodeOf, statusAnswer } from '../ingest/otlp/answer.ts'
import { encodingOf } from '../ingest/otlp/read.ts'
import { type Problem, problemResponse } from './problem.ts'

export function contentTypeOf(encoding: Encoding): string {
  return encoding === 'json' ? 'application/json' : 'application/x-protobuf'
}

/**
 * A failure as exporters understand it; as anybody does where the request is in no encoding of theirs. They try again after 429, 502, 503 and 504 alone, and drop what was refused otherwise: so a
 * failure that is ours is 503.
 */
export function otlpProblem(request: Request, problem: Problem): Response {
  const encoding = encodingIn(request)
  if (encoding === undefined) return problemResponse(problem)
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

function encodingIn({ headers }: Request): Encoding | undefined {
  try {
    return encodingOf(headers.get('content-type'))
  } catch (error) {
    if (error instanceof BodyError) return undefined
    throw error
  }
}
