import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { NotSequencing, OutcomeUnknown, Overloaded } from '../../packages/server/src/ledger/errors.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import type { SeenCall, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import type { Envelope } from '../../packages/server/src/recording/envelope.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { Lives, type Tally } from '../platform/lives.ts'
import { loan, submission } from './open-tenant.ts'
import { DATA, openSimulatedTenant } from './simulated-tenant.ts'

const CYCLES_MAX = 2
const STEPS_MAX = 6

/** A start of everything, keys of new people, the ledger's own files. */
export const TENANT_STEPS = ['start', 'keys', 'ledger'] as const

/** A decision as its sender knows it. */
interface Sent {
  value: Record<string, unknown>
  /** Where it is, once that was acknowledged. */
  index?: number
}

/** One ledger with its vault, its keys and its derived state through several lives, and everybody who sent it something. */
class TenantStory {
  readonly #lives: Lives
  readonly #random: SeededRandom
  readonly #sent: Sent[] = []
  #store = new SqliteStateStore(':memory:')
  #isStarting = false
  #now = 1_700_000_000_000

  constructor(label: string, tally: Tally) {
    const steps = { all: TENANT_STEPS, of: (call: SeenCall) => this.#stepOf(call) }
    this.#lives = new Lives(label, tally, steps)
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

  #stepOf({ path }: SeenCall): (typeof TENANT_STEPS)[number] {
    if (this.#isStarting) return 'start'
    return path.includes('keyring') ? 'keys' : 'ledger'
  }

  /** Ends a life, checks what it left, and begins the next; its derived state may be gone. */
  async #next(kind: 'faulty' | 'clean'): Promise<SimulatedDisk> {
    this.#isStarting = false
    await this.#inspect(this.#lives.end())
    if (this.#lives.chance.happens(0.3)) this.#store = new SqliteStateStore(':memory:')
    return this.#lives.next(kind)
  }

  /** `verify` of the directory as it lies there: valid, and everything acknowledged is in it. */
  async #inspect(disk: SimulatedDisk): Promise<void> {
    const acknowledged = Math.max(0, ...this.#sent.map(({ index }) => (index === undefined ? 0 : index + 1)))
    if (!(await disk.read(`${DATA}/format.json`))) {
      this.#lives.must(acknowledged === 0, 'the directory says what it is')
      return
    }
    const { checked, findings } = await checkDirectory(disk, DATA)
    const fault = findings.find(({ severity, code }) => severity !== 'info' && code !== 'checkpoint_missing')
    this.#lives.must(!fault, `the directory is valid: ${fault?.code} ${fault?.message}`)
    this.#lives.must(checked.entries >= acknowledged, 'the check finds what was acknowledged')
    this.#lives.must(checked.payloads >= acknowledged, 'the check opens what was acknowledged')
    this.#lives.tally.add('directory checked')
  }

  async #start(disk: SimulatedDisk, clock: TestClock): Promise<Tenant | undefined> {
    this.#isStarting = true
    const opened = await this.#lives.settled(
      openSimulatedTenant({ disk, clock, random: this.#random, store: this.#store }),
    )
    this.#isStarting = false
    if (opened.status === 'rejected') {
      this.#lives.must(this.#lives.isTroubled, `the ledger starts (${opened.reason})`)
      return undefined
    }
    const { refusal, size } = opened.value.ledger
    this.#lives.tell(`started with ${size} entries${refusal ? `, ${refusal.code}` : ''}`)
    const isAllowed = !refusal || this.#lives.isTroubled
    this.#lives.must(isAllowed, `an undamaged ledger is not refused (${refusal?.message})`)
    return opened.value
  }

  async #live(disk: SimulatedDisk): Promise<void> {
    const clock = new TestClock(this.#now)
    const tenant = await this.#start(disk, clock)
    const steps = tenant ? this.#lives.chance.integer(1, STEPS_MAX) : 0
    for (let step = 0; step < steps && !disk.hasStopped; step += 1) await this.#step(disk, clock, tenant!)
    if (tenant && !disk.hasStopped && this.#lives.chance.happens(0.5))
      await this.#lives.settled(tenant.close())
    this.#now = clock.now() + this.#lives.chance.integer(-500, 5_000)
  }

  async #step(disk: SimulatedDisk, clock: TestClock, tenant: Tenant): Promise<void> {
    const what = this.#lives.chance.weighted({ record: 6, resend: 2, time: 3, turns: 3 })
    if (what === 'record') await this.#record(disk, tenant, this.#fresh())
    if (what === 'resend' && this.#sent.length > 0)
      await this.#record(disk, tenant, [this.#lives.chance.pick(this.#sent as [Sent])])
    if (what === 'time') clock.advance(this.#lives.chance.integer(1, 400))
    if (what === 'turns') await this.#lives.turns(this.#lives.chance.integer(1, 400))
    this.#lives.tell(`${what}, size ${tenant.ledger.size}, published ${tenant.ledger.checkpoint?.size}`)
  }

  #fresh(): Sent[] {
    const count = this.#lives.chance.integer(1, 5)
    return Array.from({ length: count }, () => {
      const sent = { value: loan(this.#sent.length) }
      this.#sent.push(sent)
      return sent
    })
  }

  /** Records, and waits for the answer or not; what was acknowledged before is answered with its first place. */
  async #record(disk: SimulatedDisk, tenant: Tenant, batch: readonly Sent[]): Promise<void> {
    const answer = tenant.recorder.record(batch.map(({ value }, i) => submission(value, i)))
    const taken = answer.then(
      (envelope) => disk.hasStopped || this.#take(batch, envelope),
      (error: unknown) => this.#refused(disk, error),
    )
    // Whoever does not wait is answered some time later, or never.
    taken.catch(() => undefined)
    if (!this.#lives.chance.happens(0.7)) return
    const settled = await this.#lives.settled(taken)
    if (settled.status === 'rejected') throw settled.reason
  }

  #take(batch: readonly Sent[], { receipts, errors }: Envelope): void {
    this.#lives.must(errors.length === 0, `no good record is rejected (${errors[0]?.code})`)
    for (const { position, index, status } of receipts) {
      const sent = batch[position]!
      this.#lives.must(sent.index === undefined || sent.index === index, `a record keeps its place ${index}`)
      this.#lives.must(
        sent.index === undefined || status === 'duplicate',
        'what is there is not recorded twice',
      )
      sent.index = index
      this.#lives.tally.add(status)
    }
  }

  /** Whoever is refused is told why in a way a sender understands. */
  #refused(disk: SimulatedDisk, error: unknown): void {
    this.#lives.must(disk.hasStopped || this.#lives.isTroubled, `good records are taken (${String(error)})`)
    const isKnown = [NotSequencing, OutcomeUnknown, Overloaded].some((kind) => error instanceof kind)
    this.#lives.must(disk.hasStopped || isKnown, `a refusal says why (${String(error)})`)
    this.#lives.tally.add('refused')
  }

  /** The last life: everything acknowledged is there with its content, and sending all of it again changes nothing. */
  async #finish(disk: SimulatedDisk): Promise<void> {
    const clock = new TestClock(this.#now)
    const tenant = await this.#start(disk, clock)
    this.#lives.must(tenant !== undefined, 'the ledger starts')
    const read = await this.#lives.settled(tenant.reader.read(0, tenant.ledger.size))
    this.#lives.must(read.status === 'fulfilled', 'everything can be read')
    const ids = read.value.flatMap(({ record }) => (record ? [record.decisionId] : []))
    for (const { value, index } of this.#sent) {
      if (index === undefined) continue
      const { record } = read.value[index]!
      this.#lives.must(record?.decisionId === value.decisionId, `entry ${index} is what was sent`)
    }
    const decisions = ids.filter((id) => id !== undefined)
    this.#lives.must(new Set(decisions).size === decisions.length, 'no decision is recorded twice')
    if (this.#sent.length > 0) await this.#record(disk, tenant, this.#sent)
    await this.#lives.settled(tenant.close())
    await this.#inspect(disk)
  }
}

/** Tells the story of `seed`; rejects with BrokenPromise when anything promised is not so. */
export async function tellTenantStory(seed: number, tally: Tally): Promise<void> {
  await new TenantStory(`tenant/${seed}`, tally).tell()
}
