/*
 * Sends what the queue holds, one batch at a time and in order.
 *
 * Invariants:
 * - at most one request is under way;
 * - a batch that was taken from the queue is in `#batches` until each of its records is settled, that is judged by
 *   the server or declared lost; it is sent again, unchanged, until then;
 * - nothing here throws or rejects: the application never sees the network.
 */
import { answerOf } from './answer.ts'
import type { Answer, Envelope } from './answer.ts'
import { backoffMs } from './backoff.ts'
import { coded } from './coding.ts'
import type { LossReason, OnError, RecordFault } from './issue.ts'
import type { Numbering } from './numbering.ts'
import { Pause } from './pause.ts'
import type { Queue, Queued } from './queue.ts'
import type { Receipts } from './receipts.ts'
import { Seen } from './seen.ts'
import type { Counts } from './stats.ts'

/** Below the server's limit for a request with room to spare. */
const BATCH_CHARACTERS_MAX = 4 * 1024 * 1024
/** A server that forgets records is not asked again at once. */
const FORGOTTEN_MS = 5_000

export interface SenderOptions {
  /** The server's address, without a slash at its end. */
  url: string
  key: string
  batchSize: number
  requestTimeoutMs: number
  compress: boolean
  fetch: typeof fetch
  onError: OnError
  /** Numbers what is sent; absent where the client does not. */
  numbering?: Numbering
}

export class Sender {
  readonly #options: SenderOptions
  readonly #queue: Queue
  readonly #receipts: Receipts
  readonly #counts: Counts
  readonly #pause = new Pause()
  readonly #seen: Seen
  #batches: Queued[][] = []
  #running: Promise<void> | undefined
  #stopped = false

  constructor(options: SenderOptions, queue: Queue, receipts: Receipts, counts: Counts) {
    this.#options = options
    this.#seen = new Seen(options.onError)
    this.#queue = queue
    this.#receipts = receipts
    this.#counts = counts
  }

  /** Records neither judged nor declared lost. */
  get unsettled(): number {
    return this.#queue.length + this.#batches.reduce((sum, batch) => sum + batch.length, 0)
  }

  /** Begins to send, or sends on; resolves when nothing is left. */
  run(): Promise<void> {
    if (this.#next() === undefined) return Promise.resolve()
    this.#running ??= this.#sendAll()
    return this.#running
  }

  /** Ends a wait between two attempts. */
  hurry(): void {
    this.#pause.hurry()
  }

  /** Gives up what is left and gives it back. */
  stop(): Queued[] {
    const left = [...this.#batches.flat(), ...this.#queue.clear()]
    this.#stopped = true
    this.#batches = []
    this.#pause.hurry()
    return left
  }

  /**
   * Sends statements about the numbering to the ledger, with the losses declared since; one attempt of at most `timeoutMs`. Only
   * while no batch is under way, so that a head speaks of what was settled. What was not taken is declared with the next statement.
   */
  async state(statements: readonly Record<string, unknown>[], timeoutMs: number): Promise<void> {
    const { numbering } = this.#options
    if (!numbering) return
    const losses = numbering.takeLosses()
    const records = [...losses, ...statements]
    if (records.length === 0) return
    const body = records.map((record) => JSON.stringify(record)).join('\n')
    const answer = await this.#request('/v1/records', body, {}, timeoutMs)
    if (answer.outcome !== 'judged') numbering.restore(losses)
  }

  /** Whether a batch is under way or waiting. */
  get isBusy(): boolean {
    return this.#running !== undefined || this.unsettled > 0
  }

  async #sendAll(): Promise<void> {
    let failures = 0
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
      const answer = await this.#post(batch)
      if (this.#stopped) break
      failures = answer.outcome === 'retry' ? failures + 1 : 0
      if (answer.outcome === 'judged') await this.#settle(batch, answer.envelope)
      else if (answer.outcome === 'refused') this.#divide(batch, answer)
      else await this.#waitAfter(answer, failures)
    }
    // In the same turn as the last look at the queue: whoever adds to it afterwards finds nobody running.
    this.#running = undefined
  }

  /** The batch to send now: one that is still open, or the next of the queue. */
  #next(): Queued[] | undefined {
    if (this.#batches.length === 0 && this.#queue.length > 0) {
      this.#batches.push(this.#queue.take(this.#options.batchSize, BATCH_CHARACTERS_MAX))
    }
    return this.#batches[0]
  }

