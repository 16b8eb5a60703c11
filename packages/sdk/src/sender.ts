/*
 * Sends what the queue holds, one batch at a time and in order.
 *
 * Invariants:
 * - at most one request is under way;
 * - what lies on the disk is older than what waits in memory, and is sent first;
 * - a batch that was taken from the queue is in `#batches` until each of its records is settled, that is judged by
 *   the server, on the disk or declared lost; it is sent again, unchanged, until then;
 * - nothing here throws or rejects: the application never sees the network.
 */
import type { Answer, Envelope } from './answer.ts'
import { backoffMs } from './backoff.ts'
import type { Destination } from './destination.ts'
import type { LossReason, RecordFault } from './issue.ts'
import type { Numbering } from './numbering.ts'
import { Pause } from './pause.ts'
import type { Queue, Queued } from './queue.ts'
import type { Receipts } from './receipts.ts'
import { Requests } from './requests.ts'
import type { RequestsOptions } from './requests.ts'
import type { Spool, SpooledBatch } from './spool.ts'
import type { Counts } from './stats.ts'

/** Below the server's limit for a request with room to spare. */
const BATCH_CHARACTERS_MAX = 4 * 1024 * 1024
/** A server that forgets records is not asked again at once. */
const FORGOTTEN_MS = 5_000
/** Nor is a batch that another process has, or that cannot be read, looked at again at once. */
const LATER_MS = 500

/** What a client says of itself. */
type Statement = Record<string, unknown>

export interface SenderOptions extends RequestsOptions {
  batchSize: number
  requestTimeoutMs: number
  /** Numbers what is sent; absent where the client does not. */
  numbering?: Numbering
  /** Where batches wait while the server is away; absent where they wait in memory. */
  spool?: Spool
}

export class Sender implements Destination {
  readonly #options: SenderOptions
  readonly #queue: Queue
  readonly #receipts: Receipts
  readonly #counts: Counts
  readonly #pause = new Pause()
  readonly #requests: Requests
  #batches: Queued[][] = []
  #running: Promise<void> | undefined
  #spooling: Promise<void> | undefined
  #isWaiting = false
  #isResting = false
  #stopped = false

  constructor(options: SenderOptions, queue: Queue, receipts: Receipts, counts: Counts) {
    this.#options = options
    this.#requests = new Requests(options)
    this.#queue = queue
    this.#receipts = receipts
    this.#counts = counts
  }

  /** Records neither judged nor declared lost. */
  get unsettled(): number {
    const batched = this.#batches.reduce((sum, batch) => sum + batch.length, 0)
    return this.#queue.length + batched + (this.#options.spool?.ownRecords ?? 0)
  }

  /** Begins to send, or sends on; resolves when nothing is left. While the server is away what waits goes to the disk. */
  run(): Promise<void> {
    if (this.#stopped || !this.#hasWork()) return this.#running ?? Promise.resolve()
    if (this.#isWaiting) void this.#spoolWaiting()
    if (this.#isResting) this.#pause.hurry()
    this.#running ??= this.#sendAll()
    return this.#running
  }

  /** Ends a wait between two attempts. */
  hurry(): void {
    this.#pause.hurry()
  }

  /** Ends: what is left goes to the disk where there is one, and what cannot is given back. */
  async stop(): Promise<Queued[]> {
    this.#stopped = true
    this.#pause.hurry()
    await this.#spoolWaiting()
    await this.#options.spool?.settled()
    const left = [...this.#batches.flat(), ...this.#queue.clear()]
    this.#batches = []
    return left
  }

  /**
   * Sends statements about the numbering to the ledger, with the losses declared since; one attempt of at most `timeoutMs`. Only
   * while no batch is under way, so that a head speaks of what was settled. What was not taken is declared with the next statement.
   * Resolves to whether it was taken.
   */
  state(statements: readonly Statement[], timeoutMs: number): Promise<boolean> {
    return this.#withLosses(statements, async (lines) => {
      const answer = await this.#requests.lines('/v1/records', lines.join('\n'), {}, timeoutMs)
      return answer.outcome === 'judged'
    })
  }

  /** Leaves such statements on the disk, for the next process to send; resolves to whether there is one that takes them. */
  leave(statements: readonly Statement[]): Promise<boolean> {
    const { spool } = this.#options
    return this.#withLosses(statements, async (lines) => (await spool?.leave(lines)) === true)
  }

  /** Whether a batch is under way or waiting. */
  get isBusy(): boolean {
    return this.#running !== undefined || this.unsettled > 0
  }

  async #withLosses(
    statements: readonly Statement[],
    say: (lines: readonly string[]) => Promise<boolean>,
  ): Promise<boolean> {
    const { numbering } = this.#options
    const losses = numbering?.takeLosses() ?? []
    const lines = [...losses, ...statements].map((record) => JSON.stringify(record))
    const isSaid = lines.length > 0 && (await say(lines))
    if (!isSaid) numbering?.restore(losses)
    return isSaid
  }

  async #sendAll(): Promise<void> {
    let failures = 0
    while (!this.#stopped && this.#hasWork()) {
      await this.#spooling
      const replayed = await this.#replay()
      const answer = replayed === 'later' ? await this.#send() : (replayed ?? (await this.#send()))
      if (answer === undefined && replayed === 'later') await this.#rest()
      if (answer === undefined) continue
      failures = answer.outcome === 'retry' ? failures + 1 : 0
      if (answer.outcome === 'retry' && !this.#stopped) await this.#waitAfter(answer, failures)
    }
    // In the same turn as the last look at the queue: whoever adds to it afterwards finds nobody running.
    this.#running = undefined
  }

  #hasWork(): boolean {
    return this.#next() !== undefined || this.#options.spool?.isEmpty === false
  }

