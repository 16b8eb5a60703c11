import { Chance } from '../../packages/server/src/demo/chance.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { type Fault, FAULT_KINDS, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'

/** How often each thing happened, so that a run can show that it tried what it says. */
export class Tally {
  readonly counts = new Map<string, number>()

  add(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  of(what: string): number {
    return this.counts.get(what) ?? 0
  }
}

/** Longer than anything takes that ends at all. */
const TURNS_MAX = 1_000_000

/** Thrown when a story breaks a promise; the message says which, and in which life. */
export class BrokenPromise extends Error {}

/**
 * The lives of a process on one simulated disk. Each ends by a power cut or a kill, and the next finds what is left; in some,
 * one call meets a fault. The same label tells the same story again.
 */
export class Lives {
  readonly chance: Chance
  readonly tally: Tally
  readonly #random: SeededRandom
  readonly #told: string[] = []
  readonly #chosen: Fault | undefined
  #disk: SimulatedDisk | undefined
  #fault: Fault | undefined

  /** With `chosen`, every troubled life has this fault; else each draws its own. */
  constructor(label: string, tally: Tally, chosen?: Fault) {
    this.chance = new Chance(label)
    this.tally = tally
    this.#chosen = chosen
    this.#random = new SeededRandom(label)
  }

  /** The disk of the next life, which is faulty with one fault at one of its first `callsMax` calls, or clean. */
  next(kind: 'faulty' | 'clean', callsMax = 600): SimulatedDisk {
    this.#noteFault()
    this.#fault = kind === 'clean' ? undefined : (this.#chosen ?? this.#drawFault(callsMax))
    const options = { random: this.#random, faults: this.#fault ? [this.#fault] : [] }
    const end = this.chance.pick(['power cut', 'kill'])
    if (!this.#disk) this.#disk = new SimulatedDisk(options)
    else this.#disk = end === 'power cut' ? this.#disk.powerCut(options) : this.#disk.processDeath(options)
    this.tell(
      `${end}; a ${kind} life${this.#fault ? `: ${this.#fault.kind} at call ${this.#fault.call}` : ''}`,
    )
    this.tally.add(`${kind} life`)
    return this.#disk
  }

  /** True when this life has met its fault, so that errors are no surprise. */
  get isTroubled(): boolean {
    return this.#fault !== undefined && (this.#disk?.calls ?? 0) >= this.#fault.call
  }

  /** Notes a step of the story, for the message should a promise be broken. */
  tell(step: string): void {
    this.#told.push(step)
  }

  /** Fails the story unless `holds`. */
  must(holds: boolean, promise: string): asserts holds {
    if (!holds) throw new BrokenPromise(`${promise}\n  ${this.#told.slice(-40).join('\n  ')}`)
  }

  /** Runs others for `turns` microtasks, calling `each` after every one. */
  async turns(turns: number, each: () => void = () => {}): Promise<void> {
    for (let i = 0; i < turns; i += 1) {
      await Promise.resolve()
      each()
    }
  }

  /** Runs others until `action` has settled; a story in which it never does is broken. */
  async settled<T>(action: Promise<T>, each: () => void = () => {}): Promise<PromiseSettledResult<T>> {
    const over: { result?: PromiseSettledResult<T> } = {}
    void Promise.allSettled([action]).then(([result]) => {
      over.result = result
    })
    for (let turn = 0; !over.result && turn < TURNS_MAX; turn += 1) await this.turns(1, each)
    this.must(over.result !== undefined, 'everything begun comes to an end')
    return over.result
  }

  /** Faults come early and late: as often at calls 1 to 10 as at 10 to 100. */
  #drawFault(callsMax: number): Fault {
    const call = Math.floor(callsMax ** this.chance.next())
    return { call, kind: this.chance.pick(FAULT_KINDS) }
  }

  #noteFault(): void {
    if (this.#fault && this.isTroubled) this.tally.add(this.#fault.kind)
  }
}
