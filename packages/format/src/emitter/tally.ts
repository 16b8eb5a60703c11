/*
 * What is known of one emitter in one epoch: which of its numbers have an entry, which are declared lost, which are missing or
 * taken twice, and whether its chain leads to the heads it states. Fed with the entries of a ledger in index order by whoever reads
 * one: the server as it records, a verifier as it walks, a proof as it is opened. Holds a bounded amount of memory.
 */
import { fromHex, toHex } from '../bytes.ts'
import { ChainHeads, type HeadJudgement, type HeadsState } from './heads.ts'
import { type Range, Ranges, sizeOf } from './ranges.ts'

/** Runs of numbers told apart; beyond that the lowest gaps are counted and no longer listed. */
const RUNS_MAX = 4_096
const LISTED_MAX = 1_000
const RECENT_LINKS_MAX = 1_024
const NOTHING = new Ranges()

/** A number that has more than one entry. */
export interface Repetition {
  readonly seq: number
  /** Index of the later entry. */
  readonly index: number
}

/** Numbers somebody declared lost, and why. */
export interface DeclaredLoss {
  readonly from: number
  readonly to: number
  readonly reason: string
}

/** A numbered record as the ledger shows it, with its link where the payload was opened. */
export interface NumberedEntry {
  readonly seq: number
  readonly index: number
  readonly receivedAt: number
  readonly link?: Uint8Array
}

/** What an emitter, or the server about it, says in `emitter.heartbeat`, `emitter.closed` and `emitter.loss`. */
export interface EmitterStatement {
  readonly kind: 'emitter.heartbeat' | 'emitter.closed' | 'emitter.loss'
  readonly receivedAt: number
  readonly seq?: number
  readonly seqTo?: number
  readonly head?: Uint8Array
  readonly link?: Uint8Array
  readonly intervalMs?: number
  readonly reason?: string
  /** The server says it, not the emitter: no sign of life. */
  readonly byServer?: boolean
}

/** The answer to "is anything missing?". */
export interface EpochSummary {
  readonly first: number | null
  readonly last: number | null
  /** Entries. */
  readonly recorded: number
  /** Runs of numbers that have an entry. */
  readonly ranges: readonly Range[]
  /** Numbers with neither an entry nor a declared loss, from the first to the last seen or stated. */
  readonly missing: number
  readonly gaps: readonly Range[]
  readonly lost: number
  readonly losses: readonly DeclaredLoss[]
  readonly forks: number
  readonly forkList: readonly Repetition[]
  /** Entries that repeat a number with the same content. */
  readonly duplicates: number
  /** Entries with a lower number than one before them. */
  readonly outOfOrder: number
  /** Whether what came before `first` is known: the epoch begins at 0 or 1, or the chain shows that it begins there. */
  readonly beginning: 'known' | 'unknown'
  readonly chain: {
    /** `unstated`: no head to compare with. `open`: the last stated head is beyond what could be followed. */
    readonly state: 'unstated' | 'verified' | 'differs' | 'open'
    readonly verifiedTo: number | null
    readonly at: { readonly seq: number; readonly head: string } | null
  }
  readonly closedAt: number | null
  readonly firstReceivedAt: number | null
  readonly lastReceivedAt: number | null
  readonly intervalMs: number | null
  readonly lastIndex: number | null
}

/** Plain data; a tally can be put aside and taken up again. */
export interface TallyState {
  readonly runs: readonly Range[]
  readonly lostRuns: readonly Range[]
  readonly losses: readonly DeclaredLoss[]
  readonly heads: HeadsState
  readonly forkList: readonly Repetition[]
  readonly numbers: Partial<Record<Counter, number>>
}

type Counter =
  | 'recorded'
  | 'forks'
  | 'duplicates'
  | 'outOfOrder'
  | 'unlistedMissing'
  | 'statedTo'
  | 'statedHead'
  | 'closedAt'
  | 'firstReceivedAt'
  | 'lastReceivedAt'
  | 'intervalMs'
  | 'lastIndex'