  /** Sends the oldest batch on the disk, if there is one: it was made before what waits in memory. */
  async #replay(): Promise<Answer | 'later' | undefined> {
    const { spool } = this.#options
    if (spool === undefined || spool.isEmpty) return undefined
    const batch = await spool.first()
    if (batch === undefined || batch === 'later') return batch
    try {
      return await this.#replayed(spool, batch)
    } finally {
      await spool.release(batch)
    }
  }

  async #replayed(spool: Spool, batch: SpooledBatch): Promise<Answer> {
    const { requestTimeoutMs } = this.#options
    const answer = await this.#requests.send(batch.head.path, batch.body, batch.headers, requestTimeoutMs)
    if (answer.outcome === 'refused') await spool.refused(batch)
    if (answer.outcome !== 'judged') return answer
    const { receipts, errors, promise } = answer.envelope
    const { records } = batch.head
    if (new Set([...receipts, ...errors].map(({ position }) => position)).size < records)
      return {
        outcome: 'retry',
        message: 'the answer left out some of a spooled batch',
        retryAfterMs: FORGOTTEN_MS,
      }
    for (const { position: _, ...receipt } of receipts) {
      if (batch.isOwn) this.#counts[receipt.status === 'duplicate' ? 'duplicates' : 'recorded'] += 1
      this.#receipts.add(receipt.decisionId ?? receipt.id, { ...receipt, promise })
    }
    if (batch.isOwn) this.#counts.rejected += records - receipts.length
    else this.#counts.replayed += records
    for (const { position, decisionId = `${position} of a spooled batch`, ...fault } of errors)
      this.#options.onError({ code: 'rejected', decisionId, faults: [fault] })
    await spool.done(batch)
    return answer
  }

  /** Sends the next batch in memory, if there is one. */
  async #send(): Promise<Answer | undefined> {
    const batch = this.#next()
    if (batch === undefined) return undefined
    const answer = await this.#post(batch)
    // Whoever stopped us took the batch.
    if (this.#stopped) return answer
    if (answer.outcome === 'judged') await this.#settle(batch, answer.envelope)
    else if (answer.outcome === 'refused') this.#divide(batch, answer)
    return answer
  }

  /** Puts what waits on the disk, as far as there is one and it takes it. */
  #spoolWaiting(): Promise<void> {
    this.#spooling ??= this.#spoolAll().finally(() => (this.#spooling = undefined))
    return this.#spooling
  }

  async #spoolAll(): Promise<void> {
    const { spool, numbering } = this.#options
    if (spool === undefined) return
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) {
      await numbering?.chain(batch)
      if (!(await spool.put(batch))) return
      this.#batches.shift()
    }
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
    return this.#requests.lines(batch[0]!.path, body, headers, requestTimeoutMs)
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

  /** What is on the disk cannot be sent now, and nothing else waits: somebody who records something ends this. */
  async #rest(): Promise<void> {
    this.#isResting = true
    await this.#pause.wait(LATER_MS)
    this.#isResting = false
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
    await this.#spoolWaiting()
    this.#isWaiting = true
    await this.#pause.wait(retryInMs)
    this.#isWaiting = false
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
