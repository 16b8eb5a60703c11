/** The options of the benchmark, with their defaults. */

import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export const USAGE = `Decisions end to end: deponent against PostgreSQL, same client, same batches, same durable promise.

  node bench/decisions.ts [options]

  --records N           records in the timed part            (30000)
  --warm N              records before it, not measured      (5000)
  --batch N             records per request                  (100)
  --connections N       batches in flight                    (8)
  --rounds N            rounds; in each every target runs    (3)
  --rate N              records per second, at a fixed pace  (as fast as acknowledged)
  --new-subjects SHARE  share of people never seen before    (0.2)
  --seed N              the workload                         (1)
  --targets A,B         only these                           (all that can run)
  --front               also PostgreSQL behind a minimal HTTP server
  --database-url URL    a durable PostgreSQL that may be written to, else DATABASE_URL
  --postgres-script F   starts one instead: start|env|destroy DIR, prints DATABASE_URL
  --folder DIR          where data is written                (the system's temporary folder)
  --out DIR             where the JSON results go            (bench/results)
  --node-option OPT     for the server's own node, repeatable, e.g. --node-option=--cpu-prof`

const SIBLING_SCRIPT = fileURLToPath(new URL('../../../shared/realparts/postgres.sh', import.meta.url))

export interface Options {
  records: number
  warm: number
  batch: number
  connections: number
  rounds: number
  rate?: number
  newSubjects: number
  seed: number
  targets?: string[]
  front: boolean
  databaseUrl?: string
  postgresScript?: string
  folder: string
  out: string
  nodeOptions: string[]
}

/** Reads the command line; undefined when help was asked for. */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      records: { type: 'string', default: '30000' },
      warm: { type: 'string', default: '5000' },
      batch: { type: 'string', default: '100' },
      connections: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '3' },
      rate: { type: 'string' },
      'new-subjects': { type: 'string', default: '0.2' },
      seed: { type: 'string', default: '1' },
      targets: { type: 'string' },
      front: { type: 'boolean', default: false },
      'database-url': { type: 'string', default: process.env['DATABASE_URL'] },
      'postgres-script': { type: 'string', default: existsSync(SIBLING_SCRIPT) ? SIBLING_SCRIPT : undefined },
      folder: { type: 'string', default: join(tmpdir(), `deponent-bench-${process.pid}`) },
      out: { type: 'string', default: fileURLToPath(new URL('../results', import.meta.url)) },
      'node-option': { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const batch = whole('batch', values.batch)
  return {
    records: batches('records', values.records, batch),
    warm: batches('warm', values.warm, batch),
    batch,
    connections: whole('connections', values.connections),
    rounds: whole('rounds', values.rounds),
    newSubjects: share('new-subjects', values['new-subjects']),
    seed: whole('seed', values.seed),
    front: values.front,
    folder: values.folder,
    out: values.out,
    nodeOptions: values['node-option'],
    ...(values.rate === undefined ? {} : { rate: whole('rate', values.rate) }),
    ...(values.targets === undefined ? {} : { targets: values.targets.split(',') }),
    ...(values['database-url'] === undefined ? {} : { databaseUrl: values['database-url'] }),
    ...(values['postgres-script'] === undefined ? {} : { postgresScript: values['postgres-script'] }),
  }
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number`)
  return value
}

function batches(name: string, text: string, batch: number): number {
  const value = whole(name, text)
  if (value % batch !== 0) throw new Error(`--${name} must be a multiple of --batch`)
  return value
}

function share(name: string, text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 1)) throw new Error(`--${name} must lie between 0 and 1`)
  return value
}
