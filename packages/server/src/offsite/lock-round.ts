/**
 * Looks at locks again: what the store states of each is compared with what it was asked for. What is still needed is locked anew before
 * half of its time is left; what is not needed goes once its lock is over.
 */
import type { Clock } from '../platform/clock.ts'
import { StoreFailure } from '../platform/object-store.ts'
import type { CopiedObject } from './copied-objects.ts'
import { DAY_MS, type LockedPlace } from './locked-place.ts'

/** Looked at in one go; what is more waits for the next. */
const LOOKED_AT_MAX = 5_000
/** Looks in the time from one look at an object to the next. */
const LOOKS_PER_ROUND = 24

export interface LockRoundOptions {
  readonly clock: Clock
  readonly place: LockedPlace
  readonly lockDays: number
}

/** What a look at locks found. */
export interface LocksFound {
  /** Objects that were locked for less than was asked. */
  readonly weak: number
  /** Objects that are not there any more. */
  readonly gone: number
  /** The first of either, by its key. */
  readonly first: string | undefined
}

export class LockRound {
  readonly #options: LockRoundOptions

  constructor(options: LockRoundOptions) {
    this.#options = options
  }

  /** Every object is looked at once within this time, if it takes no more than five thousand an hour. */
  get everyMs(): number {
    return Math.min(DAY_MS, (this.#options.lockDays * DAY_MS) / 4)
  }

  /** How long to wait between two looks. */
  get pauseMs(): number {
    return this.everyMs / LOOKS_PER_ROUND
  }

  /** Looks at what is due. */
  async look(): Promise<LocksFound> {
    const { clock, place } = this.#options
    // A bucket that is gone as a whole is no thousand objects that are gone.
    await place.ask()
    const now = clock.now()
    const keys: Record<'weak' | 'gone', string[]> = { weak: [], gone: [] }
    for (const object of place.objects.uncheckedSince(now - this.everyMs, LOOKED_AT_MAX)) {
      const state = await this.#lookAt(object)
      if (state !== 'held') keys[state].push(object.key)
    }
    for (const object of place.objects.over(now, LOOKED_AT_MAX)) await this.#letGo(object)
    const [first] = [...keys.gone, ...keys.weak]
    return { weak: keys.weak.length, gone: keys.gone.length, first }
  }

  async #lookAt(object: CopiedObject): Promise<'held' | 'weak' | 'gone'> {
    const { place } = this.#options
    try {
      return (await place.renew(object)).isWeak ? 'weak' : 'held'
    } catch (error) {
      if (!(error instanceof StoreFailure) || error.code !== 'not_found') throw error
      place.objects.remove(object.key)
      return 'gone'
    }
  }

  async #letGo(object: CopiedObject): Promise<void> {
    const { clock, place } = this.#options
    try {
      for (const version of await place.versions(object.key)) await place.remove(version, false)
      place.objects.remove(object.key)
    } catch (error) {
      if (!(error instanceof StoreFailure) || error.code !== 'locked') throw error
      // One of its versions is locked for longer than the one that was put last.
      place.objects.set({ ...object, until: clock.now() + DAY_MS })
    }
  }
}
