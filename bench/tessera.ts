/**
 * Single leaves, one request each, durable before the answer: our ledger behind `tessera-front.ts` and Tessera's own POSIX server, both
 * driven by Tessera's own load tool, in the same run. See README.md for how to get the two programs.
 *
 *   node bench/tessera.ts --tessera PATH --hammer PATH [--writers 512,1500] [--seconds 15] [--rounds 2] [--folder DIR]
 */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SigningKey } from '../packages/server/src/ledger/signing-key.ts'
import { describeMachine, machineLine } from './machine.ts'
import { machineTime, usageOf } from './processes.ts'
import { median } from './quantiles.ts'

const FRONT = fileURLToPath(new URL('tessera-front.ts', import.meta.url))
const WARM_MS = 4_000
const READY_MS = 20_000

const { values } = parseArgs({
  options: {
    tessera: { type: 'string' },
    hammer: { type: 'string' },
    writers: { type: 'string', default: '512,1500' },
    seconds: { type: 'string', default: '15' },
    rounds: { type: 'string', default: '2' },
    folder: { type: 'string' },
  },
})

interface Started {
  url: string
  vkey: string
  server: ChildProcess
}

interface Measured {
  perSecond: number
  cpuMicros: number
  /** Share of the machine taken by other work, the load tool not counted as such. */
  others: number
}

const { hammer = '', tessera = '' } = values
if (!existsSync(hammer) || !existsSync(tessera)) {
  console.log('skipped: give the paths of Tessera’s POSIX server and load tool by --tessera and --hammer')
} else {
  await compare()
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'deponent-tessera-'))
  console.log(`${machineLine(describeMachine(folder), 'Tessera POSIX')}\n`)
  console.log(
    '| writers | deponent /s | Tessera /s | ratio of each round | CPU µs per leaf, deponent / Tessera | other work |',
  )
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const writers of values.writers.split(',')) console.log(await row(Number(writers), folder))
  rmSync(folder, { recursive: true })
}

async function row(writers: number, folder: string): Promise<string> {
  const ours: Measured[] = []
  const theirs: Measured[] = []
  for (let round = 0; round < Number(values.rounds); round += 1) {
    ours.push(await measure(await startOurs(mkdtempSync(join(folder, 'ours-'))), writers))
    theirs.push(await measure(await startTheirs(mkdtempSync(join(folder, 'theirs-'))), writers))
  }
  const rate = (runs: Measured[]): number => Math.round(median(runs.map(({ perSecond }) => perSecond)))
  const cpu = (runs: Measured[]): string => median(runs.map(({ cpuMicros }) => cpuMicros)).toFixed(0)
  const ratios = ours.map(({ perSecond }, round) =>
    (perSecond / (theirs[round]?.perSecond ?? Number.NaN)).toFixed(2),
  )
  const others = [...ours, ...theirs].map((run) => Math.round(run.others * 100))
  return `| ${writers} | ${rate(ours)} | ${rate(theirs)} | ${ratios.join(', ')} | ${cpu(ours)} / ${cpu(theirs)} | ${Math.min(...others)}-${Math.max(...others)} % |`
}

async function startOurs(folder: string): Promise<Started> {
  const server = spawn(process.execPath, [FRONT, folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  for await (const line of createInterface({ input: server.stdout })) {
    lines.push(line)
    if (lines.length === 2) break
  }
  const [vkey = '', url = ''] = lines
  return { url, vkey, server }
}

async function startTheirs(folder: string): Promise<Started> {
  const name = 'example.com/log/bench'
  const seed = randomBytes(32)
  const { vkey } = new SigningKey(name, seed)
  const keyId = vkey.split('+')[1] ?? ''
  const secret = Buffer.concat([Uint8Array.of(1), seed]).toString('base64')
  const listen = `127.0.0.1:${await freePort()}`
  const server = spawn(tessera, [`--storage_dir=${folder}`, `--listen=${listen}`], {
    env: { ...process.env, LOG_PRIVATE_KEY: `PRIVATE+KEY+${name}+${keyId}+${secret}` },
    stdio: 'ignore',
  })
  return { url: `http://${listen}`, vkey, server }
}

async function measure({ url, vkey, server }: Started, writers: number): Promise<Measured> {
  await ready(url)
  const load = spawn(
    hammer,
    [
      `--log_public_key=${vkey}`,
      `--log_url=${url}`,
      `--write_log_url=${url}`,
      '--max_read_ops=0',
      `--num_writers=${writers}`,
      '--max_write_ops=40000',
      '--leaf_min_size=1024',
      '--dup_chance=0',
      '--show_ui=false',
    ],
    { stdio: 'ignore' },
  )
  await sleep(WARM_MS)
  const pids = [server.pid ?? 0]
  const loadPids = [load.pid ?? 0]
  const before = {
    at: performance.now(),
    size: await sizeOf(url),
    cpu: cpuOf(pids),
    load: cpuOf(loadPids),
    machine: machineTime(),
  }
  await sleep(Number(values.seconds) * 1_000)
  const after = {
    at: performance.now(),
    size: await sizeOf(url),
    cpu: cpuOf(pids),
    load: cpuOf(loadPids),
    machine: machineTime(),
  }
  const count = after.size - before.size
  const spent = after.cpu - before.cpu
  const busy = after.machine.busySeconds - before.machine.busySeconds - spent - (after.load - before.load)
  await ended(load, 'SIGKILL')
  await ended(server, 'SIGTERM')
  return {
    perSecond: (1_000 * count) / (after.at - before.at),
    cpuMicros: (1e6 * spent) / count,
    others: Math.max(0, busy / (after.machine.seconds - before.machine.seconds)),
  }
}

function cpuOf(pids: readonly number[]): number {
  const { own, descendants } = usageOf(pids)
  return own.cpuSeconds + descendants.cpuSeconds
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal)
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Leaves under the latest checkpoint: the second line of the note. Both publish about once a second. */
async function sizeOf(url: string): Promise<number> {
  const response = await fetch(`${url}/checkpoint`).catch(() => undefined)
  return response?.ok ? Number((await response.text()).split('\n')[1] ?? 0) : 0
}

/** The load tool needs a first checkpoint. */
async function ready(url: string): Promise<void> {
  const startMs = performance.now()
  for (;;) {
    await fetch(`${url}/add`, { method: 'POST', body: `first ${performance.now()}` }).catch(() => undefined)
    if ((await sizeOf(url)) > 0) return
    if (performance.now() - startMs > READY_MS) throw new Error(`${url} has no checkpoint`)
    await sleep(300)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
