/**
 * Measures what the ledgers of a server take, each hour and when somebody asks, and keeps a row a day. Measuring looks at every file, so
 * that a large directory is not looked at again before twenty times as long has gone by as it took.
 */
import { isoTime } from '@deponent/format'
import type { Layer } from '../cost/layer.ts'
import type { Clock } from '../platform/clock.ts'
import { reasonOf } from '../platform/failure.ts'
import { type DirectorySizes, type Extent, layersOf, type StoredLayer } from './directory-sizes.ts'
import type { DaySizes, SizeHistory } from './history.ts'

const FIRST_AFTER_MS = 60_000
const EVERY_MS = 3_600_000
/** What was measured within this is told again. */
const FRESH_MS = 60_000
const REST_FACTOR = 20

/** A layer that lies elsewhere than in the directory: warm, cold or a copy. */
export type OtherLayer = Layer & Partial<Extent>

export interface Measured {
  /** Unix milliseconds. */
  readonly at: number
  readonly entries: number
  /** As the index counts them; undefined when it does not answer. */
  readonly decisions: number | undefined
  readonly layers: readonly (StoredLayer | OtherLayer)[]
}

export interface WatchParts {
  readonly clock: Clock
  readonly history: SizeHistory
  measure(): Promise<DirectorySizes>
  /** The ledgers that are served. */
  ledgers(): readonly string[]
  /** Rejects when nobody can tell now. */
  decisionsOf(ledger: string): Promise<number>
  /** What of a ledger lies elsewhere. */
  elsewhere(ledger: string): readonly OtherLayer[]
  diagnose(message: string, details: Record<string, unknown>): void
}

export class StorageWatch {
  readonly #parts: WatchParts
  readonly #last = new Map<string, Measured>()
  #freshUntil = Number.NEGATIVE_INFINITY
  #measuring: Promise<void> | undefined
  #cancel = (): void => undefined
  #isClosed = false

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  /** Measures from time to time, too, from now on. */
  begin(): void {
    this.#cancel = this.#parts.clock.after(FIRST_AFTER_MS, () => this.#measureInTime())
  }

  /** What was measured last, however long ago; undefined before the first time. */
  last(ledger: string): Measured | undefined {
    return this.#last.get(ledger)
  }

  /** What a ledger takes now, or did a minute ago. */
  async now(ledger: string): Promise<Measured> {
    const known = this.#last.get(ledger)
    if (known && this.#parts.clock.monotonicMs() < this.#freshUntil) return known
    await this.#measured()
    return this.#last.get(ledger) ?? { at: this.#parts.clock.now(), entries: 0, decisions: 0, layers: [] }
  }

  /** The last days that were measured, the earliest first. */
  history(ledger: string, days: number): DaySizes[] {
    return this.#parts.history.days(ledger, days)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#measuring?.catch(() => undefined)
  }

  #measureInTime(): void {
    void this.#measured()
      .catch((error: unknown) => {
        this.#parts.diagnose('stored bytes could not be measured', { reason: reasonOf(error) })
      })
      .finally(() => {
        if (!this.#isClosed) this.#cancel = this.#parts.clock.after(EVERY_MS, () => this.#measureInTime())
      })
  }

  /** One measurement at a time, for everybody who waits for it. */
  #measured(): Promise<void> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined
    })
    return this.#measuring
  }

  async #measure(): Promise<void> {
    const { clock, measure, ledgers } = this.#parts
    const began = clock.monotonicMs()
    const sizes = await measure()
    const took = clock.monotonicMs() - began
    for (const ledger of ledgers()) await this.#note(ledger, sizes)
    this.#freshUntil = clock.monotonicMs() + Math.max(FRESH_MS, took * REST_FACTOR)
  }

  async #note(ledger: string, sizes: DirectorySizes): Promise<void> {
    const { clock, decisionsOf, elsewhere, history } = this.#parts
    const decisions = await decisionsOf(ledger).catch(() => undefined)
    const layers = withElsewhere(layersOf(sizes, ledger), elsewhere(ledger))
    if (this.#isClosed) return
    const at = clock.now()
    const entries = sizes.ledgers.get(ledger)?.entries ?? 0
    this.#last.set(ledger, { at, entries, decisions, layers })
    const day = isoTime(at).slice(0, 'YYYY-MM-DD'.length)
    try {
      history.put(ledger, {
        day,
        entries,
        layers: Object.fromEntries(layers.map(({ name, bytes }) => [name, bytes])),
      })
    } catch (error) {
      // A full disk: what was measured is told all the same.
      this.#parts.diagnose('sizes could not be kept', { ledger, reason: reasonOf(error) })
    }
  }
}

/** The layers of the directory and those elsewhere; entries that are warm or cold are no longer those of the index. */
function withElsewhere(
  stored: readonly StoredLayer[],
  others: readonly OtherLayer[],
): (StoredLayer | OtherLayer)[] {
  const gone = others
    .filter(({ stay }) => stay === 'warm' || stay === 'cold')
    .reduce((sum, { entries }) => sum + entries, 0)
  const kept = stored.map((layer) =>
    layer.stay === 'hot' ? { ...layer, entries: Math.max(0, layer.entries - gone) } : layer,
  )
  return [...kept, ...others]
}
