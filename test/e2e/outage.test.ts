/**
 * The server is away for a day. Processes go on reporting, are killed, and leave what they kept on the disk; when the server is back it is
 * sent by processes that are killed too, and so is the server meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rename, utimes } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { missingPython, PYTHON, PYTHON_DIRECTORY } from '../strangers/python-judge.ts'
import { newPlace, type Place, ServerProcess } from './server-process.ts'

const DAY_MS = 86_400_000
const PRODUCERS = 3
/** Of one producer; as if each of them made one every 41 seconds of its eight hours. */
const BATCHES = 700
const RECORDS_OF_BATCH = 2
const OF_PRODUCER = BATCHES * RECORDS_OF_BATCH
const DECISIONS = PRODUCERS * OF_PRODUCER

/** A process that reports `count` decisions, named by `name`, and sends what is in the spool for as long as it lives. */
interface Sending {
  readonly url: string
  readonly key: string
  readonly directory: string
  readonly name: string
  readonly count: number
}

interface Sdk {
  readonly start: (sending: Sending) => ChildProcess
  /** Makes a file as old as this. */
  readonly age: (path: string, atMs: number) => Promise<void>
}

const source = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../${path}`, import.meta.url)))

const typescript: Sdk = {
  start: ({ url, key, directory, name, count }) => {
    const options = { url, key, emitterId: name, batchSize: RECORDS_OF_BATCH, requestTimeoutMs: 500 }
    const program = `import { Deponent } from ${source('packages/sdk/src/client.ts')}
      const audit = new Deponent({ ...${JSON.stringify(options)}, spool: { directory: ${JSON.stringify(directory)} }, onError: () => {} })
      for (let i = 0; i < ${count}; i++) audit.log({ decisionId: '${name}-' + i, modelId: 'm', prediction: i })
      setInterval(() => {}, 1_000)
      process.stdin.on('end', () => audit.close().then(() => process.exit(0))).resume()`
    return spawn(process.execPath, ['--input-type=module-typescript', '--eval', program])
  },
  age: async (path, atMs) => {
    const [, rest] = /\d{15}(-.*)$/.exec(path)!
    await rename(path, join(dirname(path), `${String(Math.trunc(atMs)).padStart(15, '0')}${rest}`))
  },
}

const python: Sdk = {
  start: ({ url, key, directory, name, count }) => {
    const program = `import sys
from deponent import Deponent, Spool
audit = Deponent('${url}', '${key}', emitter_id='${name}', batch_size=${RECORDS_OF_BATCH}, flush_interval=0.01, request_timeout=5.0, spool=Spool(${JSON.stringify(directory)}, plaintext=True), on_error=lambda issue: None)
for i in range(${count}):
    audit.record(decision_id='${name}-%d' % i, model_id='m', prediction=i)
