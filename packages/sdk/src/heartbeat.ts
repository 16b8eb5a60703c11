/*
 * Says to the ledger that the client lives, how far its numbers went and what it had to drop; at the end, that it ended.
 */
import type { Numbering } from './numbering.ts'
import { quietTimer } from './pause.ts'
import type { Sender } from './sender.ts'
import type { Stats } from './stats.ts'

export class Heartbeat {
  readonly numbering: Numbering
  readonly #sender: Sender
  readonly #stats: () => Stats
  readonly #intervalMs: number
  readonly #requestTimeoutMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The server was told how often to expect a heartbeat. */
  #isDeclared = false
  #isStopped = false
  #closedAt: number | undefined

  /** An `intervalMs` of 0 is never. */
  constructor(
    numbering: Numbering,
    sender: Sender,
    stats: () => Stats,
    { intervalMs, requestTimeoutMs }: { intervalMs: number; requestTimeoutMs: number },
  ) {
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

  /** States the last number and the head of the chain: nothing comes after this, unless the process goes on after all. */
  async sayClosed(reason: string, timeoutMs: number): Promise<void> {
    const { at } = this.numbering
    if (timeoutMs <= 0 || at === undefined || at.seq === this.#closedAt) return
    this.#closedAt = at.seq
    await this.#sender.state([this.numbering.statement('emitter.closed', { reason })], timeoutMs)
  }

  /** While a batch is under way that batch says how far the numbers went. */
  #beat(): void {
    this.#timer = quietTimer(() => this.#beat(), this.#intervalMs)
    if (!this.#sender.isBusy) void this.#sayAlive()
  }

  async #sayAlive(): Promise<void> {
    if (this.numbering.at === undefined) return
    this.#isDeclared = true
    const { reported, recorded, duplicates, rejected, lost } = this.#stats()
    const counters = { reported, recorded, duplicates, rejected, lost }
    const intervalMs = this.#intervalMs
    const statement = this.numbering.statement('emitter.heartbeat', { intervalMs, counters })
    await this.#sender.state([statement], this.#requestTimeoutMs)
  }
}
