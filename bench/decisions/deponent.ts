/** Our server as a target: the published command, a fresh data directory, default settings. */

import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { layersOf, sizesOf } from '../../packages/server/src/sizes/directory-sizes.ts'
import type { Footprint, Running, Target } from './target.ts'
import type { Decision } from './workload.ts'

const run = promisify(execFile)

export const SERVER_COMMAND = fileURLToPath(
  new URL('../../packages/server/bin/deponent.mjs', import.meta.url),
)

/** Decisions asked for one by one and compared, spread over the whole run. */
const SAMPLE = 200
const READY_MS = 60_000

export interface ServerOptions {
  /** Each run makes a new directory in here. */
  folder: string
  /** Options of node itself, for example `--cpu-prof`. */
  nodeOptions: readonly string[]
}

export function deponentTarget(options: ServerOptions): Target {
  return {
    name: 'deponent',
    description: 'deponent serve over HTTP: sealed per person, in a signed ledger, indexed',
    start: () => start(options),
  }
}

async function start({ folder, nodeOptions }: ServerOptions): Promise<Running> {
  const home = mkdtempSync(join(folder, 'deponent-'))
  const data = join(home, 'data')
  const { server, token, url } = await serve(home, { nodeOptions })
  return {
    destination: { protocol: 'http', url, token },
    pids: [server.pid ?? 0],
    follows: true,
    check: (sent) => checkRunning(url, token, sent),
    stop: async () => {
      server.kill('SIGTERM')
      if (server.exitCode === null) await once(server, 'exit')
      await verify(data)
      return { ...(await footprint(data)), home }
    },
  }
}

/** A server over `HOME/data`, as the published command starts it. */
export interface Served {
  server: ChildProcess
  url: string
  token: string
}

/** Starts one over what is in `home`, or over nothing; `more` are options of `deponent serve`. */
export async function serve(
  home: string,
  { nodeOptions = [], more = [] }: { nodeOptions?: readonly string[]; more?: readonly string[] } = {},
): Promise<Served> {
  const data = join(home, 'data')
  const args = [
    ...nodeOptions,
    SERVER_COMMAND,
    'serve',
    '--data',
    data,
    '--port',
    String(await freePort()),
    '--signer-state',
    join(home, 'signer'),
    ...more,
  ]
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await ready(server)
  return { server, url, token: readFileSync(join(data, 'admin-token'), 'utf8').trim() }
}

/** The URL of the line the server prints when it is ready. */
async function ready(server: ChildProcess): Promise<string> {
  const found = new Promise<string>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready`)))
    if (server.stdout === null) return
    createInterface({ input: server.stdout }).on('line', (line) => {
      const url = /http:\/\/[^\s"]+/.exec(line)?.[0]
      if (url !== undefined) resolve(url)
    })
  })
  const late = sleep(READY_MS, undefined, { ref: false }).then(() =>
    Promise.reject(new Error('the server was not ready in time')),
  )
  return Promise.race([found, late])
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** The index counts every decision, and a sample comes back as it was sent. */
async function checkRunning(url: string, token: string, sent: readonly Decision[]): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'deponent-purpose': 'benchmark check' }
  const counted = (await json(new URL('/v1/aggregate?metrics=count', url), headers)) as {
    items: { count: number }[]
  }
  if (counted.items[0]?.count !== sent.length)
    throw new Error(`${counted.items[0]?.count} decisions counted, ${sent.length} sent`)
  const step = Math.max(1, Math.floor(sent.length / SAMPLE))
  const sample = sent.filter((_, n) => n % step === 0)
  for (const decision of sample) {
    const found = (await json(new URL(`/v1/decisions/${decision.decisionId}`, url), headers)) as {
      record: Record<string, unknown>
    }
    const lost = missing(decision, found.record)
    if (lost !== undefined) throw new Error(`${decision.decisionId} came back with another ${lost}`)
  }
  return `${sent.length} counted by a query, ${sample.length} read back equal, deponent verify: valid`
}

/** The first field that is not as it was sent; the server may add fields of its own. */
function missing(sent: Decision, found: Record<string, unknown>): string | undefined {
  return Object.entries(sent).find(([name, value]) => !same(found[name], value))?.[0]
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

async function json(url: URL, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, { headers })
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

/** The command a stranger would run; exit code 0 is its word for valid. */
async function verify(data: string): Promise<void> {
  const { stdout } = await run(process.execPath, [SERVER_COMMAND, 'verify', data, '--json'], {
    maxBuffer: 2 ** 26,
  })
  const { verdict } = JSON.parse(stdout) as { verdict: string }
  if (verdict !== 'valid') throw new Error(`deponent verify: ${verdict}`)
}

/**
 * Allocated bytes by part of the directory, each divided by the entries that lie in it: what is young lies in the write-ahead log. What
 * is no part of an entry's, such as the settings, is left out.
 */
async function footprint(data: string): Promise<Footprint> {
  const layers = layersOf(await sizesOf(realDisk, data))
  const share = (...names: string[]): number | undefined => {
    const found = layers.filter(({ name }) => names.includes(name))
    const entries = found[0]?.entries ?? 0
    if (entries === 0) return undefined
    return found.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0) / entries
  }
  const growing = layers.filter(({ stay }) => stay !== 'fixed')
  const log = layers.find(({ name }) => name === 'log')?.allocatedBytes ?? 0
  return {
    bytesPerRecord: {
      entries: share('entryTiles'),
      tree: share('hashTiles'),
      vault: share('vault'),
      keyring: share('keys'),
      state: share('state'),
      index: share('index'),
    },
    lengthPerRecord: growing.reduce((sum, { bytes, entries }) => sum + bytes / entries, 0),
    besides: `a write-ahead log of ${Math.round(log / 2 ** 20)} MiB, which is reused`,
  }
}
