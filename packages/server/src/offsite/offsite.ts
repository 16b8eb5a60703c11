/**
 * The copy of one ledger in a store of objects. It follows checkpoints and nothing waits for it but an erasure, which is over only when it
 * has reached the copy too.
 *
 *   checkpoint ─▶ a round: tiles, sealed content, who the ledger is, the checkpoint itself ─▶ a pause ─▶ the next, if there is a newer one
 *   erasure    ─▶ what is left of the entries is put, on record, and every version that held more removed
 *   each hour  ─▶ locks that were not looked at for a day are looked at
 *   each day   ─▶ sealed content that nobody knows of is removed
 */
import type { ContentCopy } from '../erasure/eraser.ts'
import { Backoff } from '../ledger/backoff.ts'
import type { CheckpointReader, Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import { reasonOf } from '../platform/failure.ts'
import type { Random } from '../platform/random.ts'
import type { LockCounts } from './copied-objects.ts'
import type { KeptSetting, OffsiteSetting } from './kept-setting.ts'
import type { LedgerCopy } from './ledger-copy.ts'
import { DAY_MS, type LockedPlace } from './locked-place.ts'
import { LockRound, type LocksFound } from './lock-round.ts'
import type { VaultCopy } from './vault-copy.ts'

/** From the beginning of one round to that of the next. */
const ROUND_EVERY_MS = 5_000
/** How long the end of the process waits for a last round. */
const LAST_ROUND_MS = 10_000
const COPIED = 'copied'
const ADOPTED = 'adopted'

export interface OffsiteStatus {
  /** Where the copy is, without credentials. */
  readonly store: string
  /** What the store said of itself; `null` until it answered. */
  readonly description: string | null
  readonly isWorm: boolean | null
  readonly lockDays: number
  /** Entries under the newest checkpoint that was copied. */
  readonly size: number
  /** Published entries that are not copied. */
  readonly lagEntries: number
  readonly lastCopiedAt: number | null
  readonly locks: LockCounts
  readonly trouble: { readonly since: number; readonly message: string } | null
}

export interface OffsiteOptions {
  readonly clock: Clock
  readonly random: Random
  readonly ledger: Pick<Ledger, 'checkpoint' | 'follow' | 'refusal'>
  readonly store: string
  readonly lockDays: number
  readonly place: LockedPlace
  readonly kept: KeptSetting
  readonly ledgerCopy: LedgerCopy
  readonly vaultCopy: VaultCopy
  /** Puts on record that the copy is set to something else; durable when it resolves. */
  settingChanged(after: OffsiteSetting, before: OffsiteSetting | undefined): Promise<void>
  /** Puts on record that locks do not hold what they were asked to, or objects are gone. */
  locksFound(found: LocksFound): Promise<void>
  diagnose(message: string, details?: Record<string, unknown>): void
}

interface Copied {
  readonly size: number
  readonly note: string
  readonly at: number
}

export class Offsite implements ContentCopy, CheckpointReader {
  readonly #options: OffsiteOptions
  readonly #locks: LockRound
  readonly #backoff: Backoff
  #copied: Copied | undefined
  #trouble: { since: number; message: string } | undefined
  #running: Promise<void> | undefined
  #isReady: Promise<void> | undefined
  #isClosed = false
  /** When locks are due to be looked at, and the copy to be swept. */
  #locksAt: number
  #sweepAt: number
  #cancelNext: (() => void) | undefined
  #cancelLook = (): void => {}

  constructor(options: OffsiteOptions) {
    const { clock, lockDays, place, random } = options
    this.#options = options
    this.#backoff = new Backoff(random)
    this.#locks = new LockRound({ clock, place, lockDays })
    this.#locksAt = clock.now()
    this.#sweepAt = clock.now() + this.#locks.everyMs
    const note = place.objects.note(COPIED)
    if (note !== undefined) this.#copied = JSON.parse(note) as Copied
  }

  /** Follows checkpoints from here on; those of a ledger that must not be written are not: it may be an older copy itself. */
  begin(): void {
    const { clock, ledger } = this.#options
    if (ledger.refusal) {
      this.#trouble = { since: clock.now(), message: 'the ledger takes no entries, so nothing is copied' }
      this.#isClosed = true
      return
    }
    ledger.follow(this)
    this.published()
    this.#lookLater()
  }

  published(): void {
    this.#soon(0)
  }

  status(): OffsiteStatus {
    const { ledger, lockDays, place, store } = this.#options
    const ability = place.ability
    const size = this.#copied?.size ?? 0
    return {
      store,
      description: ability?.description ?? null,
      isWorm: ability?.isWorm ?? null,
      lockDays,
      size,
      lagEntries: Math.max(0, (ledger.checkpoint?.size ?? 0) - size),
      lastCopiedAt: this.#copied?.at ?? null,
      locks: place.objects.counts(),
      trouble: this.#trouble ?? null,
    }
  }

  async erase(indices: readonly number[]): Promise<void> {
    if (indices.length === 0) return
    await this.#ready()
    await this.#options.vaultCopy.erase(indices)
  }

  /** Copies the last checkpoint, as far as that takes no longer than some seconds; what is missing is copied at the next start. */
  async close(): Promise<void> {
    const { clock, place } = this.#options
    if (this.#isClosed) return
    const isLate = Promise.withResolvers<void>()
    const cancel = clock.after(LAST_ROUND_MS, isLate.resolve)
    if (!this.#trouble) await Promise.race([this.#finish(), isLate.promise])
    cancel()
    this.#isClosed = true
    place.end()
    this.#cancelNext?.()
    this.#cancelLook()
    await this.#running
  }

  async #finish(): Promise<void> {
    await this.#running
    if (this.#isBehind()) await this.#run()
  }

  /** Whether there is something that a round would copy. */
  #isBehind(): boolean {
    const { checkpoint } = this.#options.ledger
    return checkpoint !== undefined && checkpoint.note !== this.#copied?.note
  }

  #soon(delayMs: number): void {
    if (this.#isClosed || this.#running || this.#cancelNext) return
    this.#cancelNext = this.#options.clock.after(delayMs, () => {
      this.#cancelNext = undefined
      void this.#run()
    })
  }

  #run(): Promise<void> {
    this.#running ??= this.#runOnce().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #runOnce(): Promise<void> {
    const { clock } = this.#options
    const begun = clock.monotonicMs()
    let pauseMs: number
    try {
      await this.#round()
      this.#isWell()
      pauseMs = ROUND_EVERY_MS - (clock.monotonicMs() - begun)
    } catch (error) {
      this.#isTroubled(reasonOf(error))
      pauseMs = this.#backoff.nextMs()
    }
    this.#cancelNext?.()
    this.#cancelNext = undefined
    if (this.#isClosed || !(this.#isBehind() || this.#trouble)) return
    this.#cancelNext = clock.after(Math.max(0, pauseMs), () => {
      this.#cancelNext = undefined
      void this.#run()
    })
  }

  async #round(): Promise<void> {
    const { clock, ledger, ledgerCopy, place, vaultCopy } = this.#options
    await this.#ready()
    await this.#lookAtLocks()
    const { checkpoint } = ledger
    if (!checkpoint || checkpoint.size === 0) return
    if (this.#isBehind()) {
      const { size, note } = checkpoint
      await ledgerCopy.copyTiles(size)
      await vaultCopy.copy(size)
      await ledgerCopy.copyCheckpoint(checkpoint)
      // Crash before it is remembered: the round is done again, and finds all of it there.
      this.#copied = { size, note, at: clock.now() }
      place.objects.setNote(COPIED, JSON.stringify(this.#copied))
    }
    if (place.objects.note(ADOPTED) === undefined) await this.#adoptStrangers()
    else await this.#sweep()
  }

  /** Once in a while, when everything is copied: sealed content that nobody knows of, because it came late or was put back, goes. */
  async #sweep(): Promise<void> {
    const { clock, vaultCopy } = this.#options
    if (clock.now() < this.#sweepAt) return
    await vaultCopy.removeUnknown()
    this.#sweepAt = clock.now() + this.#locks.everyMs
  }

  /** Once in a life, when the store answers first. */
  #ready(): Promise<void> {
    this.#isReady ??= this.#makeReady().catch((error: unknown) => {
      this.#isReady = undefined
      throw error
    })
    return this.#isReady
  }

  /** Asks the store what it is able to, and puts on record what the copy is set to before anything is copied by it. */
  async #makeReady(): Promise<void> {
    const { kept, lockDays, place, settingChanged, store } = this.#options
    const { isWorm } = await place.ask()
    const { objects } = place
    const setting: OffsiteSetting = { store, lockDays, isWorm }
    const before = kept.setting
    if (before?.store !== store) {
      objects.clear()
      this.#copied = undefined
    }
    if (before?.store !== store || before.lockDays !== lockDays || before.isWorm !== isWorm) {
      await settingChanged(setting, before)
      await kept.keep(setting)
    }
    place.adopt(objects.note(ADOPTED) === undefined && (await this.#hasStrangers()))
  }

  async #hasStrangers(): Promise<boolean> {
    for await (const { isRemoval } of this.#options.place.listVersions('')) if (!isRemoval) return true
    return false
  }

  /** Sealed content that lies there and was not recognised goes now; everything else when its lock is over. */
  async #adoptStrangers(): Promise<void> {
    const { clock, lockDays, place, vaultCopy } = this.#options
    const { objects } = place
    await vaultCopy.removeUnknown()
    for await (const { key, version } of place.listVersions('')) {
      if (objects.get(key)) continue
      const until = clock.now() + lockDays * DAY_MS
      const rest = { digest: '', mode: null, checkedAt: clock.now(), isLive: false, isWeak: false }
      objects.set({ key, version, until, ...rest })
    }
    place.adopt(false)
    objects.setNote(ADOPTED, 'all')
  }

  #lookLater(): void {
    const { clock } = this.#options
    this.#cancelLook = clock.after(this.#locks.pauseMs, () => {
      void this.#run()
      this.#lookLater()
    })
  }

  async #lookAtLocks(): Promise<void> {
    const { clock, ledgerCopy, vaultCopy } = this.#options
    if (clock.now() < this.#locksAt) return
    this.#locksAt = clock.now() + this.#locks.pauseMs
    const found = await this.#locks.look()
    if (found.weak + found.gone === 0) return
    this.#options.diagnose('objects of the copy are gone or locked for less than was asked', { ...found })
    if (found.gone > 0) {
      this.#copied = undefined
      ledgerCopy.lookAgain()
      vaultCopy.lookAgain()
    }
    await this.#options.locksFound(found)
  }

  #isWell(): void {
    this.#backoff.reset()
    if (!this.#trouble) return
    this.#trouble = undefined
    this.#options.diagnose('the ledger is copied again', { store: this.#options.store })
  }

  #isTroubled(message: string): void {
    if (this.#isClosed) return
    const isNew = this.#trouble?.message !== message
    this.#trouble = { since: this.#trouble?.since ?? this.#options.clock.now(), message }
    if (isNew)
      this.#options.diagnose('the ledger is not copied', { store: this.#options.store, reason: message })
  }
}
