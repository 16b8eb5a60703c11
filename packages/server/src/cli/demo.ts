import { Command } from 'commander'
import type { App } from '../app.ts'
import { COMPANY } from '../demo/company.ts'
import type { DemoRecord } from '../demo/demo-record.ts'
import { history } from '../demo/history.ts'
import { live } from '../demo/live.ts'
import { DemoNumbering } from '../demo/numbering.ts'
import { storyUpTo } from '../demo/story.ts'
import { realClock } from '../platform/clock.ts'
import { endProgress, note, print, progress, stopSignal } from '../platform/terminal.ts'
import type { Submission } from '../recording/submission.ts'
import { demoScore, demoWeights } from './demo-replay.ts'
import { CommandError, EXIT } from './exit.ts'
import { startServer, type ServeOptions, withServing } from './serve.ts'

const BATCH = 500

interface DemoOptions extends ServeOptions {
  seed: string
  live: boolean
}

function submissionOf({ kind, record }: DemoRecord, position: number): Submission {
  return { position, kind, reading: { value: record, coerced: [], faults: [] } }
}

/** Records a batch: decisions before what is said about them. */
async function recordBatch(app: App, batch: readonly DemoRecord[]): Promise<void> {
  for (const part of [batch.filter(isDecision), batch.filter((item) => !isDecision(item))]) {
    if (part.length === 0) continue
    const { errors } = await app.ledgers.default.tenant.recorder.record(part.map(submissionOf))
    const [error] = errors
    if (error)
      throw new CommandError(
        EXIT.internal,
        `a record of the demo was refused: ${error.code} ${error.path} ${error.message}`,
      )
  }
}

const isDecision = ({ kind }: DemoRecord): boolean => kind === 'decision'

/** What decides the records, and how they are numbered. */
interface Past {
  seed: string
  now: number
  numbering: DemoNumbering
}

/** Months of the company's past, as fast as they can be recorded, unless `stopped` before the end. */
async function recordHistory(
  app: App,
  { seed, now, numbering }: Past,
  stopped: () => boolean,
): Promise<number> {
  let batch: DemoRecord[] = []
  let recorded = 0
  const flush = async (): Promise<void> => {
    await recordBatch(app, batch)
    recorded += batch.length
    batch = []
    progress(`recording the past of ${COMPANY}: ${recorded} records`)
  }
  for (const item of history({ seed, now })) {
    batch.push(...numbering.number(item))
    if (batch.length >= BATCH) await flush()
    if (stopped()) break
  }
  batch.push(...numbering.gateway(now))
  await flush()
  endProgress()
  return recorded
}

/** What happens from now on, each record when it is due, until `stopped`. */
async function recordLive(app: App, { seed, now, numbering }: Past, stopped: () => boolean): Promise<void> {
  for (const item of live({ seed, now })) {
    const wait = item.at - realClock.now()
    if (wait > 0) await realClock.sleep(wait)
    if (stopped()) return
    await recordBatch(app, [...numbering.number(item), ...numbering.beats(item.at)])
  }
}

export const demo = withServing(new Command('demo'))
  .description('run the server with a living example company in it')
  .option('--seed <text>', 'another seed makes another company', 'demo')
  .option('--no-live', 'record the past only')
  .addHelpText('after', '\nExample:\n  deponent demo --port 4600')
  .addCommand(demoWeights.exitOverride())
  .addCommand(demoScore.exitOverride())
  .action(async (given: DemoOptions) => {
    const options = { ...given, data: given.data === './data' ? './data/demo' : given.data }
    const app = await startServer(options)
    let isStopping = false
    const stopping = stopSignal().then(() => {
      isStopping = true
    })
    try {
      print(`${app.url}/#key=${app.adminToken}`)
      await run(app, options, stopping, () => isStopping)
    } finally {
      await app.close()
    }
  })

async function run(
  app: App,
  { data, live: isLive, seed }: DemoOptions,
  stopping: Promise<void>,
  stopped: () => boolean,
): Promise<void> {
  const now = realClock.now()
  const past = { seed, now, numbering: new DemoNumbering(seed, storyUpTo(now)) }
  if (app.ledgers.default.tenant.ledger.size === 0) {
    const recorded = await recordHistory(app, past, stopped)
    note(`${recorded} records of ${COMPANY}, an invented company, in ${data}`)
    if (stopped())
      note('stopped before all of its past was recorded; for the whole of it start in an empty directory')
  }
  if (isLive) await recordLive(app, past, stopped)
  await recordBatch(app, past.numbering.closes(realClock.now()))
  await stopping
}
