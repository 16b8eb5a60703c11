/**
 * The record of every look. What shows content is on record before the content leaves (`now`); lists, numbers and denials within a
 * second (`soon`), and a crash within that second is itself put on record at the next start, as a gap.
 *
 * A dashboard asks the same thing every few seconds. The first time is recorded like any other; what repeats it within a minute
 * becomes one further record, which says how often and until when and names the objects the first did not.
 */
import { canonicalJson, type CanonicalRecord, isoTime, type JsonValue } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import { type Actor, SERVER } from './actor.ts'

export const FLUSH_MS = 500
export const REPEATS_MS = 60_000
/** Looks that wait to be recorded, and repeated ones that are counted. */
const WAITING_MAX = 10_000
/** Objects one record names. */
export const OBJECTS_MAX = 1_000

/** A look cannot be put on record, so nothing may be shown. */
export class AccessUnrecordable extends Error {
  constructor() {
    super('this reading cannot be recorded, so nothing is shown')
  }
}

export interface Look {
  readonly actor: Actor
  /** In the words of the policy: list, read, reveal, export … */
  readonly action: string
  /** The operation, in the words of the contract. */
  readonly operation: string
  readonly result: 'read' | 'denied' | 'exported'
  readonly purpose?: string
  /** Entry ids. */
  readonly objects?: readonly string[]
  readonly fields?: readonly string[]
  /** The question in one spelling. */
  readonly query?: JsonValue
  /** Rows or groups in the answer. */
  readonly count?: number
  /** Who outside got what was exported. */
  readonly recipient?: string
  /** The code of a denial. */
  readonly code?: string
}

/** Remembers, outside this process, since when looks may be unrecorded; survives the process, not always the machine. */
export interface OpenMark {
  /** Since when, as the last process left it; undefined when it ended in order. */
  left(): number | undefined
  set(since: number): void
  clear(): void
}

export interface AccessLogOptions {
  clock: Clock
  mark: OpenMark
  /** Puts access records in the ledger; resolves when they are durable. */
  append(records: readonly CanonicalRecord[]): Promise<unknown>
  /** Whether the ledger takes entries. */
  isRecording(): boolean
}

/** What one asker repeats. */
interface Repeated {
  readonly look: Look
  readonly from: number
  readonly named: Set<string>
  fresh: Set<string>
  repeats: number
  until: number
  cancel(): void
}

export class AccessLog {
  readonly #options: AccessLogOptions
  readonly #repeated = new Map<string, Repeated>()
  #waiting: CanonicalRecord[] = []
  #flushing: Promise<void> = Promise.resolve()
  /** What waited could not be recorded the last time: nothing more is shown until it is. */
  #isBehind = false
  #isMarked = false
  #cancelFlush: (() => void) | undefined

  constructor(options: AccessLogOptions) {
    this.#options = options
  }

