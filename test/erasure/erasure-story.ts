import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import type { Erasures } from '../../packages/server/src/erasure/erasures.ts'
import { gatherEach } from '../../packages/server/src/erasure/gather.ts'
import { setsOf } from '../../packages/server/src/expiry/sets.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import type { Fault, SeenCall, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import type { Envelope } from '../../packages/server/src/recording/envelope.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { Lives, type Tally } from '../platform/lives.ts'
import { loan, submission } from '../recording/open-tenant.ts'
import { DATA, openSimulatedTenant } from '../recording/simulated-tenant.ts'
import { erasuresOver, requestAbout } from './erasing.ts'

const CYCLES_MAX = 2
const STEPS_MAX = 8
const PEOPLE = 4
/** Few enough that a story has vault segments and several pages of its log. */
const SMALL = { log: 32 * 1_024, segment: { entriesMax: 12, bytesMax: 1_048_576 } }

/** A start, recording, and the parts of an erasure by what they write. */
export const ERASURE_STEPS = ['start', 'register', 'keys', 'vault', 'log'] as const
type ErasureStep = (typeof ERASURE_STEPS)[number]

/** A decision as its sender knows it. */
interface Sent {
  readonly value: Record<string, unknown>
  readonly person: string
  /** Where it is, once that was acknowledged. */
  index?: number
  /** Whether an erasure that was acknowledged, or one that may have been taken, is about it. */
  fate: 'stays' | 'may go' | 'goes'
}

/** One ledger and the people it erases through several lives. */
class ErasureStory {
  readonly #lives: Lives
  readonly #random: SeededRandom
  readonly #sent: Sent[] = []
  #store = new SqliteStateStore(':memory:')
  #isStarting = false
  #now = 1_700_000_000_000

  constructor(label: string, tally: Tally, chosen?: Fault) {
    const steps = { all: ERASURE_STEPS, of: (call: SeenCall) => this.#stepOf(call) }
    this.#lives = new Lives(label, tally, steps, chosen)
    this.#random = new SeededRandom(label)
  }

  async tell(): Promise<void> {
    const cycles = this.#lives.chance.integer(1, CYCLES_MAX)
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const troubled = this.#lives.chance.integer(1, 2)
      for (let life = 0; life < troubled; life += 1) await this.#live(await this.#next('faulty'))
      await this.#live(await this.#next('clean'))
    }
    await this.#finish(await this.#next('clean'))
  }

  /** Records, a life that erases everybody in which the given call meets its fault, and a last clean one. True when it was met. */
  async tellOneFault(): Promise<boolean> {
    const first = await this.#next('clean')
    const clock = new WakefulClock(this.#now)
    const opened = await this.#start(first, clock)
    for (let i = 0; i < 8; i += 1) await this.#record(first, opened!.tenant, this.#fresh())
    await this.#lives.settled(this.#close(opened!))
    this.#now = clock.now()
    const faulty = await this.#next('faulty')
    const again = await this.#start(faulty, new WakefulClock(this.#now))
    const people = again ? Array.from({ length: PEOPLE }, (_, i) => `person-${i}`) : []
    for (const person of people) await this.#erase(faulty, again!, person, true)
    const wasMet = this.#lives.isTroubled
    await this.#finish(await this.#next('clean'))
    return wasMet
  }

  #stepOf({ path }: SeenCall): ErasureStep {
    if (this.#isStarting) return 'start'
    if (path.includes('.erasures')) return 'register'
    if (path.includes('/keyring/')) return 'keys'
    return path.includes('/vault/') ? 'vault' : 'log'
  }

  /** Ends a life and begins the next; its derived state may be gone. */
  async #next(kind: 'faulty' | 'clean'): Promise<SimulatedDisk> {
    this.#isStarting = false
    await this.#inspect(this.#lives.end())
    if (this.#lives.chance.happens(0.3)) this.#store = new SqliteStateStore(':memory:')
    return this.#lives.next(kind)
  }

  /** `verify` of the directory as it lies there finds nothing wrong but for erasures that are under way. */
  async #inspect(disk: SimulatedDisk): Promise<void> {
    if (!(await disk.read(`${DATA}/format.json`))) return
    const { findings } = await checkDirectory(disk, DATA)
    const mayBeSo = new Set(['checkpoint_missing', 'erasure_pending'])
    const fault = findings.find(({ severity, code }) => severity !== 'info' && !mayBeSo.has(code))
    this.#lives.must(!fault, `the directory is valid: ${fault?.code} ${fault?.message}`)
  }

  async #open(disk: SimulatedDisk, clock: TestClock): Promise<Opened> {
    const tenant = await openSimulatedTenant({
      disk,
      clock,
      random: this.#random,
      store: this.#store,
      fileSizes: SMALL,
    })
    const erasures = erasuresOver(tenant, clock, this.#random)
    await erasures.begin()
    return { tenant, erasures }
  }

