/**
 * What it costs that every look is a record: the same questions to the same server in one run, once with the record of looks and once
 * without, taking turns. Every question is a new one, so that none is counted as the repetition of another.
 *
 *   node bench/reading.ts [--decisions 100000] [--questions 300] [--rounds 3]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Lockout } from '../packages/server/src/access/lockout.ts'
import { RateLimit } from '../packages/server/src/access/rate-limit.ts'
import { Sessions } from '../packages/server/src/access/sessions.ts'
import type { Ledgers, ServerServices } from '../packages/server/src/api/call.ts'
import { createHandler } from '../packages/server/src/api/server.ts'
import { EvidencePage } from '../packages/server/src/evidence/evidence-page.ts'
import type { HostedLedger } from '../packages/server/src/hosting/hosted-ledger.ts'
import { realClock } from '../packages/server/src/platform/clock.ts'
import { realDisk } from '../packages/server/src/platform/disk.ts'
import { realRandom } from '../packages/server/src/platform/random.ts'
import { decisionsOf } from './decisions/workload.ts'
import { describeMachine, machineLine } from './machine.ts'
import { machineTime } from './processes.ts'
import { median, quantilesOf } from './quantiles.ts'
import { record, runningApp } from './running-app.ts'

const { values } = parseArgs({
  options: {
    decisions: { type: 'string', default: '100000' },
    questions: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
  },
})
const [decisions, questions, rounds] = [values.decisions, values.questions, values.rounds].map(Number) as [
  number,
  number,
  number,
]
const folder = mkdtempSync(join(tmpdir(), 'deponent-reading-'))
const app = await runningApp(folder)
const headers = { Authorization: `Bearer ${app.adminToken}` }
type Handle = (path: string, more?: Record<string, string>) => Promise<Response>

/** A handler over the server's ledger, with its record of looks or with one that keeps nothing. */
function handlerWith(isRecorded: boolean): Handle {
  const ledger = app.ledgers.default
  const silent = {
    now: () => Promise.resolve(),
    soon: () => undefined,
  } as unknown as HostedLedger['accessLog']
  const hosted: HostedLedger = isRecorded ? ledger : { ...ledger, accessLog: silent }
  const ledgers: Ledgers = {
    default: hosted,
    all: () => [hosted],
    get: () => hosted,
    create: () => Promise.reject(new Error('no ledgers are made here')),
    metrics: app.ledgers.metrics,
  }
  const services: ServerServices = {
    ledgers,
    adminToken: app.adminToken,
    settings: {
      transport: 'loopback',
      publicLedger: false,
      publicMetrics: false,
      scrubDays: 7,
      index: 'embedded',
    },
    sessions: new Sessions({ secret: new Uint8Array(32), clock: realClock, random: realRandom }),
    lockout: new Lockout(realClock),
    rateLimit: new RateLimit(realClock, { read: { perSecond: 1e9, burst: 1e9 } }),
    evidence: new EvidencePage(realDisk),
    clock: realClock,
    disk: realDisk,
    dashboardDirectory: folder,
    version: 'bench',
    onUnexpected: (error) => console.error(error),
  }
  const handle = createHandler(services)
  return (path, more = {}) =>
    handle(new Request(`http://127.0.0.1${path}`, { headers: { ...headers, ...more } }))
}

const ids = await record(app, decisionsOf({ seed: 1, count: decisions, newSubjects: 0.2 }))

let asked = 0
/** Questions, each of which is asked once. */
const KINDS: Record<string, () => [path: string, more?: Record<string, string>]> = {
  'list of 100': () => [`/v1/decisions?minLatencyMs=${(asked += 1) / 1e6}`],
  'one decision': () => [`/v1/decisions/${ids[((asked += 1) * 7) % ids.length]}`],
  'one decision, sealed fields revealed': () => [
    `/v1/decisions/${ids[((asked += 1) * 7) % ids.length]}`,
    { 'Deponent-Purpose': `purpose ${asked}` },
  ],
  'count by model': () => [`/v1/aggregate?metrics=count&by=modelId&minLatencyMs=${(asked += 1) / 1e6}`],
}

async function times(handle: Handle, kind: keyof typeof KINDS): Promise<number[]> {
  const found: number[] = []
  for (let i = 0; i < questions; i += 1) {
    const [path, more] = KINDS[kind]!()
    const started = performance.now()
    const response = await handle(path, more)
    await response.text()
    found.push(performance.now() - started)
    if (response.status !== 200) throw new Error(`${path} was answered ${response.status}`)
  }
  return found
}

console.log(`${machineLine(describeMachine(folder), 'no peer')}\n`)
console.log(`${decisions} decisions, ${questions} questions a round, ${rounds} rounds, one at a time`)
console.log(
  '\n| question | recorded ms p50 / p95 | not recorded ms p50 / p95 | ratio p50 (rounds) | machine busy |',
)
console.log('| --- | --- | --- | --- | --- |')
const [recorded, silent] = [handlerWith(true), handlerWith(false)]
const before = app.ledgers.default.tenant.ledger.size
for (const kind of Object.keys(KINDS)) {
  await times(silent, kind)
  const all = { recorded: [] as number[], silent: [] as number[] }
  const ratios: number[] = []
  const machine = machineTime()
  for (let round = 0; round < rounds; round += 1) {
    const [one, other] = [await times(recorded, kind), await times(silent, kind)]
    all.recorded.push(...one)
    all.silent.push(...other)
    ratios.push(median(one) / median(other))
  }
  const [r, s] = [quantilesOf(all.recorded), quantilesOf(all.silent)]
  const now = machineTime()
  const busy = Math.round((100 * (now.busySeconds - machine.busySeconds)) / (now.seconds - machine.seconds))
  console.log(
    `| ${kind} | ${r.p50.toFixed(2)} / ${r.p95.toFixed(2)} | ${s.p50.toFixed(2)} / ${s.p95.toFixed(2)} | ${median(ratios).toFixed(2)} (${ratios.map((x) => x.toFixed(2)).join(', ')}) | ${busy} % |`,
  )
}
await new Promise((resolve) => setTimeout(resolve, 1_000))
const looks = app.ledgers.default.tenant.ledger.size - before
const expected = Object.keys(KINDS).length * questions * rounds
console.log(`\n${looks} looks are on record; ${expected} were made to be`)
if (looks < expected) throw new Error('looks are missing')
await app.close()
rmSync(folder, { recursive: true })
