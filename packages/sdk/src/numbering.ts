/*
 * Numbers what a client reports, so that the ledger itself shows what is missing.
 *
 * Invariants:
 * - every decision gets the next number when it is taken, whether or not it can be kept: a number that will not be sent is declared lost;
 * - a record keeps its number, its blind and so its text however often it is sent;
 * - links join the chain in the order of their numbers, because batches leave the queue in that order;
 * - nothing here is done in the application's call but counting: hashing waits until a batch is sent.
 */
import type * as formatModule from '@deponent/format'
import type { LossReason } from './issue.ts'
import { nextTurn } from './pause.ts'
import type { Numbered, Queued } from './queue.ts'
import { withMember } from './serialise.ts'

/** Where the chain stands. */
export interface Head {
  seq: number
  /** Lower-case hexadecimal. */
  head: string
}

/** Numbers that will never arrive. */
interface Loss {
  emitterId: string
  epoch: number
  seq: number
  seqTo: number
  reason: LossReason
  link?: string
}

type Format = typeof formatModule

const NAME_LENGTH_MAX = 64
const LOSSES_MAX = 10_000
/** About a millisecond of work. */
const LINKS_PER_TURN = 16

export class Numbering {
  readonly id: string
  /** Unix microseconds of the start, the last three digits at random: a client that starts again begins a later epoch. */
  readonly epoch: number
  #last = 0
  #head: Uint8Array | undefined
  #losses: Loss[] = []
  #statedHead: Head | undefined

  constructor(id: string) {
    this.id = id
    this.epoch = Date.now() * 1000 + Math.floor(Math.random() * 1000)
  }

  /** The number of the next decision. */
  next(): number {
    this.#last += 1
    return this.#last
  }

  /** Declares that a number will not arrive; its link, when it was sent before and so is in the chain. */
  lose({ seq, link }: Numbered, reason: LossReason): void {
    this.#lose({ emitterId: this.id, epoch: this.epoch, seq, seqTo: seq, reason, ...(link && { link }) })
  }

  /** Declares the numbers of a batch lost, which may be of an earlier life of the client. */
  loseBatch({ id, epoch, numbers }: formatModule.BatchNumbers, reason: LossReason): void {
    for (const [seq, link] of numbers)
      this.#lose({ emitterId: id, epoch, seq, seqTo: seq, reason, ...(link && { link }) })
  }

  /** Gives every record of a batch its place in the chain; a record that has one keeps it. Others have their turn in between. */
  async chain(batch: readonly Queued[]): Promise<void> {
    const format = await import('@deponent/format')
    for (const [i, item] of batch.entries()) {
      if (i % LINKS_PER_TURN === LINKS_PER_TURN - 1) await nextTurn()
      if (item.number && item.number.link === undefined) this.#link(format, item)
    }
  }

  /** The numbers of a batch that has its place in the chain. */
  numbersOf(batch: readonly Queued[]): formatModule.BatchNumbers {
    const numbers = batch.flatMap(({ number }) => (number ? [[number.seq, number.link ?? ''] as const] : []))
    return { id: this.id, epoch: this.epoch, numbers }
  }

  /** The head after the last record of a batch, as `Deponent-Emitter-Head` says it, when the chain ends there. */
  headOf(batch: readonly Queued[]): string | undefined {
    const at = this.at
    const last = batch.findLast(({ number }) => number !== undefined)?.number
    if (at === undefined || last?.seq !== at.seq) return undefined
    return `${this.id} ${this.epoch} ${at.seq} ${at.head}`
  }

  /** Where the chain stands: everything up to here was sent, or is declared lost. */
  get at(): Head | undefined {
    return this.#statedHead
  }

  /** The records that declare what was lost since they were last taken. */
  takeLosses(): Record<string, unknown>[] {
    const losses = this.#losses
    this.#losses = []
    return losses.map(({ emitterId, epoch, seq, seqTo, reason, link }) => ({
      kind: 'emitter.loss',
      emitterId,
      epoch,
      seq,
      seqTo,
      count: seqTo - seq + 1,
      reason,
      ...(link !== undefined && { link }),
    }))
  }

  /** Runs of numbers that are lost and not declared yet. */
  get losses(): number {
    return this.#losses.length
  }

  get hasLosses(): boolean {
    return this.#losses.length > 0
  }

  /** Puts back losses that could not be declared. */
  restore(losses: readonly Record<string, unknown>[]): void {
    const back = losses.map(
      ({ emitterId, epoch, seq, seqTo, reason, link }) =>
        ({ emitterId, epoch, seq, seqTo, reason, link }) as Loss,
    )
    this.#losses.unshift(...back)
  }

  /** A heartbeat or a close: how far the numbering went and where the chain stands. */
  statement(kind: 'emitter.heartbeat' | 'emitter.closed', more: object): Record<string, unknown> {
    const at = this.at
    // A head speaks of the last number; behind declared losses the chain stands where it stood.
    const head = at === undefined ? {} : { head: at.head }
    return { kind, emitterId: this.id, epoch: this.epoch, seq: at?.seq ?? 0, ...head, ...more }
  }

  #lose(loss: Loss): void {
    const { emitterId, epoch, seq, reason, link } = loss
    const previous = this.#losses.at(-1)
    const isSameSource = previous?.emitterId === emitterId && previous.epoch === epoch
    const goesOn = isSameSource && previous.reason === reason && previous.seqTo + 1 === seq
    if (goesOn && previous.link === undefined && !link) previous.seqTo = seq
    // Beyond this the numbers are simply gaps, which the ledger shows without being told.
    else if (this.#losses.length < LOSSES_MAX) this.#losses.push(loss)
  }

  #link(format: Format, item: Queued): void {
    const number = item.number!
    const blind = crypto.getRandomValues(new Uint8Array(32))
    const link = linkOf(format, blind, item.text)
    if (link !== undefined) {
      this.#head = format.nextHead(this.#head ?? format.EMPTY_HEAD, number.seq, link)
      number.link = format.toHex(link)
      this.#statedHead = { seq: number.seq, head: format.toHex(this.#head) }
    } else number.link = ''
    const emitter = { id: this.id, epoch: this.epoch, seq: number.seq, blind: format.toHex(blind) }
    item.text = withMember(item.text, 'emitter', JSON.stringify(emitter))
  }
}

/** The link of a record's text; undefined when it has no canonical form, which the server will not keep either. */
function linkOf(format: Format, blind: Uint8Array, text: string): Uint8Array | undefined {
  try {
    return format.emitterLink(blind, format.canonicalJson(format.readJson(text).value))
  } catch {
    return undefined
  }
}

/** A name for a client that was given none: its system and eight random digits. */
export function emitterName(system: string | undefined): string {
  const random = [...crypto.getRandomValues(new Uint8Array(4))].map((byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  const readable = (system ?? 'sdk').replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  return `${readable.slice(0, NAME_LENGTH_MAX - 9) || 'sdk'}-${random.join('')}`
}
