/*
 * Follows the chain of one emitter and epoch from the links of its records, in whatever order they come, and compares it with the
 * heads the emitter states. Invariants: `head` is the head at `frontier`; links wait only for numbers beyond it; once following was
 * given up it stays so, since a head computed over unknown links would accuse somebody of nothing.
 */
import { equalBytes, fromHex, toHex } from '../bytes.ts'
import { EMPTY_HEAD, nextHead } from './chain.ts'
import type { Ranges } from './ranges.ts'

/** Links kept for numbers whose predecessors are missing; a longer wait ends the following of the chain. */
const WAITING_LINKS_MAX = 4_096
/** Heads kept for statements that come after later records did. */
const RECENT_HEADS_MAX = 1_024
const WAITING_HEADS_MAX = 64

/**
 * What a stated head came to. `pending`: records below it have not arrived. `unknown`: too late or too incomplete to say.
 */
export type HeadJudgement = 'agrees' | 'differs' | 'pending' | 'unknown'

export interface HeadsState {
  readonly frontier?: number
  readonly head?: string
  readonly waiting: readonly (readonly [number, string])[]
  readonly stated: readonly (readonly [number, string])[]
  readonly verified?: number
  readonly differing?: number
  readonly doubted?: number
  readonly abandoned?: true
}

export class ChainHeads {
  #frontier: number | undefined
  #head: Uint8Array
  readonly #waiting: Map<number, Uint8Array>
  #stated: (readonly [number, string])[]
  /** Highest number whose stated head agreed; lowest whose stated head did not. */
  #verified: number | undefined
  #differing: number | undefined
  /** A head that does not follow from the records seen, while earlier ones may still arrive. */
  #doubted: number | undefined
  #abandoned: boolean
  readonly #recent = new Map<number, Uint8Array>()

  constructor(state: HeadsState = { waiting: [], stated: [] }) {
    this.#frontier = state.frontier
    this.#head = state.head === undefined ? EMPTY_HEAD : fromHex(state.head)
    this.#waiting = new Map(state.waiting.map(([seq, link]) => [seq, fromHex(link)]))
    this.#stated = [...state.stated]
    this.#verified = state.verified
    this.#differing = state.differing
    this.#doubted = state.doubted
    this.#abandoned = state.abandoned === true
  }

  get verified(): number | undefined {
    return this.#verified
  }

  get differing(): number | undefined {
    return this.#differing ?? (this.#frontier === undefined ? this.#doubted : undefined)
  }

  /** The last number the chain is known to, with its head in hex. */
  get at(): { seq: number; head: string } | undefined {
    return this.#frontier === undefined ? undefined : { seq: this.#frontier, head: toHex(this.#head) }
  }

  get abandoned(): boolean {
    return this.#abandoned
  }

  /** Takes the link of a number; undefined when it is not known. `lost`: numbers declared lost. */
  link(seq: number, link: Uint8Array | undefined, lost: Ranges): void {
    if (this.#abandoned) return
    if (link === undefined || (this.#frontier !== undefined && seq <= this.#frontier)) return this.abandon()
    this.#waiting.set(seq, link)
    // Numbering begins at 1, or at 0 where the first record says so.
    if (this.#frontier === undefined && seq <= 1) this.#frontier = seq - 1
    this.advance(lost)
    if (this.#waiting.size > WAITING_LINKS_MAX) this.abandon()
  }

  /** Goes on as far as links and declared losses lead. */
  advance(lost: Ranges): void {
    if (this.#abandoned) return
    if (this.#frontier === undefined && lost.has(1)) this.#frontier = 0
    if (this.#frontier === undefined) return
    while (this.#step(lost));
    this.#stated = this.#stated.filter(([seq, head]) => this.#judge(seq, fromHex(head)) === 'pending')
  }

  /** Compares a head the emitter states with its records. */
  state(seq: number, head: Uint8Array, lost: Ranges): HeadJudgement {
    if (this.#abandoned) return 'unknown'
    const judgement = this.#frontier === undefined ? this.#beginAt(seq, head, lost) : this.#judge(seq, head)
    if (judgement !== 'pending' && this.#frontier !== undefined) return judgement
    this.#stated.push([seq, toHex(head)])
    if (this.#stated.length > WAITING_HEADS_MAX) this.#stated.shift()
    return judgement
  }

  /** Gives up following: what the chain runs over is not known. */
  abandon(): void {
    this.#abandoned = true
    this.#waiting.clear()
    this.#stated = []
  }

  toState(): HeadsState {
    return {
      ...(this.#frontier !== undefined && { frontier: this.#frontier, head: toHex(this.#head) }),
      waiting: [...this.#waiting].map(([seq, link]) => [seq, toHex(link)] as const),
      stated: this.#stated,
      ...(this.#verified !== undefined && { verified: this.#verified }),
      ...(this.#differing !== undefined && { differing: this.#differing }),
      ...(this.#doubted !== undefined && { doubted: this.#doubted }),
      ...(this.#abandoned && { abandoned: true as const }),
    }
  }

  #step(lost: Ranges): boolean {
    const next = this.#frontier! + 1
    const link = this.#waiting.get(next)
    const end = link === undefined ? lost.endFrom(next) : next
    if (end === undefined) return false
    if (link !== undefined) {
      this.#head = nextHead(this.#head, next, link)
      this.#waiting.delete(next)
      this.#frontier = next
    } else this.#frontier = this.#passOver(next, end)
    this.#recent.set(this.#frontier, this.#head)
    if (this.#recent.size > RECENT_HEADS_MAX) this.#recent.delete(this.#recent.keys().next().value!)
    return true
  }

  /** The last number from `next` on, to `end` at most, in front of one that has a link after all. */
  #passOver(next: number, end: number): number {
    let last = end
    for (const seq of this.#waiting.keys()) if (seq > next && seq <= last) last = seq - 1
    return last
  }

  #judge(seq: number, head: Uint8Array): HeadJudgement {
    if (seq > this.#frontier!) return 'pending'
    const own = seq === this.#frontier ? this.#head : this.#recent.get(seq)
    if (own === undefined) return 'unknown'
    return this.#conclude(seq, equalBytes(own, head))
  }

  #conclude(seq: number, agrees: boolean): HeadJudgement {
    if (agrees) this.#verified = Math.max(this.#verified ?? seq, seq)
    else this.#differing = Math.min(this.#differing ?? seq, seq)
    return agrees ? 'agrees' : 'differs'
  }

  /** The first statement about an epoch whose first numbers were not seen: it may show that it begins where it was seen to. */
  #beginAt(seq: number, head: Uint8Array, lost: Ranges): HeadJudgement {
    const first = Math.min(...this.#waiting.keys())
    if (first > seq) return 'pending'
    const trial = new ChainHeads({ ...this.toState(), frontier: first - 1, head: toHex(EMPTY_HEAD) })
    trial.advance(lost)
    const judgement = trial.#frontier! < seq ? 'pending' : trial.#judge(seq, head)
    if (judgement === 'agrees') this.#become(trial)
    else if (judgement === 'differs') this.#doubted = seq
    return judgement
  }

  #become(other: ChainHeads): void {
    this.#frontier = other.#frontier
    this.#head = other.#head
    this.#verified = other.#verified
    this.#waiting.clear()
    for (const [seq, link] of other.#waiting) this.#waiting.set(seq, link)
    for (const [seq, known] of other.#recent) this.#recent.set(seq, known)
  }
}
