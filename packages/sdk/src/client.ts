import type { Trust, VerifyReport } from '@deponent/format'
import { auditFunction } from './audit.ts'
import type { AuditOptions } from './audit.ts'
import { givenId, hasTime } from './decision.ts'
import type { Decision } from './decision.ts'
import { beforeExit } from './exit.ts'
import { warn } from './issue.ts'
import type { Issue, LossReason, OnError } from './issue.ts'
import { quietTimer } from './pause.ts'
import { emitterName, Numbering } from './numbering.ts'
import { Queue } from './queue.ts'
import type { Numbered, Queued } from './queue.ts'
import { Receipts } from './receipts.ts'
import type { Receipt } from './receipts.ts'
import { Sender } from './sender.ts'
import { serialise, withMember } from './serialise.ts'
import type { Counts, Stats } from './stats.ts'
import { uuidv7 } from './uuid.ts'

export interface DeponentOptions {
  /** Where the server is, for example `http://127.0.0.1:4600`. */
  url: string
  /** Sent as `Authorization: Bearer`. */
  key: string
  /** The system decisions belong to that name none; the server calls it `default` when absent. */
  system?: string
  /** Decisions per request; as soon as so many wait they are sent. Default 100. */
  batchSize?: number
  /** The longest a decision waits for others. Default 5000. */
  flushIntervalMs?: number
  /** How many decisions may wait while the server is slow or away. Default 10,000. */
  maxQueuedRecords?: number
  /** How much text may wait, in characters. Default 64 Mi. */
  maxQueuedCharacters?: number
  /** How many receipts are kept for `receipt`. Default 1,000. */
  receiptsKept?: number
  /**
   * Under which name decisions are numbered, so that the ledger shows when one is missing: 1 to 64 letters, digits, dots, dashes,
   * underscores. It must be the emitter's own where the key is an emitter's. Default: the system and eight random digits. `false`: they are
   * not numbered.
   */
  emitterId?: string | false
  /** How often the client says it is alive and how far its numbers went, from the first decision on. Default 60,000; 0 for never. */
  heartbeatMs?: number
  /** One attempt to send. Default 30,000. */
  requestTimeoutMs?: number
  /** Told of everything that goes wrong. Default: one line on the console. */
  onError?: OnError
  /** Default: the global one. */
  fetch?: typeof fetch
}

/** How long a process that has nothing left to do is held for its last decisions. */
const EXIT_TIMEOUT_MS = 5_000

/**
 * Records the decisions of an application.
 *
 * ```ts
 * const deponent = new Deponent({ url: 'http://127.0.0.1:4600', key: process.env.DEPONENT_KEY })
 * const score = deponent.audit(scoreApplicant, { modelId: 'scorer', modelVersion: '4.2.1' })
 * const decisionId = deponent.record({ modelId: 'scorer', prediction: 'approve', confidence: 0.93 })
 * await deponent.close()
 * ```
 *
 * It is never in the way: nothing here throws into the application or makes it wait, except `flush` and `close`, which
 * are asked to wait. And it does not lose in silence: what cannot be kept is counted in `stats` and told to `onError`.
 *
 * Every decision has a `decisionId`, so a batch whose answer was lost on the way is sent again without harm. Waiting
 * decisions are held in memory: those not sent when a process is killed, or ends by `process.exit`, are gone. Call
 * `close` before that; where a process ends by itself, waiting decisions are sent first, for at most five seconds.
 *
 * Decisions are numbered, and each batch states the head of a chain over what was sent: the ledger itself shows which never
 * arrived, and what the client had to drop is declared lost there as well. Spooling to disk and capturing prompts and
 * streams of model clients are not part of this version.
 */