  /** Puts on record that the process before ended with looks it had not recorded yet, if it may have. */
  async begin(): Promise<void> {
    const { clock, mark } = this.#options
    const since = mark.left()
    if (since === undefined || !this.#options.isRecording()) return
    const gap = {
      actor: { ...SERVER },
      action: 'gap',
      result: 'read',
      from: isoTime(since),
      until: isoTime(Math.max(since, clock.now())),
      accessBasis: 'recorder',
      basis: 'observed',
    }
    await this.#append([gap])
    this.#markClosed()
  }

  /** Resolves when the look is durable. @throws AccessUnrecordable */
  async now(look: Look): Promise<void> {
    this.#check()
    await this.#append([recordOf(look, this.#options.clock.now())])
  }

  /** Takes a look to be recorded within a second. @throws AccessUnrecordable when what waits cannot be recorded */
  soon(look: Look): void {
    this.#check()
    const { clock } = this.#options
    const key = keyOf(look)
    const known = this.#repeated.get(key)
    if (known) {
      this.#markOpen()
      repeat(known, look, clock.now())
      if (known.fresh.size >= OBJECTS_MAX) this.#settle(key)
      return
    }
    if (this.#repeated.size >= WAITING_MAX) this.#settleAll()
    this.#repeated.set(key, {
      look,
      from: clock.now(),
      named: new Set(look.objects),
      fresh: new Set(),
      repeats: 0,
      until: clock.now(),
      cancel: clock.after(REPEATS_MS, () => this.#settle(key)),
    })
    this.#push(recordOf(look, clock.now()))
  }

  /** Records what waits. */
  async close(): Promise<void> {
    this.#settleAll()
    this.#cancelFlush?.()
    await this.#flush()
    this.#cancelFlush?.()
  }

  #check(): void {
    if (this.#isBehind || !this.#options.isRecording() || this.#waiting.length >= WAITING_MAX)
      throw new AccessUnrecordable()
  }

  #settle(key: string): void {
    const known = this.#repeated.get(key)
    if (!known) return
    known.cancel()
    this.#repeated.delete(key)
    if (known.repeats === 0) return
    const { look, from, until, repeats, fresh } = known
    const { objects: _, ...rest } = look
    this.#push({
      ...recordOf({ ...rest, ...(fresh.size > 0 && { objects: [...fresh] }) }, until),
      repeats,
      from: isoTime(from),
      until: isoTime(until),
    })
  }

  #settleAll(): void {
    for (const key of this.#repeated.keys()) this.#settle(key)
  }

  #push(record: CanonicalRecord): void {
    this.#markOpen()
    if (this.#waiting.length === 0) this.#flushLater()
    this.#waiting.push(record)
  }

  #flushLater(): void {
    this.#cancelFlush = this.#options.clock.after(FLUSH_MS, () => void this.#flush())
  }

  #flush(): Promise<void> {
    this.#flushing = this.#flushing.then(async () => {
      const records = this.#waiting
      if (records.length === 0) return
      this.#waiting = []
      try {
        await this.#append(records)
        this.#isBehind = false
        if (this.#waiting.length === 0 && !this.#counts()) this.#markClosed()
      } catch {
        this.#isBehind = true
        this.#waiting.unshift(...records)
        this.#flushLater()
      }
    })
    return this.#flushing
  }

  #markOpen(): void {
    if (this.#isMarked) return
    this.#options.mark.set(this.#options.clock.now())
    this.#isMarked = true
  }

  #markClosed(): void {
    this.#options.mark.clear()
    this.#isMarked = false
  }

  /** Whether repeats are counted that no record tells of yet. */
  #counts(): boolean {
    return [...this.#repeated.values()].some(({ repeats }) => repeats > 0)
  }

  async #append(records: readonly CanonicalRecord[]): Promise<void> {
    try {
      await this.#options.append(records)
    } catch {
      throw new AccessUnrecordable()
    }
  }
}

function repeat(known: Repeated, { objects = [] }: Look, now: number): void {
  known.repeats += 1
  known.until = now
  for (const id of objects) {
    if (known.named.has(id)) continue
    known.named.add(id)
    known.fresh.add(id)
  }
}

/** What makes two looks the same: all but when, and what was found. */
function keyOf({ actor, action, operation, result, purpose, fields, query, code }: Look): string {
  return canonicalJson([
    actor.id,
    action,
    operation,
    result,
    purpose ?? null,
    [...(fields ?? [])],
    query ?? null,
    code ?? null,
  ])
}

function recordOf({ actor, code, objects, fields, query, ...look }: Look, at: number): CanonicalRecord {
  return {
    ...look,
    at: isoTime(at),
    actor: { ...actor },
    accessBasis: 'role',
    basis: 'observed',
    ...(objects && { objects: [...objects] }),
    ...(fields && { fields: [...fields] }),
    ...(query !== undefined && { query }),
    ...(code !== undefined && { code }),
  }
}
