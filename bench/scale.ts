/**
 * A history of millions of decisions, recorded over HTTP as applications record, and then asked.
 *
 *   node bench/scale.ts --folder FOLDER [--decisions 1000000] [--days 360] [--times 20] [--ask-only] [--json FILE] [-- OPTIONS OF SERVE]
 *
 * What is in the folder already is gone on from, so that a run can be taken up again, and asked again with other options.
 * Memory is that of the server and everything it started, shared pages counted once.
 */
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { serve, type Served } from './decisions/deponent.ts'
import { describeMachine, machineLine } from './machine.ts'
import { machineTime, usageOf } from './processes.ts'
import { type Asked, ask } from './scale/questions.ts'
import { historyOf, PIECE, type Piece } from './scale/history.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string' },
    decisions: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '360' },
    times: { type: 'string', default: '20' },
    'ask-only': { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
if (values.folder === undefined) throw new Error('say where: --folder FOLDER')
const folder = values.folder
const [decisions, days, times] = [values.decisions, values.days, values.times].map(Number) as [
  number,
  number,
  number,
]
const BATCH = 500
const CONNECTIONS = 4
/** Memory and rate are told so often. */
const TELL_MS = 60_000
const INDEX_MS = 3_600_000

interface Noted {
  readonly minute: number
  readonly decisions: number
  readonly perSecond: number
  readonly memoryMiB: number
  /** Percent of the machine that was busy, with everything on it. */
  readonly busy: number
}

/** How far a folder has come, beside it. */
interface Progress {
  readonly endMs: number
  readonly pieces: number
}

const progressFile = join(folder, 'progress.json')

function progressOf(): Progress {
  if (!existsSync(progressFile)) return { endMs: Date.now(), pieces: 0 }
  return JSON.parse(readFileSync(progressFile, 'utf8')) as Progress
}

/** How many of the decisions are in the folder. */
function recorded(): number {
  return Math.min(decisions, progressOf().pieces * PIECE)
}

async function post({ token, url }: Served, path: string, records: readonly object[]): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  for (;;) {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers,
      body: JSON.stringify(records),
    })
    const answer = (await response.json()) as { rejected?: number; errors?: unknown[] }
    if (response.status === 429 || response.status === 503) {
      await sleep(Number(response.headers.get('retry-after') ?? 1) * 1_000)
      continue
    }
    if (response.status !== 201 || answer.rejected !== 0)
      throw new Error(
        `${path} was answered ${response.status}: ${JSON.stringify(answer.errors ?? answer).slice(0, 400)}`,
      )
    return
  }
}

async function postAll(served: Served, path: string, records: readonly object[]): Promise<void> {
  const batches: object[][] = []
  for (let i = 0; i < records.length; i += BATCH) batches.push(records.slice(i, i + BATCH))
  const work = async (): Promise<void> => {
    for (let batch = batches.pop(); batch; batch = batches.pop()) await post(served, path, batch)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
}

async function sendPiece(served: Served, { decisions: made, later }: Piece): Promise<void> {
  await postAll(served, '/v1/decisions', made)
  await postAll(served, '/v1/records', later)
}

/** Records what is missing of the history; notes rate and memory every minute. */
async function fill(served: Served): Promise<Noted[]> {
  const { endMs, pieces } = progressOf()
  const noted: Noted[] = []
  let [done, told, toldAt, machine] = [pieces * PIECE, pieces * PIECE, performance.now(), machineTime()]
  const startedAt = toldAt
  for (const piece of historyOf({ decisions, days, endMs }, pieces)) {
    await sendPiece(served, piece)
    done += piece.decisions.length
    writeFileSync(progressFile, JSON.stringify({ endMs, pieces: Math.ceil(done / PIECE) }))
    const now = performance.now()
    if (now - toldAt < TELL_MS && done < decisions) continue
    const later = machineTime()
    const { own, descendants } = usageOf([served.server.pid!])
    noted.push({
      minute: Math.round((now - startedAt) / 60_000),
      decisions: done,
      perSecond: Math.round((1_000 * (done - told)) / (now - toldAt)),
      memoryMiB: own.memoryMiB + descendants.memoryMiB,
      busy: Math.round((100 * (later.busySeconds - machine.busySeconds)) / (later.seconds - machine.seconds)),
    })
    ;[told, toldAt, machine] = [done, now, later]
    console.log(JSON.stringify(noted.at(-1)))
  }
  return noted
}

/** Waits until the index has every decision. */
async function indexed({ token, url }: Served): Promise<void> {
  const deadline = Date.now() + INDEX_MS
  for (;;) {
    const response = await fetch(new URL('/v1/aggregate?metrics=count', url), {
      headers: { authorization: `Bearer ${token}` },
    })
    const { items } = (await response.json()) as { items?: { count: number }[] }
    if ((items?.[0]?.count ?? 0) >= recorded()) return
    if (Date.now() > deadline)
      throw new Error(`the index has ${items?.[0]?.count} of ${recorded()} decisions`)
    await sleep(2_000)
  }
}

/** Decisions of all times of the history, to ask for. */
function known(): Piece['decisions'] {
  const { endMs } = progressOf()
  const pieces = Math.ceil(recorded() / PIECE)
  const chosen = Array.from({ length: Math.min(8, pieces) }, (_, i) => Math.floor((i * pieces) / 8))
  return [...new Set(chosen)].flatMap((piece) => {
    const { value } = historyOf({ decisions, days, endMs }, piece).next()
    return (value as Piece).decisions.filter((_, n) => n % 997 === 0)
  })
}

function tableOf(asked: readonly Asked[]): string {
  const rows = asked.map(
    ({ question, ms }) =>
      `| ${question} | ${ms.p50.toFixed(0)} | ${ms.p95.toFixed(0)} | ${ms.max.toFixed(0)} |`,
  )
  return ['| question | p50 ms | p95 ms | most |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

mkdirSync(folder, { recursive: true })
const machine = describeMachine(folder)
console.log(`${machineLine(machine, 'no peer')}\n`)
const served = await serve(folder, { more: positionals })
try {
  const noted = values['ask-only'] ? [] : await fill(served)
  const waitedFrom = performance.now()
  await indexed(served)
  console.log(`indexed ${((performance.now() - waitedFrom) / 1_000).toFixed(1)} s after the last answer\n`)
  const before = machineTime()
  const asked = await ask(served, known(), times)
  const after = machineTime()
  const busy = Math.round((100 * (after.busySeconds - before.busySeconds)) / (after.seconds - before.seconds))
  console.log(
    `${recorded()} of ${decisions} decisions over ${days} days, ${times} of each, the machine ${busy} % busy\n`,
  )
  console.log(tableOf(asked))
  if (values.json !== undefined)
    writeFileSync(
      values.json,
      `${JSON.stringify({ machine, decisions, recorded: recorded(), days, noted, asked, busy }, null, 2)}\n`,
    )
} finally {
  served.server.kill('SIGTERM')
  if (served.server.exitCode === null) await once(served.server, 'exit')
}
