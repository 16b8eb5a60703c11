import { canonicalJson, emitterLink, EMPTY_HEAD, nextHead, sha256, toHex, utf8 } from '@deponent/format'
import { HOUR_MS, iso, MINUTE_MS } from './calendar.ts'
import { SYSTEMS } from './company.ts'
import { type DemoRecord, textOf } from './demo-record.ts'
import { inForceAt, type Story } from './story.ts'

const HEARTBEAT_MS = 60_000
/** Calls of the assistant that its gateway saw and that never arrived, and when. */
const NEVER_ARRIVED = { count: 3, hoursAgo: 30 }
/** Decisions the scorer had to drop while its queue was full, declared by it, and when. */
const DROPPED = { count: 12, hoursAgo: 9 * 24 }
/** Hours of which the gateway's readings are known. */
const GATEWAY_HOURS = 48
const GATEWAY = 'assistant gateway'

interface Emitter {
  id: string
  epoch: number
  seq: number
  head: Uint8Array
}

/**
 * The company's systems number their decisions, each as one emitter, `SYSTEM-1`. The scorer begins a new epoch with every release.
 * Once it dropped decisions and said so; once calls of the assistant were lost on the way, which shows as a gap in its numbers and as a
 * difference from what its gateway counted.
 */
export class DemoNumbering {
  readonly #seed: string
  readonly #story: Story
  readonly #emitters = new Map<string, Emitter>()
  readonly #gateway = new Map<number, number>()
  readonly #due = new Set(['gap', 'loss'])
  #beatAt = 0

  constructor(seed: string, story: Story) {
    this.#seed = seed
    this.#story = story
  }

  /** What is sent for a record: itself, numbered if it is a decision, with what its emitter states on the way. */
  number(item: DemoRecord): DemoRecord[] {
    const { at, kind, record } = item
    const system = textOf(record, 'system')
    if (kind !== 'decision' || system === undefined) return [item]
    const said = [...this.#restart(system, at), ...this.#mishap(system, at)]
    const emitter = this.#emitterOf(system, at)
    emitter.seq += 1
    const blind = sha256(utf8(`${this.#seed}/${emitter.id}/${emitter.epoch}/${emitter.seq}`))
    emitter.head = nextHead(emitter.head, emitter.seq, emitterLink(blind, canonicalJson(record)))
    this.#countAtGateway(system, at, 1)
    const { id, epoch, seq } = emitter
    return [...said, { at, kind, record: { ...record, emitter: { id, epoch, seq, blind: toHex(blind) } } }]
  }

  /** Heartbeats that are due at `at`: one of each emitter a minute. */
  beats(at: number): DemoRecord[] {
    if (at - this.#beatAt < HEARTBEAT_MS) return []
    this.#beatAt = at
    return [...this.#emitters.values()].map((emitter) =>
      statement('emitter.heartbeat', emitter, at, { intervalMs: HEARTBEAT_MS }),
    )
  }

  /** What every emitter states when nothing comes after it. */
  closes(at: number): DemoRecord[] {
    return [...this.#emitters.values()].map((emitter) =>
      statement('emitter.closed', emitter, at, { reason: 'the demo was stopped' }),
    )
  }

  /** The gateway's counts for the last hours in full before `at`. */
  gateway(at: number): DemoRecord[] {
    const hour = Math.floor(at / HOUR_MS)
    const declared = {
      name: GATEWAY,
      source: 'gateway',
      unit: 'calls',
      filter: { system: SYSTEMS.assistant },
      description: 'requests the API gateway let through to the assistant',
    }
    const readings = Array.from({ length: GATEWAY_HOURS }, (_, i): DemoRecord => {
      const begins = hour - GATEWAY_HOURS + i
      const value = this.#gateway.get(begins) ?? 0
      const record = { name: GATEWAY, hour: iso(begins * HOUR_MS), value, timestamp: iso(at) }
      return { at, kind: 'counter.reading', record }
    })
    return [{ at, kind: 'counter.declared', record: { ...declared, timestamp: iso(at) } }, ...readings]
  }

  #emitterOf(system: string, at: number): Emitter {
    const known = this.#emitters.get(system)
    if (known) return known
    const fresh = { id: `${system}-1`, epoch: this.#epochAt(system, at), seq: 0, head: EMPTY_HEAD }
    this.#emitters.set(system, fresh)
    return fresh
  }

  #epochAt(system: string, at: number): number {
    const { scorer, begins, now } = this.#story
    if (system === SYSTEMS.scorer && at < now) return Math.max(inForceAt(scorer, at).from, begins)
    return at < now ? begins : now
  }

  /** The close of the epoch before, where another begins. */
  #restart(system: string, at: number): DemoRecord[] {
    const known = this.#emitters.get(system)
    if (system !== SYSTEMS.scorer || !known || at >= this.#story.now) return []
    if (known.epoch === this.#epochAt(system, at)) return []
    this.#emitters.delete(system)
    return [statement('emitter.closed', known, at, { reason: 'a new release' })]
  }

  #mishap(system: string, at: number): DemoRecord[] {
    const ago = (hours: number): number => this.#story.now - hours * HOUR_MS
    if (system === SYSTEMS.assistant && at >= ago(NEVER_ARRIVED.hoursAgo) && this.#due.delete('gap')) {
      this.#emitterOf(system, at).seq += NEVER_ARRIVED.count
      this.#countAtGateway(system, at, NEVER_ARRIVED.count)
    }
    if (system !== SYSTEMS.scorer || at < ago(DROPPED.hoursAgo) || !this.#due.delete('loss')) return []
    const emitter = this.#emitterOf(system, at)
    const first = emitter.seq + 1
    emitter.seq += DROPPED.count
    const lost = { seq: first, seqTo: emitter.seq, count: DROPPED.count, reason: 'queue_full' }
    const { id, epoch } = emitter
    const record = { emitterId: id, epoch, ...lost, timestamp: iso(at + MINUTE_MS) }
    return [{ at, kind: 'emitter.loss', record }]
  }

  #countAtGateway(system: string, at: number, calls: number): void {
    if (system !== SYSTEMS.assistant) return
    const hour = Math.floor(at / HOUR_MS)
    this.#gateway.set(hour, (this.#gateway.get(hour) ?? 0) + calls)
  }
}

function statement(
  kind: 'emitter.heartbeat' | 'emitter.closed',
  { id, epoch, seq, head }: Emitter,
  at: number,
  more: DemoRecord['record'],
): DemoRecord {
  const record = { emitterId: id, epoch, seq, head: toHex(head), timestamp: iso(at), ...more }
  return { at, kind, record }
}
