/** Decisions end to end: our server against PostgreSQL. See README.md, and `--help`. */

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deponentTarget, SERVER_COMMAND } from './decisions/deponent.ts'
import { readOptions, USAGE } from './decisions/options.ts'
import type { Options } from './decisions/options.ts'
import { startCluster, useCluster } from './decisions/postgres-cluster.ts'
import type { Cluster } from './decisions/postgres-cluster.ts'
import { postgresFrontTarget, postgresTarget } from './decisions/postgres.ts'
import { TABLE_KINDS } from './decisions/postgres-tables.ts'
import { markdown } from './decisions/report.ts'
import type { Results } from './decisions/report.ts'
import { measure } from './decisions/run.ts'
import type { RunOptions, RunResult } from './decisions/run.ts'
import type { Target } from './decisions/target.ts'
import { decisionsOf } from './decisions/workload.ts'
import type { Decision } from './decisions/workload.ts'
import { describeMachine } from './machine.ts'

const options = readOptions(process.argv.slice(2))
if (options === undefined) console.log(USAGE)
else await main(options)

async function main(options: Options): Promise<void> {
  mkdirSync(options.folder, { recursive: true })
  const machine = describeMachine(options.folder)
  const cluster = await postgres(options)
  try {
    const targets = targetsOf(options, cluster)
    const sent = decisionsOf(workloadOf(options))
    const runs = await rounds(targets, options, sent)
    const results: Results = {
      machine,
      peer: cluster?.description ?? 'no PostgreSQL',
      load: loadLine(options),
      isPaced: options.rate !== undefined,
      rawBytesPerRecord:
        sent.reduce((total, one) => total + Buffer.byteLength(JSON.stringify(one)), 0) / sent.length,
      descriptions: Object.fromEntries(targets.map((target) => [target.name, target.description])),
      runs,
    }
    console.log(markdown(results))
    keep(options, results)
  } finally {
    await cluster?.stop()
    rmSync(options.folder, { recursive: true, force: true })
  }
}

async function postgres({ databaseUrl, postgresScript, folder }: Options): Promise<Cluster | undefined> {
  if (databaseUrl !== undefined) return useCluster(databaseUrl)
  if (postgresScript !== undefined) return startCluster(postgresScript, join(folder, 'postgres'))
  console.error('PostgreSQL is left out: neither --database-url nor --postgres-script was given')
  return undefined
}

function targetsOf(options: Options, cluster: Cluster | undefined): Target[] {
  const all = [...ours(options), ...(cluster === undefined ? [] : theirs(options, cluster))]
  const wanted = options.targets
  return wanted === undefined ? all : all.filter((target) => wanted.includes(target.name))
}

function ours({ folder, nodeOptions }: Options): Target[] {
  if (existsSync(SERVER_COMMAND)) return [deponentTarget({ folder, nodeOptions })]
  console.error('deponent is left out: the server is not there')
  return []
}

function theirs({ front, connections }: Options, cluster: Cluster): Target[] {
  const direct = TABLE_KINDS.map((table) => postgresTarget(cluster, table))
  const fronted = TABLE_KINDS.map((table) => postgresFrontTarget(cluster, table, connections))
  return front ? [...direct, ...fronted] : direct
}

/** Every target once per round, each round beginning with the next one: no target always runs on a rested machine. */
async function rounds(targets: Target[], options: Options, sent: readonly Decision[]): Promise<RunResult[]> {
  const runs: RunResult[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    const first = round % Math.max(1, targets.length)
    for (const target of [...targets.slice(first), ...targets.slice(0, first)]) {
      const result = await measure(target, runOptions(options), sent)
      console.error(
        `round ${round + 1} ${target.name}: ${Math.round(result.recordsPerSecond)} records/s, ack p99 ${result.latencyMs.p99.toFixed(1)} ms`,
      )
      runs.push(result)
    }
  }
  return runs
}

function runOptions(options: Options): RunOptions {
  return {
    workload: workloadOf(options),
    batch: options.batch,
    connections: options.connections,
    warmBatches: options.warm / options.batch,
    ...(options.rate === undefined ? {} : { batchesPerSecond: options.rate / options.batch }),
  }
}

function workloadOf({ seed, records, warm, newSubjects }: Options): {
  seed: number
  count: number
  newSubjects: number
} {
  return { seed, count: records + warm, newSubjects }
}

function loadLine(o: Options): string {
  const pace = o.rate === undefined ? 'as fast as acknowledged' : `at ${o.rate} records/s`
  return `${o.records} records ${pace} after ${o.warm} to warm up, batches of ${o.batch}, ${o.connections} connections, ${o.newSubjects * 100} % new subjects, seed ${o.seed}, ${o.rounds} rounds; medians.`
}

function keep(options: Options, results: Results): void {
  mkdirSync(options.out, { recursive: true })
  const pace = options.rate === undefined ? 'closed' : `${options.rate}-per-second`
  const path = join(options.out, `decisions-${pace}-${results.machine.date}.json`)
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`)
  console.error(`written: ${path}`)
}