sys.stdin.read()
audit.close(10)`
    const env = { ...process.env, PYTHONPATH: PYTHON_DIRECTORY, PYTHONDONTWRITEBYTECODE: '1' }
    return spawn(PYTHON, ['-c', program], { env })
  },
  age: (path, atMs) => utimes(path, atMs / 1_000, atMs / 1_000),
}

const children = new Set<ChildProcess>()
let server: ServerProcess | undefined
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await server?.stop()
})

async function ended(child: ChildProcess, end: (child: ChildProcess) => unknown): Promise<void> {
  const exit = once(child, 'exit')
  end(child)
  await exit
  children.delete(child)
}

const kill = (child: ChildProcess): Promise<void> => ended(child, (one) => one.kill('SIGKILL'))
const letEnd = (child: ChildProcess): Promise<void> => ended(child, ({ stdin }) => stdin!.end())

/** A port that nobody listens on. */
async function freePort(): Promise<string> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  listener.close()
  return String(port)
}

const LONG = { timeout: 240_000, interval: 50 }

async function batchesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true }).catch(() => [])
  return names.filter((name) => name.endsWith('.batch')).toSorted()
}

/** Waits until the ledger has as many entries; it may be down meanwhile. */
async function grownTo(running: ServerProcess, entries: number): Promise<void> {
  const size = async (): Promise<number> =>
    (await running.get<{ checks: { ledger: { size: number } } }>('/readyz')).checks.ledger.size
  await expect.poll(size, LONG).toBeGreaterThanOrEqual(entries)
}

/** Ids of all decisions, in the order of the ledger. */
async function decisionsOf(running: ServerProcess): Promise<string[]> {
  const found: { decisionId: string; index: number }[] = []
  for (let cursor = ''; ;) {
    const page: { items: typeof found; next: string | null } = await running.get(
      `/v1/decisions?limit=1000${cursor}`,
    )
    found.push(...page.items)
    if (page.next === null)
      return found.toSorted((a, b) => a.index - b.index).map(({ decisionId }) => decisionId)
    cursor = `&cursor=${page.next}`
  }
}

async function outage(sdk: Sdk): Promise<void> {
  const place: Place = await newPlace()
  const start = async (): Promise<ServerProcess> => (server = await ServerProcess.start(place, command))
  const command = ['serve', '--port', await freePort()]
  const directory = join(await mkdtemp(join(tmpdir(), 'outage-')), 'spool')
  const run = (name: string, count: number): ChildProcess => {
    const child = sdk.start({ url, key, directory, name, count })
    children.add(child)
    return child
  }

  let running = await start()
  const { url, key } = running
  const first = run('before', 1)
  await grownTo(running, 2)
  await letEnd(first)
  await running.stop()

  for (let i = 1; i <= PRODUCERS; i += 1) {
    const producer = run(`till-${i}`, OF_PRODUCER)
    await expect.poll(async () => (await batchesIn(directory)).length, LONG).toBe(i * BATCHES)
    await kill(producer)
  }
  const kept = await batchesIn(directory)
  const began = Date.now() - DAY_MS
  for (const [i, name] of kept.entries())
    await sdk.age(join(directory, name), began + (i * DAY_MS) / kept.length)

  running = await start()
  const sender = run('sender', 0)
  await grownTo(running, DECISIONS / 6)
  await kill(sender)
  const next = run('next', 0)
  await grownTo(running, DECISIONS / 3)
  await running.stop('SIGKILL')
  running = await start()
  await grownTo(running, DECISIONS / 2)
  await kill(next)
  const last = run('last', 0)
  await expect.poll(async () => (await batchesIn(directory)).length, LONG).toBe(0)
  await letEnd(last)

  await running.indexed()
  const found = await decisionsOf(running)
  expect(found).toHaveLength(DECISIONS + 1)
  for (let i = 1; i <= PRODUCERS; i += 1) {
    const name = `till-${i}`
    expect(found.filter((id) => id.startsWith(`${name}-`))).toEqual(
      Array.from({ length: OF_PRODUCER }, (_, at) => `${name}-${at}`),
    )
  }
  const { items } = await running.get<{ items: { emitter: string; epochs: object[] }[] }>('/v1/emitters')
  const whole = { recorded: OF_PRODUCER, missing: 0, lost: 0, forks: 0, duplicates: 0, outOfOrder: 0 }
  for (let i = 1; i <= PRODUCERS; i += 1)
    expect(items.find(({ emitter }) => emitter === `till-${i}`)?.epochs).toMatchObject([whole])
  expect(await running.get('/v1/stats/coverage')).toMatchObject({ status: 'complete', findings: [] })
}

test(
  'a day of TypeScript is replayed in order after an outage, nothing lost and nothing doubled',
  () => outage(typescript),
  600_000,
)

test.skipIf(missingPython() !== undefined)(
  'a day of Python is replayed in order after an outage, nothing lost and nothing doubled',
  () => outage(python),
  600_000,
)