export class Deponent {
  readonly #system: string | undefined
  readonly #batchSize: number
  readonly #flushIntervalMs: number
  readonly #requestTimeoutMs: number
  readonly #onError: OnError
  readonly #queue: Queue
  readonly #receipts: Receipts
  readonly #counts: Counts = { recorded: 0, duplicates: 0, rejected: 0, lost: 0, retries: 0 }
  readonly #sender: Sender
  readonly #forgetExit: () => void
  readonly #numbering: Numbering | undefined
  readonly #heartbeatMs: number
  #heartbeat: ReturnType<typeof setTimeout> | undefined
  /** The server was told how often to expect a heartbeat. */
  #isDeclared = false
  #closedAt: number | undefined
  #reported = 0
  #overflown = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: DeponentOptions) {
    this.#system = options.system
    this.#batchSize = Math.max(1, options.batchSize ?? 100)
    this.#flushIntervalMs = options.flushIntervalMs ?? 5_000
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 30_000
    this.#onError = quietly(options.onError ?? warn)
    this.#queue = new Queue(
      options.maxQueuedRecords ?? 10_000,
      options.maxQueuedCharacters ?? 64 * 1024 * 1024,
    )
    this.#receipts = new Receipts(options.receiptsKept ?? 1_000)
    this.#heartbeatMs = options.heartbeatMs ?? 60_000
    this.#numbering =
      options.emitterId === false
        ? undefined
        : new Numbering(options.emitterId ?? emitterName(options.system))
    this.#sender = new Sender(
      {
        url: options.url.replace(/\/+$/, ''),
        key: options.key,
        batchSize: this.#batchSize,
        requestTimeoutMs: this.#requestTimeoutMs,
        fetch: options.fetch ?? ((input, init) => fetch(input, init)),
        onError: this.#onError,
        ...(this.#numbering && { numbering: this.#numbering }),
      },
      this.#queue,
      this.#receipts,
      this.#counts,
    )
    this.#forgetExit = beforeExit(() => this.#lastChance())
  }

  /**
   * Takes a decision and returns its id at once; sending happens later. What the decision holds is copied now, so it
   * may be changed afterwards.
   */
  record(decision: Decision): string {
    return this.#take(decision)
  }

  /**
   * The same function, recorded: its arguments as `input`, its result (or what its promise resolves to) as
   * `prediction`, its time as `latencyMs`. A throw or rejection is recorded as `status: error` and goes on as it was.
   *
   * ```ts
   * const screen = deponent.audit(screenCv, {
   *   modelId: 'talent-match',
   *   input: (cv) => ({ skills: cv.skills }),
   *   describe: (result) => ({ confidence: result.fit }),
   * })
   * ```
   */
  audit<This, Args extends unknown[], Result>(
    fn: (this: This, ...args: Args) => Result,
    options: AuditOptions<Args, Result>,
  ): (this: This, ...args: Args) => Result {
    return auditFunction(fn, options, {
      record: (decision, inputText) => void this.#take(decision, inputText),
      onError: this.#onError,
    })
  }

  /**
   * Sends what is waiting and resolves when every decision reported before is judged by the server or declared lost,
   * at the latest after `timeoutMs`. Resolves to the number still waiting then, which goes on being sent.
   */
  async flush({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<number> {
    this.#declareOverflow()
    const sent = this.#send()
    this.#sender.hurry()
    let deadline: ReturnType<typeof setTimeout> | undefined
    // This timer holds the process: somebody is waiting.
    const tooLate = new Promise<void>((resolve) => (deadline = setTimeout(resolve, timeoutMs)))
    await Promise.race([sent, tooLate])
    clearTimeout(deadline)
    return this.#sender.unsettled
  }

  /** Flushes and ends. What could not be sent within `timeoutMs` is declared lost, as is anything recorded later. */
  async close({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forgetExit()
    clearTimeout(this.#timer)
    clearTimeout(this.#heartbeat)
    const deadline = Date.now() + timeoutMs
    await this.flush({ timeoutMs })
    this.#giveUp('still waiting when the client was closed')
    await this.#sayClosed('closed by the application', deadline - Date.now())
  }

  /** What became of everything reported so far. */
  stats(): Stats {
    return { reported: this.#reported, waiting: this.#sender.unsettled, ...this.#counts }
  }

  /**
   * The server's receipt for one of the last decisions that were kept. It is worth keeping elsewhere: held against the
   * ledger years later (`deponent verify RECEIPT --against CHECKPOINT`), it shows a promise that was broken.
   */
  receipt(decisionId: string): Receipt | undefined {
    return this.#receipts.get(decisionId)
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

  /** `inputText` is the JSON of the field `input` where that had to be taken earlier. */
  #take(given: Decision, inputText?: string): string {
    this.#reported += 1
    let decisionId = ''
    let number: Numbered | undefined
    try {
      const decision: Record<string, unknown> = { ...given }
      // An application that numbers its records itself goes on doing so.
      if (this.#numbering && !this.#closed && !('emitter' in decision))
        number = { seq: this.#numbering.next() }
      decisionId = givenId(decision) ?? uuidv7()
      const text = serialise(this.#completed(decision, decisionId))
      this.#enqueue({
        decisionId,
        text: inputText === undefined ? text : withMember(text, 'input', inputText),
        ...(number && { number }),
      })
    } catch (error) {
      if (number) this.#numbering?.lose(number, 'unserialisable')
      this.#lose('unserialisable', 1, `no JSON can be made of it (${nameOf(error)})`)
    }
    return decisionId || uuidv7()
  }

  #completed(decision: Record<string, unknown>, decisionId: string): Record<string, unknown> {
    if (givenId(decision) === undefined) decision['decisionId'] = decisionId
    if (!hasTime(decision)) decision['timestamp'] = new Date().toISOString()
    if (this.#system !== undefined) decision['system'] ??= this.#system
    return decision
  }

  #enqueue(item: Queued): void {
    if (this.#closed) return this.#lose('closed', 1, 'recorded after the client was closed')
    if (!this.#queue.add(item)) {
      this.#counts.lost += 1
      this.#overflown += 1
      if (item.number) this.#numbering?.lose(item.number, 'queue_full')
    }
    if (this.#numbering && this.#heartbeatMs > 0)
      this.#heartbeat ??= quietTimer(() => this.#beat(), this.#heartbeatMs)
    if (this.#queue.length >= this.#batchSize) void this.#send()
    this.#timer ??= quietTimer(() => this.#tick(), this.#flushIntervalMs)
  }

  #tick(): void {
    this.#timer = undefined
    this.#declareOverflow()
    void this.#send()
  }

  async #send(): Promise<void> {
    await this.#sender.run()
    if (this.#closed || this.#sender.isBusy) return
    if (this.#heartbeatMs > 0 && !this.#isDeclared) await this.#sayAlive()
    else if (this.#numbering?.hasLosses === true) await this.#sender.state([], this.#requestTimeoutMs)
  }

  /** Says that the client lives and how far its numbers went; while a batch is under way that batch says it. */
  #beat(): void {
    this.#heartbeat = quietTimer(() => this.#beat(), this.#heartbeatMs)
    if (!this.#sender.isBusy) void this.#sayAlive()
  }

  async #sayAlive(): Promise<void> {
    if (this.#numbering?.at === undefined) return
    this.#isDeclared = true
    const { recorded, duplicates, rejected, lost } = this.#counts
    const counters = { reported: this.#reported, recorded, duplicates, rejected, lost }
    const statement = this.#numbering.statement('emitter.heartbeat', {
      intervalMs: this.#heartbeatMs,
      counters,
    })
    await this.#sender.state([statement], this.#requestTimeoutMs)
  }

  /** States the last number and the head of the chain: nothing comes after this, unless the process goes on after all. */
  async #sayClosed(reason: string, timeoutMs: number): Promise<void> {
    const numbering = this.#numbering
    if (!numbering || timeoutMs <= 0 || numbering.at === undefined || numbering.at.seq === this.#closedAt)
      return
    this.#closedAt = numbering.at.seq
    await this.#sender.state([numbering.statement('emitter.closed', { reason })], timeoutMs)
  }

  /** A full queue turns away thousands; they are declared together. */
  #declareOverflow(): void {
    const count = this.#overflown
    this.#overflown = 0
    if (count === 0) return
    this.#onError({
      code: 'lost',
      reason: 'queue_full',
      count,
      message: 'no room for more waiting decisions',
    })
  }

  #lose(reason: LossReason, count: number, message: string): void {
    this.#counts.lost += count
    this.#onError({ code: 'lost', reason, count, message })
  }

  #giveUp(message: string): void {
    const left = this.#sender.stop()
    for (const { number } of left) if (number) this.#numbering?.lose(number, 'closed')
    if (left.length > 0) this.#lose('closed', left.length, message)
  }

  /** The process has nothing left to do. After one more try it may go, and must not be kept for ever. */
  async #lastChance(): Promise<void> {
    this.#declareOverflow()
    const deadline = Date.now() + EXIT_TIMEOUT_MS
    if (this.#sender.unsettled > 0) await this.flush({ timeoutMs: EXIT_TIMEOUT_MS })
    if (this.#sender.unsettled > 0) await this.close({ timeoutMs: 0 })
    else await this.#sayClosed('the process ended', deadline - Date.now())
  }
}

/** A handler that throws must not take the application down with it. */
function quietly(onError: OnError): OnError {
  return (issue: Issue) => {
    try {
      onError(issue)
    } catch {
      // There is nobody left to tell.
    }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
