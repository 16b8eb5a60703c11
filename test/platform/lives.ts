import { Chance } from '../../packages/server/src/demo/chance.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import {
  type Fault,
  FAULT_KINDS,
  type SeenCall,
  SimulatedDisk,
} from '../../packages/server/src/platform/simulated-disk.ts'

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
/** How often a troubled life meets a second fault. */
const SECOND_FAULT_CHANCE = 0.2
const CALLS_OF_STEP_MAX = 24
/** A process that stops does so in two ways, each as likely as any other fault. */
const DRAWN_KINDS = [...FAULT_KINDS, 'stops'] as const

/** Thrown when a story breaks a promise; the message says which, and in which life. */
export class BrokenPromise extends Error {}

/** The steps of a life, and which of them a call belongs to; undefined for a call that meets no faults. */
export interface Steps<Step extends string = string> {
  readonly all: readonly Step[]
  of(call: SeenCall): Step | undefined
}

/** A fault at the n-th call of a step, counted from 1; of any step with 'any'. */
interface PlannedFault {
  step: string
  nth: number
  kind: Fault['kind']
}

/** What a fault may be like, seen from the step it meets. */
const TROUBLES = [
  'fails',
  'fails though done',
  'fails half done',
  'finds no room',
  'loses power',
  'is killed',
] as const

/** A sync that failed: what it should have kept can be read until the power goes, and is then lost. */
export const FORGETS = 'forgets what is cached'

/** Every step and what never befell it, of all that can. */
export function missedBy(tally: Tally, steps: readonly string[]): string[] {
  return steps
    .flatMap((step) => TROUBLES.map((trouble) => `${step} ${trouble}`))
    .filter((what) => tally.of(what) === 0)
}

const TROUBLE_OF: Record<Exclude<Fault['kind'], 'stops'>, (typeof TROUBLES)[number]> = {
  fails: 'fails',
  fails_though_done: 'fails though done',
  fails_half_done: 'fails half done',
  fills: 'finds no room',
}

/**
 * The lives of a process on one simulated disk. Each ends by a power cut or a kill, and the next finds what is left; in some,
 * calls meet faults. The same label tells the same story again.
 */
export class Lives {
  readonly chance: Chance
  readonly tally: Tally
  readonly #random: SeededRandom
  readonly #told: string[] = []
  readonly #steps: Steps
  readonly #chosen: Fault | undefined
  #disk: SimulatedDisk | undefined
  #faults: readonly PlannedFault[] = []
  /** Calls of this life, by step. */
  #calls = new Map<string, number>()
  /** Faults this life has met. */
  #met: { step: string; operation: SeenCall['operation']; kind: Fault['kind'] }[] = []

  /** With `chosen`, every troubled life has this fault; else each draws its own. */
  constructor(label: string, tally: Tally, steps: Steps, chosen?: Fault) {
    this.chance = new Chance(label)
    this.tally = tally
    this.#steps = steps
    this.#chosen = chosen
    this.#random = new SeededRandom(label)
  }

  /** Ends the life there is, if any, and gives the disk as it is left: for looking at, not for living on. */
  end(): SimulatedDisk {
    const end = this.chance.pick(['power cut', 'kill'] as const)
    this.#noteFaults(end)
    const options = { random: this.#random }
    if (!this.#disk) this.#disk = new SimulatedDisk(options)
    else this.#disk = end === 'power cut' ? this.#disk.powerCut(options) : this.#disk.processDeath(options)
    this.tell(end)
    return this.#disk
  }

  /** The disk of the next life, in which some calls meet faults, or none. Call `end` first. */
  next(kind: 'faulty' | 'clean'): SimulatedDisk {
    const left = this.#disk ?? this.end()
    this.#faults = kind === 'clean' ? [] : this.#planFaults()
    this.#calls = new Map()
    this.#disk = left.processDeath({ random: this.#random, faultAt: (call) => this.#faultAt(call) })
    const planned = this.#faults.map(({ kind, step, nth }) => `${kind} at call ${nth} of ${step}`)
    this.tell(`a ${kind} life: ${planned.join(', ')}`)
    this.tally.add(`${kind} life`)
    return this.#disk
  }

  /** True when this life has met its fault, so that errors are no surprise. */
  get isTroubled(): boolean {
    return this.#met.length > 0
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

  #planFaults(): PlannedFault[] {
    if (this.#chosen) return [{ step: 'any', nth: this.#chosen.call, kind: this.#chosen.kind }]
    const count = this.chance.happens(SECOND_FAULT_CHANCE) ? 2 : 1
    return Array.from({ length: count }, () => this.#planFault())
  }

  /** Every step and every kind is as likely; faults come early and late in a step. */
  #planFault(): PlannedFault {
    const step = this.chance.pick(this.#steps.all as [string])
    const nth = Math.floor(CALLS_OF_STEP_MAX ** this.chance.next())
    return { step, nth, kind: this.chance.pick(DRAWN_KINDS) }
  }

  #faultAt(call: SeenCall): Fault['kind'] | undefined {
    const step = this.#steps.of(call)
    if (this.#faults.length === 0 || step === undefined) return undefined
    const nth = this.#count(step)
    const ofAll = this.#count('any')
    const planned = this.#faults.find(
      (fault) => fault.nth === (fault.step === 'any' ? ofAll : nth) && ['any', step].includes(fault.step),
    )
    if (planned) this.#met.push({ step, operation: call.operation, kind: planned.kind })
    return planned?.kind
  }

  #count(step: string): number {
    const nth = (this.#calls.get(step) ?? 0) + 1
    this.#calls.set(step, nth)
    return nth
  }

  #noteFaults(end: 'power cut' | 'kill'): void {
    for (const { step, operation, kind } of this.#met) {
      const stopped = end === 'power cut' ? 'loses power' : 'is killed'
      this.tally.add(`${step} ${kind === 'stops' ? stopped : TROUBLE_OF[kind]}`)
      if (operation === 'sync' && (kind === 'fails' || kind === 'fails_half_done'))
        this.tally.add(`${step} ${FORGETS}`)
    }
    this.#met = []
  }
}
