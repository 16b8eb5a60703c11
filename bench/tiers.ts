/**
 * What it costs that months of the index lie in files: the same questions of the same decisions with every month in the index and with
 * all that are over for thirty days in Parquet, how fast months move there, and what entries that come meanwhile notice of it.
 *
 *   node bench/tiers.ts [--decisions 1000000] [--months 12] [--questions 9]
 *   node bench/tiers.ts --beside [--decisions 200000]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Entry } from '@deponent/format'
import { realDisk } from '../packages/server/src/platform/disk.ts'
import { fileStore } from '../packages/server/src/platform/file-store.ts'
import { SqliteStateStore } from '../packages/server/src/platform/state-store.ts'
import { StoredPositions } from '../packages/server/src/projection/positions.ts'
import {
  IndexEngine,
  Projection,
  type ProjectionSource,
  type SourceEntry,
  UNRESTRICTED,
} from '../packages/server/src/projection/index.ts'
import { StoredTierStates } from '../packages/server/src/projection/tiers/stored-states.ts'
import { bytesIn, rowsIn } from '../packages/server/src/projection/tiers/tier-month.ts'
import { describeMachine, machineLine } from './machine.ts'
import { median } from './quantiles.ts'

const { values } = parseArgs({
  options: {
    decisions: { type: 'string', default: '1000000' },
    months: { type: 'string', default: '12' },
    questions: { type: 'string', default: '9' },
    beside: { type: 'boolean', default: false },
  },
})
const [decisions, months, questions] = [values.decisions, values.months, values.questions].map(Number) as [
  number,
  number,
  number,
]
const DAY_MS = 86_400_000
const PEOPLE = 50_000
const lastMs = Date.now()
const firstMs = lastMs - months * 30.44 * DAY_MS
/** A decision in ten has an outcome. */
const entries = Math.round(decisions * 1.1)
const idOf = (index: number): string => `01970000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`
const personOf = (index: number): string => ((index * 7_919) % PEOPLE).toString(16).padStart(8, '0').repeat(4)

const traceOf = (index: number): string => (index * 2_654_435_761).toString(16).padStart(16, '0')

/** Entries made when they are read: decisions in the order of their time, and outcomes soon after. */
class MadeSource implements ProjectionSource {
  length = 0

  size(): number {
    return this.length
  }

  read(from: number, to: number): Promise<SourceEntry[]> {
    return Promise.resolve(Array.from({ length: to - from }, (_, i) => made(from + i)))
  }
}

function made(index: number): SourceEntry {
  const at = new Date(firstMs + ((lastMs - firstMs) * index) / entries).toISOString()
  const isOutcome = index % 11 === 10
  const entry: Entry = {
    v: 1,
    id: idOf(index),
    kind: isOutcome ? 'outcome' : 'decision',
    receivedAt: Date.parse(at),
    system: 's1',
    retention: 'unset',
    payload: { c: 1, root: '0'.repeat(64), leaves: 20 },
  }
  const about = { index, entry, systemName: index % 4 === 0 ? 'pricing' : 'credit' }
  if (isOutcome)
    return { ...about, record: { outcome: index % 3, at }, target: { index: index - 7, id: idOf(index - 7) } }
  return {
    ...about,
    subjects: [personOf(index)],
    record: {
      decisionId: `loan-${index}`,
      traceId: traceOf(index),
      modelId: 'credit-risk',
      modelVersion: `1.${index % 5}`,
      timestamp: at,
      prediction: index % 3 === 0 ? 'decline' : 'approve',
      confidence: (index % 1_000) / 1_000,
      latencyMs: (index % 400) / 4,
      costUsd: 0.0001 * (index % 9),
      inputFeatures: {
        amount: (index % 900) * 100,
        region: `r${index % 40}`,
        term: 12 * (index % 7),
        employed: index % 3 !== 0,
        score: index % 850,
        purpose: `p${index % 20}`,
      },
    },
  }
}

const target = Math.floor(entries / 3) - (Math.floor(entries / 3) % 11)
const monthMs = Date.UTC(new Date(firstMs).getUTCFullYear(), new Date(firstMs).getUTCMonth() + 4, 1)
const inMonth = {
  from: new Date(monthMs).toISOString(),
  to: new Date(monthMs + 28 * DAY_MS).toISOString(),
}
type Ask = (projection: Projection) => Promise<unknown>
const list =
  (parameters: Record<string, string>): Ask =>
  (projection) =>
    projection.list(Object.entries(parameters), UNRESTRICTED)
const aggregate =
  (parameters: Record<string, string>): Ask =>
  (projection) =>
    projection.aggregate(Object.entries(parameters), UNRESTRICTED)

