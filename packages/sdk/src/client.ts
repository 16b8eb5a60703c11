import type { Trust, VerifyReport } from '@deponent/format'
import { auditFunction } from './audit.ts'
import type { AuditOptions } from './audit-options.ts'
import type { Recorder } from './call.ts'
import { Contexts } from './context.ts'
import type { Decision, DecisionContext } from './decision.ts'
import { deliveryOf } from './delivery.ts'
import type { Delivery } from './delivery.ts'
import { captureEnvironment } from './environment.ts'
import type { CapturedEnvironment, EnvironmentOptions } from './environment.ts'
import { Environments } from './environments.ts'
import { beforeExit } from './exit.ts'
import { Explanations } from './explanations.ts'
import { auditHandler } from './handler.ts'
import type { HandlerOptions } from './handler.ts'
import { Intake } from './intake.ts'
import { warn } from './issue.ts'
import type { OnError } from './issue.ts'
import { auditNodeHandler } from './node-handler.ts'
import type { NodeHandlerOptions, NodeRequest, NodeResponse } from './node-handler.ts'
import { OpenCalls } from './open-calls.ts'
import type { DeponentOptions, SinkOptions } from './options.ts'
import { quietTimer } from './pause.ts'
import { Queue } from './queue.ts'
import { quietly } from './quietly.ts'
import type { Receipt } from './receipts.ts'
import type {
  Action,
  Dataset,
  Explanation,
  ModelEvent,
  Outcome,
  Query,
  Review,
  System,
  Transformation,
} from './records.ts'
import type { Counts, Stats } from './stats.ts'

/** How long a process that has nothing left to do is held for its last decisions. */
const EXIT_TIMEOUT_MS = 5_000

/**
 * Records the decisions of an application.
 *
 * ```ts
 * const audit = deponent({ url: 'http://127.0.0.1:4600', key: process.env.DEPONENT_KEY })
 * const score = audit.wrap(scoreApplicant, { modelId: 'scorer', modelVersion: '4.2.1' })
 * const decisionId = audit.log({ modelId: 'scorer', prediction: 'approve', confidence: 0.93 })
 * await audit.close()
 * ```
 *
 * It is never in the way: nothing here throws into the application or makes it wait, except `flush` and `close`, which
 * are asked to wait. And it does not lose in silence: what cannot be kept is counted in `stats` and told to `onError`.
 *
 * Every decision has a `decisionId`, so a batch whose answer was lost on the way is sent again without harm. Waiting
 * decisions are held in memory: those not sent when a process is killed, or ends by `process.exit`, are gone. Call
 * `close` before that; where a process ends by itself, waiting decisions are sent first, for at most five seconds.
 *
 * Records are numbered, and each batch states the head of a chain over what was sent: the ledger itself shows which never
 * arrived, and what the client had to drop is declared lost there as well.
 */
