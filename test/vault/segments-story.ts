import { equalBytes } from '@deponent/format'
import { VaultWalk } from '../../packages/server/src/check/vault-walk.ts'
import type { Fault, SeenCall, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { type SealedSegment, type SegmentLimits, Segments } from '../../packages/server/src/vault/segments.ts'
import { Lives, type Tally } from '../platform/lives.ts'

const DIRECTORY = '/data/vault/test'
const LEDGER_ID = new Uint8Array(16).fill(7)
const CYCLES_MAX = 3
const STEPS_MAX = 12
export const SEGMENTS_STEPS = ['open', 'seal'] as const

/**
 * The segments of one vault through several lives. The story stands for the ledger's log: it keeps every frame, and in each
 * life hands over again those that the segments had not called durable.
 */
class SegmentsStory {
  readonly #lives: Lives
  readonly #limits: SegmentLimits
  readonly #frames: Uint8Array[] = []
  readonly #sealed = new Map<string, SealedSegment>()
  /** The frames below were called durable: the log has let them go. */
  #released = 0
  #isOpening = false

  constructor(label: string, tally: Tally, chosen?: Fault) {
    this.#lives = new Lives(label, tally, { all: SEGMENTS_STEPS, of: (call) => this.#stepOf(call) }, chosen)
    this.#limits = {
      entriesMax: this.#lives.chance.pick([3, 10, 50]),
      bytesMax: this.#lives.chance.pick([1_000, 100_000]),
    }
  }

  async tell(): Promise<void> {
    const cycles = this.#lives.chance.integer(1, CYCLES_MAX)
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const troubled = this.#lives.chance.integer(1, 2)
      for (let life = 0; life < troubled; life += 1) await this.#live(await this.#next('faulty'))
      await this.#live(await this.#next('clean'))
    }
    await this.#live(await this.#next('clean'))
  }

  /** A clean life, one whose fault is given, and a last clean one. True when the fault was met. */
  async tellOneFault(): Promise<boolean> {
    await this.#live(await this.#next('clean'))
    await this.#live(await this.#next('faulty'))
    const wasMet = this.#lives.isTroubled
    await this.#live(await this.#next('clean'))
    return wasMet
  }

  /** Ends a life, looks at what it left, and begins the next. */
  async #next(kind: 'faulty' | 'clean'): Promise<SimulatedDisk> {
    this.#isOpening = false
    await this.#inspect(this.#lives.end())
    return this.#lives.next(kind)
  }

  #stepOf({ operation }: SeenCall): (typeof SEGMENTS_STEPS)[number] | undefined {
    if (this.#isOpening) return 'open'
    return operation === 'read' ? undefined : 'seal'
  }

  /** The stored bytes, read by the check that believes no writer, hold every frame that was called durable. */
  async #inspect(disk: SimulatedDisk): Promise<void> {
    const walk = await VaultWalk.open(disk, DIRECTORY, LEDGER_ID)
    for (let index = 0; index < this.#released; index += 1) {
      const stored = await walk.frame(index)
      const isSame = typeof stored !== 'string' && equalBytes(stored, this.#frames[index]!)
      this.#lives.must(isSame, `the check finds frame ${index}`)
    }
    this.#lives.must(walk.findings.length === 0, `the check finds no damage: ${walk.findings[0]?.message}`)
  }

  async #live(disk: SimulatedDisk): Promise<void> {
    this.#isOpening = true
    const seal = (segment: SealedSegment): void => this.#noteSealed(disk, segment)
    const opened = await this.#lives.settled(this.#open(disk, seal))
    this.#isOpening = false
    if (opened.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `the segments open (${opened.reason})`)
      return
    }
    const segments = opened.value
    this.#lives.tell(`opened with ${segments.durable()} durable frames`)
    this.#lives.must(segments.durable() >= this.#released, 'what was durable once is durable')
    segments.apply(this.#released, this.#frames.slice(this.#released))
    const steps = this.#lives.chance.integer(1, STEPS_MAX)
    for (let step = 0; step < steps && !disk.hasStopped; step += 1) await this.#step(disk, segments)
    if (disk.hasStopped) return
    const checked = await this.#lives.settled(this.#check(segments))
    if (checked.status === 'rejected' && !this.#lives.isTroubled) throw checked.reason
  }

  async #open(disk: SimulatedDisk, seal: (segment: SealedSegment) => void): Promise<Segments> {
    const segments = await Segments.open(disk, DIRECTORY, LEDGER_ID, seal, this.#limits)
    await segments.begin()
    return segments
  }

  async #step(disk: SimulatedDisk, segments: Segments): Promise<void> {
    const what = this.#lives.chance.weighted({ apply: 5, flush: 2, turns: 3, read: 2 })
    if (what === 'apply' && !segments.overloaded()) this.#apply(segments)
    if (what === 'flush') await this.#flush(disk, segments)
    if (what === 'turns') await this.#lives.turns(this.#lives.chance.integer(1, 100))
    if (what === 'read') await this.#read(disk, segments)
    if (!disk.hasStopped) this.#released = Math.max(this.#released, segments.durable())
    this.#lives.tell(`${what}, ${segments.durable()} of ${segments.end} durable`)
  }

  #apply(segments: Segments): void {
    const { chance } = this.#lives
    const frame = (): Uint8Array => new Uint8Array(Buffer.alloc(chance.integer(1, 400), chance.hex(8)))
    const fresh = Array.from({ length: chance.integer(1, 40) }, frame)
    segments.apply(this.#frames.length, fresh)
    this.#frames.push(...fresh)
  }

  async #flush(disk: SimulatedDisk, segments: Segments): Promise<void> {
    const flushed = await this.#lives.settled(segments.flush())
    if (disk.hasStopped || flushed.status === 'fulfilled') return
    this.#lives.must(this.#lives.isTroubled, `segments can be sealed (${flushed.reason})`)
  }

  async #read(disk: SimulatedDisk, segments: Segments): Promise<void> {
    if (segments.end === 0) return
    const index = this.#lives.chance.integer(0, segments.end - 1)
    const read = await this.#lives.settled(segments.frame(index))
    if (disk.hasStopped || (read.status === 'rejected' && this.#lives.isTroubled)) return
    const isSame = read.status === 'fulfilled' && read.value && equalBytes(read.value, this.#frames[index]!)
    this.#lives.must(isSame === true, `frame ${index} is unchanged`)
  }

  async #check(segments: Segments): Promise<void> {
    const kept = await segments.range(0, segments.end)
    this.#lives.must(kept.length === this.#frames.length, 'every frame is there')
    const changed = kept.findIndex((frame, index) => !equalBytes(frame, this.#frames[index]!))
    this.#lives.must(changed < 0, `frame ${changed} is unchanged`)
    const told = [...this.#sealed.values()]
    const sealed = new Map((await segments.sealed()).map((segment) => [segment.segment, segment.digest]))
    for (const { segment, digest } of told)
      this.#lives.must(sealed.get(segment) === digest, `${segment} has the digest that was told`)
  }

  #noteSealed(disk: SimulatedDisk, sealed: SealedSegment): void {
    if (!disk.hasStopped) this.#sealed.set(sealed.segment, sealed)
  }
}

/** Tells the story of `seed`; rejects with BrokenPromise when the segments break one. */
export async function tellSegmentsStory(seed: number, tally: Tally): Promise<void> {
  await new SegmentsStory(`segments/${seed}`, tally).tell()
}

/** A story of `seed` with this one fault in its second life; resolves false when that life made fewer calls. */
export function tellSegmentsFault(seed: number, tally: Tally, fault: Fault): Promise<boolean> {
  return new SegmentsStory(`segments/${seed}`, tally, fault).tellOneFault()
}