  async #start(disk: SimulatedDisk, clock: TestClock): Promise<Opened | undefined> {
    this.#isStarting = true
    const opened = await this.#lives.settled(this.#open(disk, clock))
    this.#isStarting = false
    if (opened.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `the ledger starts (${opened.reason})`)
      return undefined
    }
    const { refusal, size } = opened.value.tenant.ledger
    this.#lives.tell(`started with ${size} entries${refusal ? `, ${refusal.code}` : ''}`)
    this.#lives.must(!refusal || this.#lives.isTroubled, `no ledger is refused (${refusal?.message})`)
    return opened.value
  }

  async #live(disk: SimulatedDisk): Promise<void> {
    const clock = new WakefulClock(this.#now)
    const opened = await this.#start(disk, clock)
    const steps = opened ? this.#lives.chance.integer(1, STEPS_MAX) : 0
    for (let step = 0; step < steps && !disk.hasStopped; step += 1) await this.#step(disk, clock, opened!)
    if (opened && !disk.hasStopped && this.#lives.chance.happens(0.5))
      await this.#lives.settled(this.#close(opened))
    this.#now = clock.now() + this.#lives.chance.integer(-500, 5_000)
  }

  async #close({ tenant, erasures }: Opened): Promise<void> {
    await erasures.close()
    await tenant.close()
  }

  async #step(disk: SimulatedDisk, clock: TestClock, opened: Opened): Promise<void> {
    const what = this.#lives.chance.weighted({ record: 6, erase: 2, expire: 2, time: 2, turns: 3 })
    if (what === 'record') await this.#record(disk, opened.tenant, this.#fresh())
    if (what === 'erase') {
      const person = `person-${this.#lives.chance.integer(0, PEOPLE - 1)}`
      await this.#erase(disk, opened, person, this.#lives.chance.happens(0.6))
    }
    if (what === 'expire') await this.#expire(disk, clock, opened)
    if (what === 'time') clock.advance(this.#lives.chance.integer(1, 2_000))
    if (what === 'turns') await this.#lives.turns(this.#lives.chance.integer(1, 400))
    this.#lives.tell(`${what}, size ${opened.tenant.ledger.size}`)
  }

  #fresh(): Sent[] {
    const count = this.#lives.chance.integer(1, 5)
    return Array.from({ length: count }, () => {
      const person = `person-${this.#lives.chance.integer(0, PEOPLE - 1)}`
      const value = loan(this.#sent.length, { affectedUserId: person })
      const sent: Sent = { value, person, fate: 'stays' }
      this.#sent.push(sent)
      return sent
    })
  }

  /** Records, and waits for the answer or not. */
  async #record(disk: SimulatedDisk, tenant: Tenant, batch: readonly Sent[]): Promise<void> {
    const taken = tenant.recorder.record(batch.map(({ value }, i) => submission(value, i))).then(
      (envelope) => disk.hasStopped || this.#take(batch, envelope),
      (error: unknown) =>
        this.#lives.must(
          disk.hasStopped || this.#lives.isTroubled,
          `good records are taken (${String(error)})`,
        ),
    )
    taken.catch(() => undefined)
    if (!this.#lives.chance.happens(0.6)) return
    const settled = await this.#lives.settled(taken)
    if (settled.status === 'rejected') throw settled.reason
  }

  #take(batch: readonly Sent[], { receipts, errors }: Envelope): void {
    for (const { code, position } of errors) {
      const { fate } = batch[position]!
      this.#lives.must(code === 'erased' && fate !== 'stays', `only what was erased is rejected (${code})`)
    }
    for (const { position, index } of receipts) {
      const sent = batch[position]!
      this.#lives.must(sent.index === undefined || sent.index === index, `a record keeps its place ${index}`)
      sent.index = index
    }
  }

  /** Asks for an erasure and waits for it, or not. What was acknowledged before goes, what is on its way may. */
  async #erase(disk: SimulatedDisk, opened: Opened, person: string, isAwaited: boolean): Promise<void> {
    const { tenant, erasures } = opened
    const theirs = this.#sent.filter((sent) => sent.person === person)
    const known = theirs.filter(({ index }) => index !== undefined)
    for (const sent of theirs) if (sent.fate === 'stays') sent.fate = 'may go'
    const asked = await this.#lives.settled(erasures.request(requestAbout(tenant, person)))
    if (disk.hasStopped) return
    if (asked.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `an erasure can be asked for (${asked.reason})`)
      return
    }
    for (const sent of known) sent.fate = 'goes'
    this.#lives.tally.add('asked for')
    if (!isAwaited) return
    await this.#lives.settled(erasures.settled())
    const status = erasures.status(asked.value.erasure.id)!
    const isDone = status.erasure.outcome !== undefined
    this.#lives.must(isDone || disk.hasStopped || this.#lives.isTroubled, 'an erasure is completed')
    if (isDone) this.#lives.tally.add('completed')
    if (isDone && !disk.hasStopped) await this.#gone(tenant, known)
  }

  /** Deletes some of what is kept, as when its time is over. */
  async #expire(disk: SimulatedDisk, clock: TestClock, { tenant, erasures }: Opened): Promise<void> {
    const kept = this.#sent.filter(({ fate, index }) => fate === 'stays' && index !== undefined)
    const chosen = kept.filter(() => this.#lives.chance.happens(0.4)).map(({ index }) => index!)
    const gathered = await this.#lives.settled(gatherEach({ ...tenant, clock }, chosen))
    if (disk.hasStopped) return
    if (gathered.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `what is due can be read (${gathered.reason})`)
      return
    }
    const terms = { policyVersion: 1, planDigest: 'ab'.repeat(32) }
    const entries = gathered.value.map((entry) => ({ entry, policy: 'ours' }))
    // What is not in the vault yet is met by a later run.
    const indices = new Set(gathered.value.map(({ index }) => index))
    const due = kept.filter(({ index }) => indices.has(index!))
    if (due.length === 0) return
    for (const sent of due) sent.fate = 'may go'
    const sets = setsOf(entries, terms, { clock, random: this.#random })
    const taken = await this.#lives.settled(erasures.expire(sets))
    if (disk.hasStopped) return
    if (taken.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `what is due can be deleted (${taken.reason})`)
      return
    }
    for (const sent of due) sent.fate = 'goes'
    if (taken.value.length > 0) {
      this.#lives.must(this.#lives.isTroubled, 'what is due is deleted at once')
      return
    }
    this.#lives.tally.add('expired')
    await this.#gone(tenant, due)
  }

  async #gone(tenant: Tenant, sent: readonly Sent[]): Promise<void> {
    for (const { index } of sent) {
      const read = await this.#lives.settled(tenant.reader.one(index!))
      if (read.status === 'rejected' && this.#lives.isTroubled) continue
      const isGone = read.status === 'fulfilled' && read.value.record === undefined
      this.#lives.must(isGone, `entry ${index} is erased`)
    }
  }

  /** The last life: every erasure that was acknowledged is done, and nothing else is gone. */
  async #finish(disk: SimulatedDisk): Promise<void> {
    const opened = await this.#start(disk, new WakefulClock(this.#now))
    this.#lives.must(opened !== undefined, 'the ledger starts')
    const { tenant, erasures } = opened
    await this.#lives.settled(erasures.settled())
    for (const { erasure } of erasures.all())
      this.#lives.must(erasure.outcome !== undefined, `erasure ${erasure.id} is completed in the end`)
    this.#lives.must(
      tenant.register.all().every(({ outcome }) => outcome),
      'nothing is left to be deleted',
    )
    for (const { fate, index, value } of this.#sent) {
      if (index === undefined || fate === 'may go') continue
      const read = await this.#lives.settled(tenant.reader.one(index))
      this.#lives.must(read.status === 'fulfilled', `entry ${index} can be read`)
      const { record } = read.value
      if (fate === 'goes') this.#lives.must(record === undefined, `entry ${index} is erased in the end`)
      else this.#lives.must(record?.decisionId === value.decisionId, `entry ${index} is what was sent`)
    }
    await this.#lives.settled(this.#close(opened))
    await this.#verified(disk)
  }

  /** When all is done `verify` has nothing to object. */
  async #verified(disk: SimulatedDisk): Promise<void> {
    const { findings } = await checkDirectory(disk, DATA)
    const fault = findings.find(({ severity }) => severity !== 'info')
    this.#lives.must(!fault, `the directory is valid in the end: ${fault?.code} ${fault?.message}`)
  }
}

interface Opened {
  tenant: Tenant
  erasures: Erasures
}

/** A clock whose `sleep` waits for nobody to move it. */
class WakefulClock extends TestClock {
  override sleep(): Promise<void> {
    return Promise.resolve()
  }
}

/** Tells the story of `seed`; rejects with BrokenPromise when anything promised is not so. */
export async function tellErasureStory(seed: number, tally: Tally): Promise<void> {
  await new ErasureStory(`erasure/${seed}`, tally).tell()
}

/** A story of `seed` with this one fault in the life that erases; resolves false when that life made fewer calls. */
export function tellErasureFault(seed: number, tally: Tally, fault: Fault): Promise<boolean> {
  return new ErasureStory(`erasure/${seed}`, tally, fault).tellOneFault()
}