export class Deponent {
  readonly #batchSize: number
  readonly #flushIntervalMs: number
  readonly #queue: Queue
  readonly #counts: Counts = {
    recorded: 0,
    duplicates: 0,
    rejected: 0,
    lost: 0,
    takenOver: 0,
    replayed: 0,
    retries: 0,
  }
  readonly #delivery: Delivery
  readonly #intake: Intake
  readonly #contexts: Contexts
  readonly #environments = new Environments()
  readonly #onError: OnError
  readonly #recorder: Recorder
  readonly #forgetExit: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: DeponentOptions | SinkOptions) {
    this.#batchSize = Math.max(1, options.batchSize ?? 100)
    this.#flushIntervalMs = options.flushIntervalMs ?? 5_000
    const onError = quietly(options.onError ?? warn)
    const queue = new Queue(
      options.maxQueuedRecords ?? 10_000,
      options.maxQueuedCharacters ?? 64 * 1024 * 1024,
    )
    this.#queue = queue
    const counts = this.#counts
    this.#delivery = deliveryOf(options, { queue, counts, onError, stats: () => this.stats() })
    this.#contexts = new Contexts(onError)
    const { numbering } = this.#delivery
    const onTaken = () => this.#taken()
    const environments = this.#environments
    this.#intake = new Intake(options, { queue, counts, onError, numbering, environments, onTaken })
    this.#onError = onError
    this.#recorder = this.#recorderFor(onError)
    this.#forgetExit = beforeExit(() => this.#lastChance())
  }

  /**
   * Takes a decision and returns its id at once; sending happens later. What the decision holds is copied now, so it
   * may be changed afterwards.
   */
  log(decision: Decision): string {
    return this.#intake.decision(decision, { context: this.#contexts.current })
  }

  /** The same as `log`. */
  record(decision: Decision): string {
    return this.log(decision)
  }

  /** What a person made of a decision. Like its siblings below it returns at once, with an id to ask for the receipt by. */
  review(review: Review): string {
    return this.#intake.record('review', review)
  }

  /** What turned out to be true of a decision. */
  outcome(outcome: Outcome): string {
    return this.#intake.record('outcome', outcome)
  }

  /** Something done because of what an AI said. */
  action(action: Action): string {
    return this.#intake.record('action', action, this.#contexts.current)
  }

  /** A prompt or question asked of an AI. */
  query(query: Query): string {
    return this.#intake.record('query', query, this.#contexts.current)
  }

  /** Why a decision came out as it did, made apart from it. */
  explanation(explanation: Explanation): string {
    return this.#intake.record('explanation', explanation)
  }

  /** A step in the life of a model: trained, evaluated, approved, deployed, rolled back, retired. */
  lifecycle(event: ModelEvent): string {
    return this.#intake.record(({ eventType }) => `model.${String(eventType)}`, event)
  }

  /** What an AI system is for, who owns it, at which risk; the latest statement of each field counts. */
  system(system: System): string {
    return this.#intake.record('system.declared', { name: system.system, ...system })
  }

  /** A version of a data set, for the lineage of what is trained on it. */
  dataset(dataset: Dataset): string {
    return this.#intake.record('dataset.registered', dataset)
  }

  /** How a version of a data set was made of others. */
  lineage(transformation: Transformation): string {
    return this.#intake.record('dataset.transformed', transformation)
  }

  /**
   * Captures in which environment decisions are made, beside the work of the application: commit, dependencies, runtime, machine, seeds, and
   * digests of weights, configuration and prompt. It is recorded once, and decisions from then on name it, those of `modelId` and
   * `modelVersion` alone where these are given; who wants the first decision to name it awaits this. Resolves to what was captured, whose
   * `environment` can be spread into a model event of a training; never rejects.
   */
  async environment(options: EnvironmentOptions = {}): Promise<CapturedEnvironment | undefined> {
    const captured = await captureEnvironment(options, this.#onError)
    if (captured === undefined) return undefined
    const { modelId, modelVersion } = options
    const about = {
      ...(modelId !== undefined && { modelId }),
      ...(modelVersion !== undefined && { modelVersion }),
    }
    this.#intake.record('system.log', { event: 'environment', ...about, details: captured.environment })
    this.#environments.keep(options, captured)
    return captured
  }

  /**
   * Runs `fn` with what every decision, query and action below it shall carry: who asked, the session, the trace, the request. It
   * follows awaits. What a record says itself goes first.
   */
  context<Result>(context: DecisionContext, fn: () => Result): Result {
    return this.#contexts.run(context, fn)
  }

  /** What `context` has set around the code that runs now. */
  get currentContext(): DecisionContext | undefined {
    return this.#contexts.current
  }

  /**
   * The same function, recorded: its arguments as `input`, its result (or what its promise resolves to, or the parts of its stream) as
   * `prediction`, its time as `latencyMs`. A throw or rejection is recorded and goes on as it was.
   *
   * ```ts
   * const screen = audit.wrap(screenCv, {
   *   modelId: 'talent-match',
   *   input: (cv) => ({ skills: cv.skills }),
   *   describe: (result) => ({ confidence: result.fit }),
   * })
   * ```
   */
  wrap<This, Args extends unknown[], Result>(
    fn: (this: This, ...args: Args) => Result,
    options: AuditOptions<Args, Result>,
  ): (this: This, ...args: Args) => Result {
    return auditFunction(fn, options, this.#recorder)
  }

  /** The same as `wrap`. */
  audit<This, Args extends unknown[], Result>(
    fn: (this: This, ...args: Args) => Result,
    options: AuditOptions<Args, Result>,
  ): (this: This, ...args: Args) => Result {
    return this.wrap(fn, options)
  }

  /** A decorator for methods: `@audit.method({ modelId: 'scorer' })`. */
  method(
    options: AuditOptions<never[], never>,
  ): <Method extends (this: never, ...args: never[]) => unknown>(method: Method) => Method {
    return (method) =>
      auditFunction(method, options as AuditOptions<never[], unknown>, this.#recorder) as typeof method
  }

  /** An HTTP handler, from Request to Response, recorded. */
  handler<Rest extends unknown[]>(
    handler: (request: Request, ...rest: Rest) => Response | Promise<Response>,
    options: HandlerOptions,
  ): (request: Request, ...rest: Rest) => Response | Promise<Response> {
    return auditHandler(handler, options, this.#recorder, this.#contexts)
  }

  /** An HTTP handler of request and response, as node:http and Express have it, recorded when its response is closed. */
  nodeHandler<Incoming extends NodeRequest, Outgoing extends NodeResponse, Rest extends unknown[], Result>(
    handler: (request: Incoming, response: Outgoing, ...rest: Rest) => Result,
    options: NodeHandlerOptions<Incoming, Outgoing>,
  ): (request: Incoming, response: Outgoing, ...rest: Rest) => Result {
    return auditNodeHandler(handler, options, this.#recorder, this.#contexts)
  }

  /**
   * Explains one of the last 1,000 decisions of functions with `explain` that were not explained at once, now, and records it: as made
   * later, and whether the model is the one that decided. Undefined when there is nothing to explain it by, or it failed.
   */
  async explain(decisionId: string): Promise<Record<string, unknown> | undefined> {
    const explanation = await this.#recorder.explanations.later(decisionId)
    if (explanation !== undefined) this.explanation({ decisionId, ...explanation })
    return explanation
  }

  /**
   * Sends what is waiting and resolves when everything reported before is judged by the server or declared lost,
   * at the latest after `timeoutMs`. Resolves to the number still waiting then, which goes on being sent.
   */
  async flush({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<number> {
    this.#intake.declareOverflow()
    let deadline: ReturnType<typeof setTimeout> | undefined
    // This timer holds the process: somebody is waiting.
    const tooLate = new Promise<void>((resolve) => (deadline = setTimeout(resolve, timeoutMs)))
    await this.#recorder.open.explained(timeoutMs / 2)
    const sent = this.#send()
    this.#delivery.destination.hurry()
    await Promise.race([sent, tooLate])
    clearTimeout(deadline)
    return this.#delivery.destination.unsettled
  }

  /**
   * Flushes and ends. Calls that have not ended are recorded as unfinished. What could not be sent within `timeoutMs` is declared lost,
   * as is anything recorded later.
   */
  async close({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forgetExit()
    clearTimeout(this.#timer)
    this.#delivery.heartbeat?.stop()
    const deadline = Date.now() + timeoutMs
    await this.#recorder.open.explained(timeoutMs / 2)
    this.#recorder.open.abandonAll()
    this.#intake.close()
    await this.flush({ timeoutMs: Math.max(0, deadline - Date.now()) })
    await this.#giveUp('still waiting when the client was closed')
    await this.#delivery.heartbeat?.sayClosed('closed by the application', deadline - Date.now())
  }

  /** `await using audit = deponent(…)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What became of everything reported so far. */
  stats(): Stats {
    const spooled = this.#delivery.spool?.records ?? 0
    return {
      reported: this.#intake.reported,
      waiting: this.#delivery.destination.unsettled,
      spooled,
      ...this.#counts,
    }
  }

  /**
   * The server's receipt for one of the last records that were kept, by the id that recording it gave. It is worth keeping elsewhere: held
   * against the ledger years later (`deponent verify RECEIPT --against CHECKPOINT`), it shows a promise that was broken.
   */
  receipt(decisionId: string): Receipt | undefined {
    return this.#delivery.receipts.get(decisionId)
  }

  /**
   * Checks the receipt of a decision offline: did a key of `trust` sign the promise, and does the receipt's path lead
   * to it? Undefined when there is no receipt (yet, or any more). Without `trust` the verdict is `incomplete`.
   */
  async verify(decisionId: string, trust?: Trust): Promise<VerifyReport | undefined> {
    const receipt = this.receipt(decisionId)
    if (receipt === undefined) return undefined
    // Loaded when it is asked for: most applications only record.
    const { verifyReceipt } = await import('@deponent/format')
    return verifyReceipt(receipt, trust)
  }

  #recorderFor(onError: OnError): Recorder {
    const contexts = this.#contexts
    return {
      record: (decision, context, inputText) => this.#intake.decision(decision, { context, inputText }),
      hold: (decision, context, inputText) => {
        const text = this.#delivery.spool && this.#intake.copyOf(decision, { context, inputText })
        return (text !== undefined && this.#delivery.spool?.hold(text)) || (() => undefined)
      },
      get context() {
        return contexts.current
      },
      onError,
      open: new OpenCalls(),
      explanations: new Explanations(onError),
    }
  }

  #taken(): void {
    this.#delivery.heartbeat?.begin()
    if (this.#queue.length >= this.#batchSize) void this.#send()
    if (!this.#closed) this.#timer ??= quietTimer(() => this.#tick(), this.#flushIntervalMs)
  }

  #tick(): void {
    this.#timer = undefined
    this.#intake.declareOverflow()
    void this.#send()
  }

  async #send(): Promise<void> {
    await this.#delivery.destination.run()
    if (!this.#closed && !this.#delivery.destination.isBusy) await this.#delivery.heartbeat?.afterSending()
  }

  async #giveUp(message: string): Promise<void> {
    const left = await this.#delivery.destination.stop()
    for (const { number } of left) if (number) this.#delivery.numbering?.lose(number, 'closed')
    if (left.length > 0) this.#intake.lose('closed', left.length, message)
  }

  /** The process has nothing left to do. After one more try it may go, and must not be kept for ever. */
  async #lastChance(): Promise<void> {
    this.#intake.declareOverflow()
    this.#recorder.open.abandonAll()
    const deadline = Date.now() + EXIT_TIMEOUT_MS
    if (this.#delivery.destination.unsettled > 0) await this.flush({ timeoutMs: EXIT_TIMEOUT_MS })
    if (this.#delivery.destination.unsettled > 0) await this.close({ timeoutMs: 0 })
    else await this.#delivery.heartbeat?.sayClosed('the process ended', deadline - Date.now())
  }
}

/** A client that records the decisions of an application. */
export function deponent(options: DeponentOptions | SinkOptions): Deponent {
  return new Deponent(options)
}
