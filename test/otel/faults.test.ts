/** Stories of spans on disks that fail: what was answered for is recorded, and once. */
import { expect, test } from 'vitest'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import type { SeenCall, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import type { Traces } from '../../packages/server/src/traces/traces.ts'
import { Lives, missedBy, Tally } from '../platform/lives.ts'
import { DATA, openSimulatedTenant } from '../recording/simulated-tenant.ts'
import { openTraces, takeSpans } from './open-traces.ts'
import type { SpanOfTest } from './spans.ts'

const STORIES = 40
/** Writing what waits, writing it anew, and the ledger's own files. */
const STEPS = ['waiting', 'ledger'] as const
const PATH = `${DATA}/default.spans`

const chat = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' }
const agent = { 'gen_ai.operation.name': 'invoke_agent' }

interface Sent {
  span: SpanOfTest
  isTaken: boolean
}

interface Life {
  disk: SimulatedDisk
  clock: TestClock
  tenant: Tenant
  traces: Traces
}

class TracesStory {
  readonly #lives: Lives
  readonly #random: SeededRandom
  readonly #store = new SqliteStateStore(':memory:')
  readonly #sent: Sent[] = []
  #isStarting = false
  #now = 1_700_000_000_000

  constructor(label: string, tally: Tally) {
    this.#lives = new Lives(label, tally, { all: STEPS, of: (call) => this.#stepOf(call) })
    this.#random = new SeededRandom(label)
  }

  async tell(): Promise<void> {
    for (let life = 0; life < 2; life += 1) {
      this.#lives.end()
      await this.#live(this.#lives.next('faulty'))
    }
    this.#lives.end()
    await this.#finish(this.#lives.next('clean'))
  }

  #stepOf({ path }: SeenCall): (typeof STEPS)[number] | undefined {
    if (path.includes('.spans')) return 'waiting'
    return this.#isStarting ? undefined : 'ledger'
  }

  async #start(disk: SimulatedDisk): Promise<Life> {
    const clock = new TestClock(this.#now)
    const { store } = { store: this.#store }
    this.#isStarting = true
    const opened = await this.#lives.settled(
      openSimulatedTenant({ disk, clock, random: this.#random, store }),
    )
    this.#isStarting = false
    this.#lives.must(opened.status === 'fulfilled', 'the ledger starts')
    const tenant = opened.value
    const of = { tenant, disk, random: this.#random, clock, path: PATH }
    const traces = await this.#lives.settled(openTraces(of))
    this.#lives.must(traces.status === 'fulfilled', 'spans that wait never keep a ledger from starting')
    return { disk, clock, tenant, traces: traces.value }
  }

  async #live(disk: SimulatedDisk): Promise<void> {
    const life = await this.#start(disk)
    const steps = this.#lives.chance.integer(2, 8)
    for (let step = 0; step < steps && !disk.hasStopped; step += 1) {
      const what = this.#lives.chance.weighted({ take: 4, again: 1, time: 4 })
      if (what === 'take') await this.#take(life, this.#fresh())
      else if (what === 'again' && this.#sent.length > 0)
        await this.#take(life, [this.#lives.chance.pick(this.#sent as [Sent])])
      else await this.#pass(life)
    }
    if (!disk.hasStopped && this.#lives.chance.happens(0.5)) await this.#close(life)
    this.#now = life.clock.now()
  }

  /** One to three spans of one of five traces: its agent, and calls it makes. */
  #fresh(): Sent[] {
    return Array.from({ length: this.#lives.chance.integer(1, 3) }, () => {
      const id = `s${this.#sent.length}`
      const trace = `${this.#lives.chance.integer(1, 5)}`.repeat(32)
      const isAgent =
        this.#lives.chance.happens(0.3) &&
        !this.#sent.some(({ span }) => span.trace === trace && span.id === 'agent')
      const span = isAgent
        ? { id: 'agent', trace, attributes: agent }
        : { id, parent: 'agent', trace, attributes: chat }
      const sent = { span, isTaken: false }
      this.#sent.push(sent)
      return sent
    })
  }

  async #take({ disk, traces }: Life, batch: readonly Sent[]): Promise<void> {
    const taken = await this.#lives.settled(takeSpans(traces, ...batch.map(({ span }) => span)))
    if (disk.hasStopped) return
    const isTaken = taken.status === 'fulfilled'
    this.#lives.must(
      isTaken || this.#lives.isTroubled,
      `spans are taken (${isTaken ? '' : String(taken.reason)})`,
    )
    this.#lives.tally.add(isTaken ? 'taken' : 'refused')
    if (isTaken) for (const sent of batch) sent.isTaken = true
    this.#lives.tell(
      `${isTaken ? 'took' : 'refused'} ${batch.map(({ span }) => `${span.trace?.[0]}/${span.id}`).join(' ')}`,
    )
  }

  async #pass({ clock, tenant }: Life): Promise<void> {
    for (let i = this.#lives.chance.integer(1, 40); i > 0; i -= 1) {
      clock.advance(1_000)
      await this.#lives.turns(100)
    }
    this.#lives.tell(`time passed, size ${tenant.ledger.size}`)
  }

  async #close({ tenant, traces }: Life): Promise<void> {
    await this.#lives.settled(traces.close())
    await this.#lives.settled(tenant.close())
  }

  /** The last life: all that was taken is recorded once, each span with the agent above it where that was taken too. */
  async #finish(disk: SimulatedDisk): Promise<void> {
    const life = await this.#start(disk)
    for (let i = 0; i < 100; i += 1) {
      life.clock.advance(1_000)
      await this.#lives.turns(200)
    }
    this.#lives.must(life.traces.waiting === 0, 'nothing waits for ever')
    await this.#lives.settled(life.traces.close())
    const read = await this.#lives.settled(life.tenant.reader.read(0, life.tenant.ledger.size))
    this.#lives.must(read.status === 'fulfilled', 'everything can be read')
    const spans = read.value.flatMap(({ entry, record }) =>
      entry.kind === 'trace.span' && record ? [record] : [],
    )
    const names = spans.map(({ name, traceId }) => `${traceId as string}/${name as string}`)
    this.#lives.must(new Set(names).size === names.length, 'no span is recorded twice')
    for (const { span, isTaken } of this.#sent)
      this.#lives.must(
        !isTaken || names.includes(`${span.trace}/${span.id}`),
        `span ${span.trace?.[0]}/${span.id} is recorded`,
      )
    const decisions = read.value.flatMap(({ entry, record }) =>
      entry.kind === 'decision' ? [record?.decisionId] : [],
    )
    this.#lives.must(new Set(decisions).size === decisions.length, 'no decision is recorded twice')
    this.#lives.tally.add('recorded spans')
    await this.#lives.settled(life.tenant.close())
  }
}

test(`what was answered for is recorded, and once, through ${STORIES} stories`, async () => {
  const tally = new Tally()
  for (let seed = 1; seed <= STORIES; seed += 1) await new TracesStory(`traces/${seed}`, tally).tell()
  expect(missedBy(tally, ['waiting'])).toEqual([])
  expect(tally.of('taken')).toBeGreaterThan(STORIES)
  expect(tally.of('refused')).toBeGreaterThan(0)
}, 120_000)