export class EpochTally {
  readonly #seen: Ranges
  readonly #lost: Ranges
  readonly #losses: DeclaredLoss[]
  readonly #heads: ChainHeads
  readonly #forkList: Repetition[]
  readonly #numbers: Partial<Record<Counter, number>>
  readonly #recentLinks = new Map<number, string>()

  constructor(state?: TallyState) {
    this.#seen = new Ranges(state?.runs)
    this.#lost = new Ranges(state?.lostRuns)
    this.#losses = [...(state?.losses ?? [])]
    this.#heads = new ChainHeads(state?.heads)
    this.#forkList = [...(state?.forkList ?? [])]
    this.#numbers = { ...state?.numbers }
  }

  /** Takes an entry; says what its number was: new, or that of another entry with the same or other content. */
  record({ seq, index, receivedAt, link }: NumberedEntry): 'new' | 'duplicate' | 'fork' {
    this.#lives(receivedAt)
    this.#numbers.lastIndex = index
    this.#count('recorded')
    if (seq < (this.last ?? -1)) this.#count('outOfOrder')
    if (this.#seen.has(seq)) return this.#repeat(seq, index, link)
    this.#seen.add(seq)
    this.#keepRunsFew()
    // Declared lost with this very link, and here after all: the chain went through it already.
    const isChained = link !== undefined && this.#recentLinks.get(seq) === toHex(link)
    if (link) this.#rememberLink(seq, link)
    if (!isChained) this.#heads.link(seq, link, this.#lost)
    return 'new'
  }

  /** Takes a statement; gives what its head came to, when it has one. */
  state(statement: EmitterStatement): HeadJudgement | undefined {
    const { kind, receivedAt, seq, head } = statement
    if (statement.byServer !== true) this.#lives(receivedAt)
    if (kind === 'emitter.loss') {
      this.#declareLost(statement)
      return undefined
    }
    if (seq !== undefined) this.#numbers.statedTo = Math.max(this.#numbers.statedTo ?? 0, seq)
    if (statement.intervalMs !== undefined) this.#numbers.intervalMs = statement.intervalMs
    if (kind === 'emitter.closed') this.#numbers.closedAt = receivedAt
    return seq === undefined || head === undefined ? undefined : this.compare(seq, head)
  }

  /** Compares a head the emitter states with its records. */
  compare(seq: number, head: Uint8Array): HeadJudgement {
    this.#numbers.statedHead = Math.max(this.#numbers.statedHead ?? 0, seq)
    return this.#heads.state(seq, head, this.#lost)
  }

  /** Whether the number has an entry or is declared lost. */
  accountsFor(seq: number): boolean {
    return this.#seen.has(seq) || this.#lost.has(seq)
  }

  /** The highest number with an entry. */
  get last(): number | undefined {
    return this.#seen.runs.at(-1)?.[1]
  }

  /** Unix milliseconds when it was first heard from. */
  get begunAt(): number | undefined {
    return this.#numbers.firstReceivedAt
  }

  /** Numbers in from..to that have neither an entry nor a declared loss. */
  missing(from: number, to: number): Range[] {
    return this.#seen.missing(from, to, this.#lost)
  }

