/*
 * Records what an HTTP handler of Node's kind answers: a function of request and response, as node:http and Express have it. It is
 * recorded when the response is closed, with what the options read of both then; bodies are not read here.
 */
import type { AuditOptions } from './audit-options.ts'
import { Call } from './call.ts'
import type { Recorder } from './call.ts'
import { contextOfHeaders } from './context.ts'
import type { Contexts } from './context.ts'
import type { Decision } from './decision.ts'
import { readable, statusOfCode } from './handler.ts'
import { hearRejection } from './promise.ts'

/** The part of node:http's IncomingMessage that is used here. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The part of node:http's ServerResponse that is used here. */
export interface NodeResponse {
  readonly statusCode: number
  readonly writableFinished: boolean
  once(event: 'close', listener: () => void): unknown
}

export interface NodeHandlerOptions<Incoming, Outgoing> extends Omit<
  AuditOptions<[Incoming], unknown>,
  'input' | 'output' | 'combine' | 'describe' | 'describeStream' | 'explain'
> {
  modelId: string
  /** What to record as `input`. Default: method and path, without the query. */
  input?: false | ((request: Incoming) => unknown)
  /** What to record as `prediction`. Default: the status. */
  output?: false | ((response: Outgoing) => unknown)
  /** Further fields. */
  describe?: (response: Outgoing, request: Incoming) => Partial<Decision>
}

export function auditNodeHandler<
  Incoming extends NodeRequest,
  Outgoing extends NodeResponse,
  Rest extends unknown[],
  Result,
>(
  handler: (request: Incoming, response: Outgoing, ...rest: Rest) => Result,
  options: NodeHandlerOptions<Incoming, Outgoing>,
  recorder: Recorder,
  contexts: Contexts,
): (request: Incoming, response: Outgoing, ...rest: Rest) => Result {
  return function audited(this: unknown, request: Incoming, response: Outgoing, ...rest: Rest): Result {
    const context = readable(() => contextOfHeaders((name) => String(request.headers[name] ?? '')))
    return contexts.run(context, () => {
      const { input: _input, output: _output, describe: _describe, ...stated } = options
      const call = new Call<[Incoming], unknown>({ ...stated, input: false }, recorder, [request])
      try {
        response.once('close', () => {
          try {
            closed(call, request, response, options, recorder)
          } catch {
            call.abandon()
          }
        })
      } catch {
        call.abandon()
      }
      let result: Result
      try {
        result = handler.call(this, request, response, ...rest)
      } catch (error) {
        call.failed(error)
        throw error
      }
      try {
        hearRejection(result, call.failed)
      } catch {
        // A value that resists being looked at goes to the caller all the same.
      }
      return result
    })
  }
}

function closed<Incoming extends NodeRequest, Outgoing extends NodeResponse>(
  call: Call<[Incoming], unknown>,
  request: Incoming,
  response: Outgoing,
  options: NodeHandlerOptions<Incoming, Outgoing>,
  { onError }: Recorder,
): void {
  const { input = addressOf, output = statusOf, describe } = options
  const read = (what: string, reading: () => unknown): unknown => {
    const failed = (): void => onError({ code: 'capture_failed', message: `${what} threw` })
    try {
      const given = reading()
      hearRejection(given, failed)
      return given
    } catch {
      failed()
      return undefined
    }
  }
  const given = input === false ? undefined : read('input', () => input(request))
  const said = output === false ? undefined : read('output', () => output(response))
  const described = read('describe', () => describe?.(response, request)) as Partial<Decision> | undefined
  const fields: Partial<Decision> = {
    ...(given !== undefined && { input: given }),
    prediction: said ?? '[not captured]',
    ...(read('describe', () => ({ ...described })) as Partial<Decision>),
  }
  if (response.writableFinished)
    call.succeeded(undefined, { status: statusOfCode(response.statusCode), ...fields })
  else call.failed(new HungUp(), fields)
}

class HungUp extends Error {
  override readonly name = 'AbortError'
  constructor() {
    super('the response was closed before its end')
  }
}

function addressOf({ method, url }: NodeRequest): unknown {
  return { method, path: url?.split('?')[0] }
}

function statusOf({ statusCode }: NodeResponse): unknown {
  return { status: statusCode }
}
