/** Bringing archived months back, and letting them go again. */
import type { Archiver } from './archiving.ts'
import type { TierMonth, TierStates } from './tier-month.ts'

/** How far bringing months back has come. */
export interface Restoration {
  readonly from: string
  readonly to: string
  /** Bytes of files, and those that are back. */
  readonly bytes: number
  readonly done: number
  readonly state: 'running' | 'done' | 'failed'
}

/** A month that rows are changed of meanwhile is tried again. */
const ATTEMPTS = 5

export class Restoring {
  readonly #states: TierStates
  readonly #archiver: Pick<Archiver, 'restore'>
  readonly #inTurn: (task: () => Promise<void>) => Promise<void>
  #status: Restoration | undefined

  /** `inTurn` runs a task when nothing else is done with months. */
  constructor(
    states: TierStates,
    archiver: Pick<Archiver, 'restore'>,
    inTurn: (task: () => Promise<void>) => Promise<void>,
  ) {
    this.#states = states
    this.#archiver = archiver
    this.#inTurn = inTurn
  }

  /** Of the last one that was begun. */
  get status(): Restoration | undefined {
    return this.#status
  }

  /** Begins to bring months of [from, to] back until a time, Unix milliseconds; those that are not archived stay until then. */
  begin(from: string, to: string, untilMs: number): Restoration {
    const months = this.#within(from, to)
    const bytes = months.reduce((sum, month) => sum + bytesToRestore(month), 0)
    const begun: Restoration = { from, to, bytes, done: 0, state: 'running' }
    this.#status = begun
    const restoring = this.#inTurn(async () => {
      for (const { month } of months) await this.#restoreOne(month, untilMs)
      this.#status = { ...begun, done: bytes, state: 'done' }
    })
    restoring.catch(() => {
      this.#status = { ...(this.#status ?? begun), state: 'failed' }
    })
    return begun
  }

  release(from: string, to: string): void {
    for (const month of this.#within(from, to)) this.#states.put({ ...month, restoredUntil: 0 })
  }

  async #restoreOne(name: string, untilMs: number): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const [month] = this.#within(name, name)
      if (!month) return
      if (month.state !== 'archived') return this.#states.put({ ...month, restoredUntil: untilMs })
      const before = this.#status
      const isBack = await this.#archiver.restore(month, untilMs, (bytes) => {
        this.#status = this.#status && { ...this.#status, done: this.#status.done + bytes }
      })
      if (isBack) return
      this.#status = before
    }
    throw new Error(`rows of ${name} change all the time`)
  }

  #within(from: string, to: string): TierMonth[] {
    return this.#states.all().filter(({ month }) => month >= from && month <= to)
  }
}

function bytesToRestore({ files, state }: TierMonth): number {
  return state === 'archived' ? files.reduce((sum, { bytes }) => sum + bytes, 0) : 0
}
