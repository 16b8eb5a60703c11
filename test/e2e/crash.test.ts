import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  decodeEntryTile,
  hashLeaf,
  parseCheckpoint,
  parseNote,
  parseTrust,
  tilePath,
  tileWidth,
  toHex,
  type Trust,
  verifyReceipt,
} from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { type Envelope, envelopeOf, type List, type One, problemOf, type Receipt } from './answers.ts'
import { BIN, newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const CONNECTIONS = 4
const BATCH = 20

type Decision = Record<string, unknown> & { decisionId: string }

/** What senders sent, and what they were told. */
class Senders {
  readonly sent: Decision[][] = []
  /** The whole answer of each acknowledged request, as it was saved. */
  readonly answers: Envelope[] = []
  readonly acknowledged = new Map<string, Receipt>()
  #count = 0
  #isSending = false
  #running: Promise<unknown> = Promise.resolve()

  /** Sends from several connections, each as fast as it is answered, until stopped. */
  start(server: ServerProcess): void {
    this.#isSending = true
    this.#running = Promise.all(Array.from({ length: CONNECTIONS }, () => this.#send(server)))
  }

  async stop(): Promise<void> {
    this.#isSending = false
    await this.#running
  }

  async #send(server: ServerProcess): Promise<void> {
    while (this.#isSending) {
      const batch = Array.from({ length: BATCH }, () => this.#next())
      this.sent.push(batch)
      try {
        const response = await server.post('/v1/decisions', batch)
        const envelope = (await response.json()) as Envelope
        if (response.status === 201) this.#keep(envelope)
      } catch {
        return
      }
    }
  }

  #keep(envelope: Envelope): void {
    this.answers.push(envelope)
    for (const receipt of envelope.receipts) this.acknowledged.set(receipt.decisionId!, receipt)
  }

  #next(): Decision {
    this.#count += 1
    return {
      decisionId: `load-${this.#count}`,
      modelId: 'm',
      prediction: this.#count,
      affectedUserId: `person-${this.#count % 50}`,
      system: this.#count % 7 === 0 ? 'second' : 'first',
      messages: [`text ${this.#count}`],
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until the senders have had at least this many requests acknowledged since the call. */
async function acknowledgedMore(senders: Senders, requests: number): Promise<void> {
  const target = senders.answers.length + requests
  while (senders.answers.length < target) await pause(5)
}

async function trustOf(server: ServerProcess): Promise<Trust> {
  const response = await server.fetch('/ledgers/default/vkey', { headers: { Accept: 'application/json' } })
  return trustIn((await response.json()) as { origin: string; checkpoint: string; promise: string })
}

function trustIn({
  origin,
  checkpoint,
  promise,
}: {
  origin: string
  checkpoint: string
  promise: string
}): Trust {
  const keys = [
    { vkey: checkpoint, use: 'checkpoint', sizes: '0..' },
    { vkey: promise, use: 'promise', sizes: '0..' },
  ]
  return parseTrust({ ledgers: [{ origin, keys, witnesses: [], quorum: 0, timestampRoots: [] }] })
}

/** Runs `work` over all items, a few at a time. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  const worker = async (): Promise<void> => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) await work(item)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** Every acknowledged record is there under both its ids, with the content that was sent. */
async function allThere(server: ServerProcess, senders: Senders): Promise<void> {
  const sent = new Map(senders.sent.flat().map((decision) => [decision.decisionId, decision]))
  const headers = { 'Deponent-Purpose': 'looking for what was lost' }
  await eachOf([...senders.acknowledged], async ([decisionId, { id, index }]) => {
    const response = await server.fetch(`/v1/decisions/${id}`, { headers })
    expect({ decisionId, status: response.status }).toEqual({ decisionId, status: 200 })
    const one = (await response.json()) as One
    const { system, ...content } = sent.get(decisionId)!
    expect(one).toMatchObject({ id, index, system, record: content })
  })
  await eachOf([...senders.acknowledged].slice(-100), async ([decisionId, { id }]) => {
    expect((await server.get<One>(`/v1/decisions/${decisionId}`)).id).toBe(id)
  })
}

/** Sending everything again brings the first receipts for all that was acknowledged. */
async function resend(server: ServerProcess, senders: Senders): Promise<void> {
  await eachOf(senders.sent, async (batch) => {
    const { receipts } = await envelopeOf(server.post('/v1/decisions', batch), 201)
    for (const receipt of receipts) {
      const first = senders.acknowledged.get(receipt.decisionId!)
      if (!first) continue
      const { id, index, leafHash } = first
      expect(receipt).toEqual({ ...receipt, status: 'duplicate', id, index, leafHash })
      expect(receipt).not.toHaveProperty('path')
    }
  })
}

/** Every leaf that was ever promised stands at its index under the checkpoint. */
async function promisesKept(server: ServerProcess, senders: Senders): Promise<void> {
  const end = Math.max(...senders.answers.flatMap(({ receipts }) => receipts.map(({ index }) => index + 1)))
  let size = 0
  while (size < end) {
    const note = await (await server.fetch('/ledgers/default/checkpoint')).text()
    size = parseCheckpoint(parseNote(note).text).size
  }
  const leaves: string[] = []
  for (let n = 0; n * 256 < size; n += 1) {
    const path = tilePath('entries', n, tileWidth('entries', n, size))
    const tile = new Uint8Array(await (await server.fetch(`/ledgers/default/${path}`)).arrayBuffer())
    leaves.push(...decodeEntryTile(tile).map((entry) => toHex(hashLeaf(entry))))
  }
  for (const { index, leafHash } of senders.acknowledged.values()) expect(leaves[index]).toBe(leafHash)
}

/** The index holds every record once. */
async function indexedOnce(server: ServerProcess, count: number): Promise<void> {
  await server.indexed()
  const response = await server.post('/v1/sql', {
    sql: 'SELECT count(), uniqExact(decisionId) FROM decisions',
  })
  expect(await response.json()).toMatchObject({ rows: [[count, count]] })
  const ids = new Set<string>()
  for (let cursor = ''; ;) {
    const { items, next } = await server.get<List>(`/v1/decisions?limit=1000${cursor}`)
    for (const { id } of items) ids.add(id)
    if (next === null) break
    cursor = `&cursor=${next}`
  }
  expect(ids.size).toBe(count)
}

/** Processes whose parent is this one. */
async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) found.push(Number(name))
  }
  return found
}