  summary(): EpochSummary {
    const { recorded = 0, forks = 0, duplicates = 0, outOfOrder = 0, unlistedMissing = 0 } = this.#numbers
    const runs = this.#seen.runs
    const first = Math.min(runs[0]?.[0] ?? Infinity, this.#lost.runs[0]?.[0] ?? Infinity)
    const end = Math.max(this.last ?? -1, this.#numbers.statedTo ?? -1)
    // Nothing arrived, and yet the emitter says it sent something.
    const begin = first === Infinity ? Math.min(1, end) : first
    const gaps = end < 0 ? [] : this.missing(begin, end).filter(([, to]) => to > 0)
    return {
      first: runs[0]?.[0] ?? null,
      last: this.last ?? null,
      recorded,
      ranges: runs.slice(0, LISTED_MAX),
      missing: sizeOf(gaps) + unlistedMissing,
      gaps: gaps.slice(0, LISTED_MAX),
      lost: this.#lost.runs.reduce(
        (sum, [from, to]) => sum + sizeOf(this.#seen.missing(from, to, NOTHING)),
        0,
      ),
      losses: this.#losses,
      forks,
      forkList: this.#forkList,
      duplicates,
      outOfOrder,
      beginning: first <= 1 || this.#heads.verified !== undefined ? 'known' : 'unknown',
      chain: this.#chain(),
      closedAt: this.#numbers.closedAt ?? null,
      firstReceivedAt: this.#numbers.firstReceivedAt ?? null,
      lastReceivedAt: this.#numbers.lastReceivedAt ?? null,
      intervalMs: this.#numbers.intervalMs ?? null,
      lastIndex: this.#numbers.lastIndex ?? null,
    }
  }

  toState(): TallyState {
    return {
      runs: this.#seen.runs,
      lostRuns: this.#lost.runs,
      losses: this.#losses,
      heads: this.#heads.toState(),
      forkList: this.#forkList,
      numbers: this.#numbers,
    }
  }

  #chain(): EpochSummary['chain'] {
    const { verified, differing, at } = this.#heads
    const { statedHead } = this.#numbers
    const verifiedTo = verified ?? null
    if (differing !== undefined) return { state: 'differs', verifiedTo, at: at ?? null }
    if (statedHead === undefined) return { state: 'unstated', verifiedTo, at: at ?? null }
    const state = verified !== undefined && verified >= statedHead ? 'verified' : 'open'
    return { state, verifiedTo, at: at ?? null }
  }

  #repeat(seq: number, index: number, link: Uint8Array | undefined): 'duplicate' | 'fork' {
    if (link && this.#recentLinks.get(seq) === toHex(link)) {
      this.#count('duplicates')
      return 'duplicate'
    }
    this.#count('forks')
    if (this.#forkList.length < LISTED_MAX) this.#forkList.push({ seq, index })
    // Which of the two its emitter went on from is not known: no head beyond them can accuse anybody.
    this.#heads.abandon()
    return 'fork'
  }

  #declareLost({ seq, seqTo, reason = 'unknown', link }: EmitterStatement): void {
    if (seq === undefined) return
    const to = Math.max(seq, seqTo ?? seq)
    const news = this.missing(seq, to)
    if (news.length === 0) return
    if (this.#losses.length < LISTED_MAX) this.#losses.push({ from: seq, to, reason })
    for (const [from, end] of news) this.#lost.add(from, end)
    if (link && seq === to) {
      this.#rememberLink(seq, link)
      this.#heads.link(seq, link, this.#lost)
    } else this.#heads.advance(this.#lost)
  }

  #rememberLink(seq: number, link: Uint8Array): void {
    this.#recentLinks.set(seq, toHex(link))
    if (this.#recentLinks.size > RECENT_LINKS_MAX)
      this.#recentLinks.delete(this.#recentLinks.keys().next().value!)
  }

  #keepRunsFew(): void {
    if (this.#seen.runs.length <= RUNS_MAX) return
    this.#numbers.unlistedMissing = (this.#numbers.unlistedMissing ?? 0) + this.#seen.closeFirstGap()
  }

  #lives(receivedAt: number): void {
    this.#numbers.firstReceivedAt ??= receivedAt
    this.#numbers.lastReceivedAt = receivedAt
  }

  #count(counter: Counter): void {
    this.#numbers[counter] = (this.#numbers[counter] ?? 0) + 1
  }
}

/** The 32 bytes a member of a record holds in lower-case hex; undefined when it holds anything else. */
export function hexDigest(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? fromHex(value) : undefined
}