const QUESTIONS: readonly (readonly [name: string, ask: Ask])[] = [
  ['one decision by its id', list({ decisionId: `loan-${target}` })],
  ['decisions about a person', list({ subject: personOf(target) })],
  ['decisions of a trace', list({ traceId: traceOf(target) })],
  ['the latest 50', list({ limit: '50' })],
  ['the first 50', list({ limit: '50', order: 'at' })],
  [
    'a month, by model version',
    aggregate({ by: 'modelVersion', metrics: 'count,avg(confidence)', ...inMonth }),
  ],
  ['everything, by month', aggregate({ by: 'month', metrics: 'count,sum(costUsd)' })],
  ['everything, by a feature and outcome', aggregate({ by: 'feature.region,outcome' })],
  ['reviews and overrides', (projection) => projection.statsOverrides([], UNRESTRICTED)],
]

/** Medians in milliseconds, and the answers. */
async function asked(projection: Projection): Promise<{ ms: number; answer: string }[]> {
  const results: { ms: number; answer: string }[] = []
  for (const [, ask] of QUESTIONS) {
    const times: number[] = []
    let answer: unknown
    for (let i = 0; i < questions; i += 1) {
      const startMs = performance.now()
      answer = await ask(projection)
      times.push(performance.now() - startMs)
    }
    results.push({ ms: median(times), answer: JSON.stringify(answer) })
  }
  return results
}

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const startMs = performance.now()
  const result = await work()
  return { seconds: (performance.now() - startMs) / 1_000, result }
}

const folder = mkdtempSync(join(tmpdir(), 'deponent-tiers-'))
const machine = describeMachine(folder)
const store = new SqliteStateStore(join(folder, 'state.sqlite'))
const engine = await IndexEngine.start({
  directory: join(folder, 'index'),
  sealKey: new Uint8Array(32).fill(1),
})
const source = new MadeSource()
source.length = entries
const projection = await Projection.start({
  engine,
  source,
  positions: new StoredPositions(store, 'default'),
  onFieldSealed: () => undefined,
  tiers: {
    store: fileStore(join(folder, 'store')),
    directory: join(folder, 'store'),
    ledger: 'default-bench',
    scratch: join(folder, 'scratch'),
    disk: realDisk,
    states: new StoredTierStates(store, 'default'),
    isOwner: true,
    hotDays: 30,
    warmDays: Number.POSITIVE_INFINITY,
  },
})
try {
  const filling = await timed(() => projection.visible(entries - 1))
  console.log(machineLine(machine, 'embedded engine'))
  console.log(`filling the index: ${Math.round(entries / filling.seconds)} entries/s`)
  await (values.beside ? besideMoving() : compare())
} finally {
  await projection.stop()
  await engine.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
}

/** The same questions before and after moving, and how fast that is. */
async function compare(): Promise<void> {
  const hot = await asked(projection)
  const size = await projection.hotSize()
  const moving = await timed(() => projection.moveMonths())
  const listed = projection.tiers()!.months()
  const moved = listed.reduce((sum, month) => sum + rowsIn(month), 0)
  const bytes = listed.reduce((sum, month) => sum + bytesIn(month), 0)
  const warm = await asked(projection)
  for (const [i, { answer }] of hot.entries())
    if (answer !== warm[i]!.answer) throw new Error(`another answer: ${QUESTIONS[i]![0]}`)

  console.log(
    `${decisions} decisions and ${entries - decisions} outcomes of ${months} months; ${moved} rows moved, ${listed.length} months\n`,
  )
  console.log('| question | all in the index | what is over for 30 days in Parquet |\n| --- | ---: | ---: |')
  for (const [i, [name]] of QUESTIONS.entries())
    console.log(`| ${name} | ${hot[i]!.ms.toFixed(1)} ms | ${warm[i]!.ms.toFixed(1)} ms |`)
  console.log(
    `\nmoving: ${Math.round(moved / moving.seconds)} rows/s (${moving.seconds.toFixed(1)} s), index ${mebibytes(size.bytes)} MiB before, Parquet ${mebibytes(bytes)} MiB`,
  )
}

/** Moves months while as many entries come as were measured alone. */
async function besideMoving(): Promise<void> {
  const more = Math.round(entries / 10)
  const alone = await timed(async () => {
    source.length += more
    await projection.visible(source.length - 1)
  })
  const moving = projection.moveMonths()
  const beside = await timed(async () => {
    source.length += more
    await projection.visible(source.length - 1)
  })
  await moving
  console.log(
    `indexing ${more} entries: ${Math.round(more / alone.seconds)} entries/s alone, ${Math.round(more / beside.seconds)} entries/s while months move`,
  )
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}