/** Starts the server and gives how it ended, when it refuses to run. */
async function refusal(place: Place, ...more: string[]): Promise<{ code: number | null; stderr: string }> {
  const flags = ['serve', '--data', place.data, '--port', '0', '--signer-state', place.signer, ...more]
  const child = spawn(process.execPath, [BIN, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}

const decision = (decisionId: string): Decision => ({ decisionId, modelId: 'm', prediction: 1 })

test('a server killed again and again under load loses nothing it acknowledged', async () => {
  const place = await newPlace()
  const senders = new Senders()
  const killed = async (moment: () => Promise<void>): Promise<void> => {
    const server = await ServerProcess.start(place)
    senders.start(server)
    await moment()
    await server.stop('SIGKILL')
    await senders.stop()
  }
  for (const requests of [10, 17, 24]) await killed(() => acknowledgedMore(senders, requests))
  // Early, in the middle of a publication, and between two.
  for (const ms of [0, 40, 130, 210, 350]) await killed(() => pause(ms))
  const server = await ServerProcess.start(place)
  expect(senders.acknowledged.size).toBeGreaterThanOrEqual((10 + 17 + 24) * BATCH)
  await allThere(server, senders)
  const trust = await trustOf(server)
  for (const answer of senders.answers)
    expect(verifyReceipt(answer, trust)).toMatchObject({ verdict: 'valid', checked: { entries: BATCH } })
  await resend(server, senders)
  await promisesKept(server, senders)
  await indexedOnce(server, senders.sent.flat().length)
  expect(await server.stop()).toBe(0)
  const saved = await Promise.all(
    [senders.answers[0]!, senders.answers.at(-1)].map(async (answer, i) => {
      const path = join(place.signer, `../receipt-${i}.json`)
      await writeFile(path, JSON.stringify(answer))
      return path
    }),
  )
  const { code, stdout } = await runCommand(['verify', place.data, '--json', '--against', ...saved])
  expect({ code, ...(JSON.parse(stdout) as { verdict: string }) }).toMatchObject({
    code: 0,
    verdict: 'valid',
  })
})

test('killing the index loses and doubles nothing, and recording does not notice', async () => {
  const server = await ServerProcess.start(await newPlace())
  const senders = new Senders()
  senders.start(server)
  for (let kill = 0; kill < 3; kill += 1) {
    await acknowledgedMore(senders, 12)
    const children = await childrenOf(server.pid)
    for (const pid of children) process.kill(pid, 'SIGKILL')
    while ((await childrenOf(server.pid)).every((pid) => children.includes(pid))) {
      const question = await server.fetch('/v1/decisions?limit=1')
      expect([200, 503]).toContain(question.status)
      if (question.status === 503) expect(question.headers.get('retry-after')).toMatch(/^\d+$/)
      await pause(20)
    }
  }
  await acknowledgedMore(senders, 12)
  await senders.stop()
  expect(senders.acknowledged.size).toBe(senders.sent.flat().length)
  await indexedOnce(server, senders.sent.flat().length)
  expect(await server.stop()).toBe(0)
})

test('SIGTERM under load ends with 0, everything acknowledged published', async () => {
  const place = await newPlace()
  const senders = new Senders()
  const server = await ServerProcess.start(place)
  senders.start(server)
  await acknowledgedMore(senders, 20)
  expect(await server.stop('SIGTERM')).toBe(0)
  await senders.stop()
  const note = await readFile(join(place.data, 'ledgers/default/checkpoint'), 'utf8')
  const { size } = parseCheckpoint(parseNote(note).text)
  expect(Math.max(...[...senders.acknowledged.values()].map(({ index }) => index))).toBeLessThan(size)
  expect((await runCommand(['verify', place.data, '--json'])).code).toBe(0)
  const again = await ServerProcess.start(place)
  await allThere(again, senders)
  await again.stop()
})

describe('a directory', () => {
  test('whose making was cut short, wherever it was, is made whole by the next start', async () => {
    const cutShort = async (ms: number): Promise<void> => {
      const place = await newPlace()
      const flags = ['serve', '--data', place.data, '--port', '0', '--signer-state', place.signer]
      const child = spawn(process.execPath, [BIN, ...flags], { stdio: 'ignore' })
      await pause(ms)
      child.kill('SIGKILL')
      await once(child, 'close')
      const server = await ServerProcess.start(place)
      await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decision('d')), 201)
      await server.stop('SIGKILL')
      expect({ ms, code: (await runCommand(['verify', place.data])).code }).toEqual({ ms, code: 0 })
    }
    await Promise.all([300, 450, 600, 800].map(cutShort))
  })

  test('has one server: the second is refused and the first goes on', async () => {
    const place = await newPlace()
    const server = await ServerProcess.start(place)
    const { code, stderr } = await refusal(place)
    expect(code).toBe(2)
    expect(stderr).toMatch(/another process/)
    expect(stderr).not.toMatch(/\n\s+at /)
    await envelopeOf(server.post('/v1/decisions', decision('d')), 201)
    await server.stop()
  })

  test('of the draft format is refused by name', async () => {
    const place = await newPlace()
    const server = await ServerProcess.start(place)
    await server.stop()
    const path = join(place.data, 'format.json')
    const known = JSON.parse(await readFile(path, 'utf8')) as object
    await writeFile(path, JSON.stringify({ ...known, format: 0 }))
    const { code, stderr } = await runCommand(['serve', '--data', place.data])
    expect(code).toBe(2)
    expect(stderr).toMatch(/draft format 0/)
    expect((await runCommand(['verify', place.data])).stdout).toMatch(/format_draft/)
  })

  test('of a newer release is refused and left as it was', async () => {
    const place = await newPlace()
    const server = await ServerProcess.start(place)
    await server.stop()
    const path = join(place.data, 'format.json')
    const known = JSON.parse(await readFile(path, 'utf8')) as { format: number }
    await writeFile(path, JSON.stringify({ ...known, format: known.format + 1, news: true }))
    const before = (await readdir(place.data, { recursive: true })).toSorted()
    for (const command of [['serve'], ['reindex'], ['query', 'SELECT 1'], ['doctor']]) {
      const { code, stderr } = await runCommand([...command, '--data', place.data])
      expect({ command, code }).toEqual({ command, code: 2 })
      expect(stderr).toMatch(/format 2/)
    }
    const { code, stdout } = await runCommand(['verify', place.data])
    expect(code).not.toBe(0)
    expect(stdout).toMatch(/format_unknown/)
    expect((await readdir(place.data, { recursive: true })).toSorted()).toEqual(before)
  })

  test('whose signer is forgotten takes nothing until the operator accepts its head, once', async () => {
    const place = await newPlace()
    const server = await ServerProcess.start(place)
    await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decision('d')), 201)
    await server.stop()
    const forgotten = { ...place, signer: `${place.signer}-2` }
    const reading = await ServerProcess.start(forgotten)
    expect((await reading.fetch('/ledgers/default/status')).status).toBe(200)
    await problemOf(reading.fetch('/v1/decisions/d'), 503, 'access_unrecordable')
    const problem = await problemOf(reading.post('/v1/decisions', decision('e')), 503, 'signer_state_missing')
    expect(problem.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await reading.get('/readyz')).toMatchObject({
      ready: false,
      checks: { ledger: { state: 'signer_state_missing' } },
    })
    await problemOf(
      reading.fetch('/v1/decisions/d', { headers: { 'Deponent-Purpose': 'none may be recorded' } }),
      503,
      'access_unrecordable',
    )
    expect(reading.stderr.join('\n')).toMatch(/signer_state_missing.+2 entries.+--accept-head/)
    expect(await reading.stop()).toBe(0)
    const accepted = await ServerProcess.start(forgotten, ['serve', '--accept-head'])
    await envelopeOf(accepted.post('/v1/decisions?wait=checkpoint', decision('e')), 201)
    await accepted.stop()
    const again = await ServerProcess.start(forgotten)
    await envelopeOf(again.post('/v1/decisions', decision('f')), 201)
    await again.indexed()
    const changes = await again.post('/v1/sql', { sql: "SELECT count() FROM records WHERE kind = 'change'" })
    expect(await changes.json()).toMatchObject({ rows: [[1]] })
    await again.stop()
    expect((await runCommand(['verify', place.data])).code).toBe(0)
  })

  test('restored from before a known head tells its state, shows no content, and takes nothing', async () => {
    const place = await newPlace()
    const server = await ServerProcess.start(place)
    await envelopeOf(server.post('/v1/decisions?wait=checkpoint', decision('d')), 201)
    await server.stop()
    const copy = { ...place, data: `${place.data}-copy` }
    await cp(place.data, copy.data, { recursive: true })
    const ahead = await ServerProcess.start(place)
    await envelopeOf(ahead.post('/v1/decisions?wait=checkpoint', decision('e')), 201)
    await ahead.stop()
    const behind = await ServerProcess.start(copy)
    expect((await behind.fetch('/ledgers/default/status')).status).toBe(200)
    await problemOf(behind.fetch('/v1/decisions/d'), 503, 'access_unrecordable')
    await problemOf(behind.post('/v1/decisions', decision('x')), 503, 'ledger_behind')
    await behind.stop()
  })
})
