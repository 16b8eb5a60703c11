/*
 * Records what an HTTP handler answers: a function from Request to Response, as Deno, Bun, edges and most frameworks have it. What it
 * decides inside carries the trace and the id of the request. Bodies are read only where the options ask for them, from a copy.
 */
import type { AuditOptions } from './audit-options.ts'
import { Call } from './call.ts'
import type { Recorder } from './call.ts'
import { contextOfHeaders } from './context.ts'
import type { Contexts } from './context.ts'
import type { Decision } from './decision.ts'
import { hearRejection, isPromise } from './promise.ts'
import { describedError } from './status.ts'

export interface HandlerOptions extends Omit<
  AuditOptions<[Request], Response>,
  'input' | 'output' | 'combine' | 'describe' | 'explain'
> {
  modelId: string
  /** What to record as `input`, read from a copy of the request. Default: its method and path, without the query. */
  input?: false | ((request: Request) => unknown)
  /** What to record as `prediction`, read from a copy of the response. Default: its status. */
  output?: false | ((response: Response) => unknown)
  /** Further fields, from the response and the request. */
  describe?: (response: Response, request: Request) => Partial<Decision>
  /** Records `ipAddress` (the last of `x-forwarded-for`) and `userAgent` as well. Default: neither. */
  client?: boolean
}

type Handler<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>

export function auditHandler<Rest extends unknown[]>(
  handler: Handler<Rest>,
  options: HandlerOptions,
  recorder: Recorder,
  contexts: Contexts,
): Handler<Rest> {
  return function audited(this: unknown, request: Request, ...rest: Rest): Response | Promise<Response> {
    return contexts.run(
      readable(() => contextOf(request, options)),
      () => {
        const exchange = new Exchange(options, recorder, request)
        let answer: Response | Promise<Response>
        try {
          answer = handler.call(this, request, ...rest)
        } catch (error) {
          exchange.failed(error)
          throw error
        }
        exchange.gave(answer)
        return answer
      },
    )
  }
}

/** What can be read of a request; nothing of one that resists. */
export function readable(read: () => Partial<Decision>): Partial<Decision> {
  try {
    return read()
  } catch {
    return {}
  }
}

function contextOf({ headers }: Request, { client }: HandlerOptions): Partial<Decision> {
  const context = contextOfHeaders((name) => headers.get(name))
  if (client !== true) return context
  const ipAddress = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim()
  const userAgent = headers.get('user-agent')
  return { ...context, ...(ipAddress && { ipAddress }), ...(userAgent && { userAgent }) }
}

/** One request and its answer. */
class Exchange {
  readonly #options: HandlerOptions
  readonly #recorder: Recorder
  readonly #request: Request
  readonly #call: Call<[Request], Response>
  readonly #input: Promise<Partial<Decision>>

  constructor(options: HandlerOptions, recorder: Recorder, request: Request) {
    const { input, output: _output, describe: _describe, client: _client, ...rest } = options
    this.#options = options
    this.#recorder = recorder
    this.#request = request
    this.#call = new Call<[Request], Response>({ ...rest, input: false, output: false }, recorder, [request])
    this.#input = input === false ? Promise.resolve({}) : this.#read('input', request, input ?? addressOf)
  }

  /** What the handler gave goes to its caller as it is, however it resists being looked at. */
  gave(answer: Response | Promise<Response>): void {
    try {
      if (isPromise(answer)) answer.then(this.#answered, this.failed)
      else this.#answered(answer)
    } catch {
      this.#call.abandon()
    }
  }

  readonly #answered = (response: Response): void => {
    const code = codeOf(response)
    if (code === undefined) return this.failed(new TypeError('the handler gave no response'))
    const { output, describe } = this.#options
    const prediction =
      output === false
        ? Promise.resolve({})
        : this.#read('prediction', response, output ?? (({ status }) => ({ status })))
    const described = this.#described(() => describe?.(response, this.#request))
    const latencyMs = this.#call.elapsedMs
    const status = statusOfCode(code)
    const more = Promise.all([this.#input, prediction]).then(([...read]) =>
      Object.assign({}, ...read, { latencyMs, status }, described),
    )
    this.#recorder.open.explain(more.then((fields) => this.#call.succeeded(response, fields)))
  }

  readonly failed = (error: unknown): void => {
    const latencyMs = this.#call.elapsedMs
    this.#recorder.open.explain(
      this.#input.then((input) => this.#call.failed(error, { ...input, latencyMs })),
    )
  }

  /** What `read` makes of a message; of a copy where `read` was given, since it may read the body. */
  async #read<Message extends Request | Response>(
    field: 'input' | 'prediction',
    message: Message,
    read: (message: Message) => unknown,
  ): Promise<Partial<Decision>> {
    try {
      const isOurs = this.#options[field === 'input' ? 'input' : 'output'] === undefined
      const copy = isOurs ? message : (message.clone() as Message)
      const value = await read(copy)
      return { [field]: value ?? `[${String(value)}]` }
    } catch (error) {
      this.#recorder.onError({
        code: 'capture_failed',
        message: `${field} threw ${describedError(error).type}`,
      })
      return {}
    }
  }

  #described(describe: () => Partial<Decision> | undefined): Partial<Decision> | undefined {
    const failed = (): void => this.#recorder.onError({ code: 'capture_failed', message: 'describe threw' })
    try {
      const given = describe()
      hearRejection(given, failed)
      return { ...given }
    } catch {
      failed()
      return undefined
    }
  }
}

function addressOf({ method, url }: Request): unknown {
  return { method, path: new URL(url).pathname }
}

/** The HTTP status of what a handler gave, where that is a response. */
function codeOf(response: unknown): number | undefined {
  try {
    const { status } = response as { status?: unknown }
    return typeof status === 'number' ? status : undefined
  } catch {
    return undefined
  }
}

/** What an HTTP status says of the decision. */
export function statusOfCode(code: number): NonNullable<Decision['status']> {
  if (code === 408 || code === 504) return 'timeout'
  return code >= 500 ? 'error' : 'ok'
}
