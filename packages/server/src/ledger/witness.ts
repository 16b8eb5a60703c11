/** One witness as this ledger knows it: how far it has seen, and whether it may be asked now. */
import type { PolicyWitness } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { HttpClient } from '../platform/http-client.ts'
import type { Random } from '../platform/random.ts'
import { reasonOf } from '../platform/failure.ts'
import { Backoff } from './backoff.ts'
import { askToCosign, type Cosigned, WitnessTrouble, type WitnessTroubleCode } from './witness-exchange.ts'

const MISSING_MAX = 64

/** A witness that can be asked. */
export type ReachableWitness = PolicyWitness & { readonly url: string }

/** What is shown about a witness. */
export interface WitnessStatus {
  name: string
  /** Size of the largest checkpoint of this ledger it cosigned, as far as known. */
  size: number
  /** Entries published and not cosigned by it. */
  lagEntries: number
  /** For how long the first checkpoint it has not cosigned has been published; 0 when there is none. */
  lagMs: number
  /** Unix ms of its last cosignature, by its own clock; null before the first. */
  lastAt: number | null
  error?: { code: WitnessTroubleCode; message: string }
}

interface Shown {
  readonly size: number
  readonly note: string
}

interface WitnessOptions {
  readonly witness: ReachableWitness
  readonly clock: Clock
  readonly random: Random
  readonly http: HttpClient
  readonly signal: AbortSignal
  /** Called when it may be asked again after trouble. */
  onRested(): void
  /** Called when trouble begins, changes or ends. */
  onTrouble(trouble: WitnessTrouble | undefined): void
}

export class Witness {
  readonly name: string
  readonly key: PolicyWitness['key']
  readonly #options: WitnessOptions
  readonly #backoff: Backoff
  #size = 0
  #lastAt: number | null = null
  /** Checkpoints published and not cosigned by it, oldest first, as many as are remembered. */
  #missing: { size: number; atMs: number }[] = []
  #isBusy = false
  #isResting = false
  #trouble: WitnessTrouble | undefined

  constructor(options: WitnessOptions) {
    this.name = options.witness.name
    this.key = options.witness.key
    this.#options = options
    this.#backoff = new Backoff(options.random)
  }

  get isReady(): boolean {
    return !this.#isBusy && !this.#isResting
  }

  /** A checkpoint it is to see was published at `atMs`. */
  published(size: number, atMs: number): void {
    if (size > this.#size && this.#missing.length < MISSING_MAX) this.#missing.push({ size, atMs })
  }

  /** It has cosigned this size, as of `timeS`. */
  cosigned(size: number, timeS: number): void {
    this.#size = Math.max(this.#size, size)
    this.#lastAt = timeS * 1000
    this.#missing = this.#missing.filter((one) => one.size > this.#size)
  }

  /** Asks it to cosign; undefined when it did not, and is then left alone for a while. */
  async ask(
    shown: Shown,
    proof: (from: number) => Promise<readonly Uint8Array[]>,
  ): Promise<Cosigned | undefined> {
    const { witness, http, signal } = this.#options
    this.#isBusy = true
    try {
      const { url, key } = witness
      const cosigned = await askToCosign({ ...shown, http, url, key, knownSize: this.#size, proof, signal })
      this.#backoff.reset()
      this.#tell(undefined)
      return cosigned
    } catch (error) {
      if (signal.aborted) return undefined
      this.#rest()
      this.#tell(troubleOf(error))
      return undefined
    } finally {
      this.#isBusy = false
    }
  }

  status(latestSize: number): WitnessStatus {
    const { clock } = this.#options
    const trouble = this.#trouble
    const [missing] = this.#missing
    return {
      name: this.name,
      size: this.#size,
      lagEntries: Math.max(0, latestSize - this.#size),
      lagMs: missing ? Math.max(0, clock.now() - missing.atMs) : 0,
      lastAt: this.#lastAt,
      ...(trouble && { error: { code: trouble.code, message: trouble.message } }),
    }
  }

  #rest(): void {
    this.#isResting = true
    this.#options.clock.after(this.#backoff.nextMs(), () => {
      this.#isResting = false
      this.#options.onRested()
    })
  }

  #tell(trouble: WitnessTrouble | undefined): void {
    const hasChanged = this.#trouble?.code !== trouble?.code
    this.#trouble = trouble
    if (hasChanged) this.#options.onTrouble(trouble)
  }
}

function troubleOf(error: unknown): WitnessTrouble {
  if (error instanceof WitnessTrouble) return error
  return new WitnessTrouble('unexpected_answer', reasonOf(error))
}
