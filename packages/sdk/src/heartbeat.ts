/*
 * Says to the ledger that the client lives, how far its numbers went and what it had to drop; at the end, that it ended.
 */
import type { OnError } from './issue.ts'
import type { Numbering } from './numbering.ts'
import { quietTimer } from './pause.ts'
import type { Sender } from './sender.ts'
import type { Stats } from './stats.ts'

export class Heartbeat {
  readonly numbering: Numbering
  readonly #sender: Sender
  readonly #stats: () => Stats
  readonly #onError: OnError
  readonly #intervalMs: number
  readonly #requestTimeoutMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The server was told how often to expect a heartbeat. */
  #isDeclared = false
  #isStopped = false
  /** The last number, and how many losses were not told, when the end was stated: a process that ends may be asked again. */
  #closedAt = 0
  #untold = 0

  /** An `intervalMs` of 0 is never. */
  constructor(
    numbering: Numbering,
    sender: Sender,
    stats: () => Stats,
    onError: OnError,
    { intervalMs, requestTimeoutMs }: { intervalMs: number; requestTimeoutMs: number },
  ) {
    this.#onError = onError
    this.numbering = numbering
    this.#sender = sender
    this.#stats = stats
    this.#intervalMs = intervalMs
    this.#requestTimeoutMs = requestTimeoutMs
  }

  begin(): void {
    if (this.#intervalMs > 0 && !this.#isStopped)
      this.#timer ??= quietTimer(() => this.#beat(), this.#intervalMs)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Everything is sent: what is to be said beside it? */
  async afterSending(): Promise<void> {
    const isDue = this.#intervalMs > 0 && !this.#isDeclared
    if (isDue && this.numbering.at !== undefined) await this.#sayAlive()
    else if (this.numbering.hasLosses) await this.#sender.state([], this.#requestTimeoutMs)
  }

  /**
   * States the last number and the head of the chain, and what was lost: nothing comes after this, unless the process goes on after
   * all. Losses that the server does not hear of now are left on the disk for the next process, or told.
   */
  async sayClosed(reason: string, timeoutMs: number): Promise<void> {
    const { at, hasLosses } = this.numbering
    const isNew = (at?.seq ?? 0) !== this.#closedAt || this.numbering.losses !== this.#untold
    if (!isNew) return
    this.#closedAt = at?.seq ?? 0
    const statement = this.numbering.statement('emitter.closed', { reason })
    const isHeard = timeoutMs > 0 && (await this.#sender.state([statement], timeoutMs))
    const isKnown = isHeard || !hasLosses || (await this.#sender.leave([statement]))
    this.#untold = this.numbering.losses
    if (isKnown) return
    this.#onError({
      code: 'unavailable',
      message: 'the ledger was not told which numbers were lost; they show as gaps there',
    })
  }

  /** While a batch is under way that batch says how far the numbers went. */
  #beat(): void {
    this.#timer = quietTimer(() => this.#beat(), this.#intervalMs)
    if (!this.#sender.isBusy) void this.#sayAlive()
  }

  async #sayAlive(): Promise<void> {
    if (this.numbering.at === undefined) {
      if (this.numbering.hasLosses) await this.#sender.state([], this.#requestTimeoutMs)
      return
    }
    this.#isDeclared = true
    const { reported, recorded, duplicates, rejected, lost } = this.#stats()
    const counters = { reported, recorded, duplicates, rejected, lost }
    const intervalMs = this.#intervalMs
    const statement = this.numbering.statement('emitter.heartbeat', { intervalMs, counters })
    await this.#sender.state([statement], this.#requestTimeoutMs)
  }
}
