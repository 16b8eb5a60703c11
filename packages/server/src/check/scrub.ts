/**
 * Reads everything stored again and again while the server runs, a little at a time, so that a byte that turned over is found while
 * there is still a copy to restore from. A round is due when half of the configured days have passed since the last; it takes at most
 * a twentieth of one core, shared by all ledgers of the server, and goes on where it was after a restart.
 */
import { type Finding, finding } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { StateStore } from '../platform/state-store.ts'
import { reasonOf } from '../platform/failure.ts'
import { beginRound, readUnit, type RoundState, type ScrubbedPlaces } from './scrub-round.ts'
import { readScrub, type ScrubMemory, writeScrub } from './scrub-memory.ts'

const DAY_MS = 86_400_000
/** All scrubs of a process together take this part of one core. */
const CORE_PART = 1 / 20
const PAUSE_MIN_MS = 20
/** How often a scrub that has nothing to do, or could not read, looks again. */
const IDLE_MS = 60_000
/** Units after which the position is kept: reading some of them again costs less than keeping each. */
const KEPT_UNITS = 32

export interface ScrubOptions {
  places: ScrubbedPlaces
  clock: Clock
  store: StateStore
  /** Everything is to be read within this many days. */
  days: number
  /** How many scrubs share the processor time of one; alone when absent. */
  sharers?(): number
  /** The latest checkpoint, or undefined before the first. */
  head(): { size: number; root: Uint8Array } | undefined
  /** Called once for each damage, when it is found first. */
  onDamage(damage: Finding): void
  /** Called when something could not be read at all; it is tried again. */
  onTrouble(message: string): void
}

/** What is known of the stored bytes. */
export interface ScrubStatus {
  days: number
  /** Since everything was known to be read: since the last whole round began, or since this directory was first scrubbed. */
  ageMs: number
  /** Unix ms of the end of the last whole round; null before the first. */
  finishedAt: number | null
  /** The round under way, if there is one. */
  round: { startedAt: number; part: string; entries: number; size: number } | null
  /** Damage found in the last whole round and in the one under way, and `scrub_overdue`. */
  findings: Finding[]
}

export class Scrub {
  readonly #options: ScrubOptions
  #memory: ScrubMemory
  #cancel: () => void = () => {}
  #reading: Promise<void> = Promise.resolve()
  #isStopped = false
  #unkept = 0

  constructor(options: ScrubOptions) {
    this.#options = options
    const { store, places, clock, days } = options
    const known = readScrub(store, places.name) ?? { since: clock.now(), found: [], known: [] }
    this.#memory = { ...known, days }
    this.#keep()
  }

  /** Begins to read, and goes on until `stop`. */
  start(): void {
    this.#after(PAUSE_MIN_MS)
  }

  /** Resolves when nothing is read any more; the position is kept. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#reading
    this.#keep()
  }

  status(): ScrubStatus {
    return scrubStatus(this.#memory, this.#options.clock.now())
  }

  #after(ms: number): void {
    if (this.#isStopped) return
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#reading = this.#step()
        .catch((error: unknown) => {
          this.#options.onTrouble(reasonOf(error))
          return IDLE_MS
        })
        .then((pauseMs) => this.#after(pauseMs))
    })
  }

  /** Reads one unit, if one is due, and says how long to pause. */
  async #step(): Promise<number> {
    const { clock, places } = this.#options
    const begun = clock.monotonicMs()
    const round = this.#memory.round ?? (await this.#due())
    if (!round) return IDLE_MS
    const { state, findings } = await readUnit(places, round)
    this.#memory = { ...this.#memory, round: state, found: [...this.#memory.found, ...findings] }
    this.#report(findings)
    if (state.part === 'done') this.#finish(state)
    this.#unkept += 1
    if (this.#unkept >= KEPT_UNITS || findings.length > 0 || state.part === 'done') this.#keep()
    const turns = (this.#options.sharers?.() ?? 1) / CORE_PART
    return Math.max(PAUSE_MIN_MS, (clock.monotonicMs() - begun) * (turns - 1))
  }

  async #due(): Promise<RoundState | undefined> {
    const { clock, days, head, places } = this.#options
    const now = clock.now()
    const { last } = this.#memory
    const present = head()
    // A clock that stepped back makes a round seem to come from the future; it is due then.
    const isRecent = last && now >= last.finishedAt && now - last.finishedAt < (days * DAY_MS) / 2
    if (!present || present.size === 0 || isRecent) return undefined
    return beginRound(places, now, present)
  }

  #finish({ startedAt, entries }: RoundState): void {
    const { round: _, found, ...rest } = this.#memory
    const finishedAt = this.#options.clock.now()
    this.#memory = { ...rest, found: [], last: { startedAt, finishedAt, entries, findings: found } }
    // What a whole round did not meet again was repaired, and is news if it comes back.
    this.#memory = { ...this.#memory, known: found.map(nameOf) }
  }

  #report(findings: readonly Finding[]): void {
    for (const damage of findings) {
      if (this.#memory.known.includes(nameOf(damage))) continue
      this.#memory = { ...this.#memory, known: [...this.#memory.known, nameOf(damage)] }
      this.#options.onDamage(damage)
    }
  }

  /** What cannot be kept, on a full disk say, is read again by the next process. */
  #keep(): void {
    const { onTrouble, places, store } = this.#options
    try {
      writeScrub(store, places.name, this.#memory)
      this.#unkept = 0
    } catch (error) {
      onTrouble(reasonOf(error))
    }
  }
}

function nameOf({ code, index, message }: Finding): string {
  return `${code} ${index ?? ''} ${message}`
}

/** What a scrub remembers, as a status at `now` (Unix ms). */
export function scrubStatus({ since, days, round, last, found }: ScrubMemory, now: number): ScrubStatus {
  const ageMs = Math.max(0, now - (last?.startedAt ?? since))
  const damage = new Map([...(last?.findings ?? []), ...found].map((each) => [nameOf(each), each]))
  const findings = [...damage.values()]
  if (ageMs > days * DAY_MS) {
    const whole = Math.floor(ageMs / DAY_MS)
    findings.push(
      finding(
        'gap',
        'scrub_overdue',
        `not everything was read again for ${whole} days; ${days} are configured`,
      ),
    )
  }
  return {
    days,
    ageMs,
    finishedAt: last?.finishedAt ?? null,
    round: round
      ? { startedAt: round.startedAt, part: round.part, entries: round.entries, size: round.size }
      : null,
    findings,
  }
}