  async #post(batch: readonly Queued[]): Promise<Answer> {
    const { numbering, requestTimeoutMs } = this.#options
    await numbering?.chain(batch)
    const head = numbering?.headOf(batch)
    const body = batch.map(({ text }) => text).join('\n')
    const headers: Record<string, string> = head === undefined ? {} : { 'deponent-emitter-head': head }
    return this.#request(batch[0]!.path, body, headers, requestTimeoutMs)
  }

  async #request(
    path: string,
    text: string,
    more: Record<string, string>,
    timeoutMs: number,
  ): Promise<Answer> {
    const { key, url, compress } = this.#options
    try {
      const { body, coding } = await coded(text, compress)
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': 'application/x-ndjson',
        ...coding,
        ...this.#seen.headers(),
        ...more,
      }
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await this.#options.fetch(`${url}${path}`, { method: 'POST', headers, body, signal })
      this.#seen.take(response.headers.get('deponent-checkpoint'))
      return answerOf(response.status, await response.text(), response.headers.get('retry-after'), Date.now())
    } catch (error) {
      return { outcome: 'retry', message: `the server cannot be reached (${String(error)})` }
    }
  }

  async #settle(batch: readonly Queued[], { receipts, promise, errors }: Envelope): Promise<void> {
    this.#batches.shift()
    const unjudged = new Set(batch)
    for (const { position, ...receipt } of receipts) {
      const sent = batch[position]
      if (sent === undefined || !unjudged.delete(sent)) continue
      this.#counts[receipt.status === 'duplicate' ? 'duplicates' : 'recorded'] += 1
      this.#receipts.add(sent.decisionId, { ...receipt, promise })
    }
    for (const [sent, faults] of faultsBySender(batch, errors)) {
      if (unjudged.delete(sent)) this.#reject(sent, faults)
    }
    if (unjudged.size > 0) await this.#again([...unjudged])
  }

  /** An answer that forgets a record settles nothing about it. */
  async #again(batch: Queued[]): Promise<void> {
    this.#batches.unshift(batch)
    const message = `the server's answer left out ${batch.length} decision(s)`
    await this.#waitAfter({ outcome: 'retry', message, retryAfterMs: FORGOTTEN_MS }, 1)
  }

  #reject(sent: Queued, faults: RecordFault[]): void {
    this.#counts.rejected += 1
    this.#options.onError({ code: 'rejected', decisionId: sent.decisionId, faults })
  }

  /** Something in this batch makes the whole request unacceptable: halve it until that one record is alone. */
  #divide(batch: readonly Queued[], { message }: Answer & { outcome: 'refused' }): void {
    this.#batches.shift()
    if (batch.length === 1) {
      if (batch[0]!.number) this.#options.numbering?.lose(batch[0]!.number, 'refused')
      return this.#lose('refused', 1, message)
    }
    const half = Math.ceil(batch.length / 2)
    this.#batches.unshift(batch.slice(0, half), batch.slice(half))
  }

  #lose(reason: LossReason, count: number, message: string): void {
    this.#counts.lost += count
    this.#options.onError({ code: 'lost', reason, count, message })
  }

  async #waitAfter(answer: Answer & { outcome: 'retry' }, failures: number): Promise<void> {
    const { status, message, retryAfterMs } = answer
    const retryInMs = backoffMs(failures - 1, retryAfterMs)
    this.#counts.retries += 1
    this.#options.onError({
      code: 'unreachable',
      message,
      retryInMs,
      ...(status === undefined ? {} : { status }),
    })
    await this.#pause.wait(retryInMs)
  }
}

function faultsBySender(batch: readonly Queued[], errors: Envelope['errors']): Map<Queued, RecordFault[]> {
  const found = new Map<Queued, RecordFault[]>()
  for (const { position, code, path, message } of errors) {
    const sent = batch[position]
    if (sent !== undefined) found.set(sent, [...(found.get(sent) ?? []), { code, path, message }])
  }
  return found
}
