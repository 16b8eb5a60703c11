import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rmdir,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deponent } from '@deponent/sdk'
import type { Deponent, DeponentOptions, Issue, SpoolOptions } from '@deponent/sdk'
import { keepAll, LedgerServer } from './ledger-server.ts'

let server: LedgerServer
let url: string
let directory: string
let issues: Issue[]
let clients: Deponent[]

beforeEach(async () => {
  server = new LedgerServer()
  url = await server.start()
  directory = join(await mkdtemp(join(tmpdir(), 'spool-')), 'spool')
  issues = []
  clients = []
})

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close({ timeoutMs: 0 })))
  await server.stop()
})

/** A limit for conditions that are waited for. */
const SOON = { timeout: 60_000 }

const away = () => ({ status: 503 }) as const

function client(spool: Partial<SpoolOptions> = {}, options: Partial<DeponentOptions> = {}): Deponent {
  const created = deponent({
    url,
    key: 'k',
    emitterId: 'till-1',
    flushIntervalMs: 3_600_000,
    onError: (issue) => void issues.push(issue),
    spool: { directory, ...spool },
    ...options,
  })
  clients.push(created)
  return created
}

/** A client that has heard from the server, and hears nothing any more. */
async function cutOff(
  spool: Partial<SpoolOptions> = {},
  options: Partial<DeponentOptions> = {},
): Promise<Deponent> {
  const audit = client(spool, options)
  audit.log({ modelId: 'm', prediction: 'first' })
  await audit.flush()
  server.reply = away
  return audit
}

const batches = async (): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.batch'))
/** Waits until so many records lie on the disk. */
async function spooled(audit: Deponent, count: number): Promise<void> {
  await audit.flush({ timeoutMs: 0 })
  await expect.poll(() => audit.stats().spooled, SOON).toBe(count)
}

const predictions = () => server.records.map(({ prediction }) => prediction)
const lost = () => issues.flatMap((issue) => (issue.code === 'lost' ? [[issue.reason, issue.count]] : []))

describe('while the server is away', () => {
  it('batches wait on the disk, sealed, and are sent in their order when it is back', async () => {
    const audit = await cutOff()
    for (const [i, prediction] of ['second-word', 'third-word'].entries()) {
      audit.log({ modelId: 'm', prediction })
      await spooled(audit, i + 1)
    }
    const files = await batches()
    expect(files.length).toBeGreaterThan(0)
    for (const name of files) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
      expect((await readFile(join(directory, name))).includes('word')).toBe(false)
    }
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect(audit.stats()).toMatchObject({ reported: 3, recorded: 1, waiting: 2, spooled: 2, lost: 0 })
    server.arrived.length = 0
    server.reply = keepAll
    expect(await audit.flush()).toBe(0)
    expect(predictions()).toEqual(['second-word', 'third-word'])
    expect(server.arrived.every(({ isSealed }) => isSealed)).toBe(true)
    expect(await batches()).toEqual([])
    expect(audit.stats()).toMatchObject({ reported: 3, recorded: 3, waiting: 0, spooled: 0 })
  })

  it('more can be recorded than fits into memory', async () => {
    const audit = await cutOff({}, { maxQueuedRecords: 10, batchSize: 5 })
    for (let i = 0; i < 60; i++) {
      audit.log({ modelId: 'm', prediction: i })
      if (i % 5 === 4) await spooled(audit, i + 1)
    }
    expect(audit.stats()).toMatchObject({ lost: 0, waiting: 60 })
    server.arrived.length = 0
    server.reply = keepAll
    await audit.flush()
    expect(predictions()).toEqual(Array.from({ length: 60 }, (_, i) => i))
  })

  it('what one process leaves the next one sends, numbered as it was', async () => {
    const first = await cutOff()
    first.log({ modelId: 'm', prediction: 'left' })
    first.review({ decisionId: 'd', verdict: 'agree' })
    await first.close({ timeoutMs: 50 })
    expect(lost()).toEqual([])
    expect(first.stats()).toMatchObject({ waiting: 2, spooled: 2 })
    server.arrived.length = 0
    server.reply = keepAll
    const second = client()
    await expect.poll(() => second.stats(), SOON).toMatchObject({ replayed: 2, spooled: 0, reported: 0 })
    expect(predictions()).toEqual(['left'])
    expect(server.arrived[0]!.numbers[0]).toMatchObject({ id: 'till-1', seq: 2 })
    expect(server.statements.filter(({ kind }) => kind === 'review')).toHaveLength(1)
  })

  it('what is rejected after all is told, and costs its neighbours nothing', async () => {
    const audit = await cutOff()
    const bad = audit.log({ modelId: 'm', prediction: 1, confidence: 7 })
    audit.log({ modelId: 'm', prediction: 2 })
    await spooled(audit, 2)
    server.reply = (request) => {
      const { body } = keepAll({ ...request, records: request.records.slice(1) }) as {
        body: { receipts: object[] }
      }
      const receipts = body.receipts.map((receipt) => ({ ...receipt, position: 1 }))
      const errors = [
        { position: 0, decisionId: bad, code: 'out_of_range', path: '/confidence', message: '' },
      ]
      return { status: 207, body: { ...body, receipts, errors } }
    }
    expect(await audit.flush()).toBe(0)
    expect(audit.stats()).toMatchObject({ recorded: 2, rejected: 1, lost: 0, waiting: 0 })
    expect(issues).toContainEqual(expect.objectContaining({ code: 'rejected', decisionId: bad }))
  })
})

describe('a spool', () => {
  it('is not written in clear where no key of the server is known', async () => {
    server.reply = () => 'hang up'
    const audit = client()
    audit.log({ modelId: 'm', prediction: 'x' })
    await audit.flush({ timeoutMs: 0 })
    const trouble = 'a batch cannot be sealed (the key of the server is not known yet)'
    await expect.poll(() => issues, SOON).toContainEqual({ code: 'unavailable', message: trouble })
    expect(await batches()).toEqual([])
    expect(audit.stats()).toMatchObject({ waiting: 1, spooled: 0 })
  })

  it('seals to a key that it learnt while it was being opened', async () => {
    for (let i = 0; i < 20; i++) {
      const audit = client({ directory: join(directory, String(i)) })
      server.reply = keepAll
      audit.log({ modelId: 'm', prediction: 'first' })
      await audit.flush()
      server.reply = away
      audit.log({ modelId: 'm', prediction: 'second' })
      await audit.close({ timeoutMs: 0 })
      expect(audit.stats()).toMatchObject({ reported: 2, spooled: 1, lost: 0 })
    }
    expect(issues.filter(({ code }) => code !== 'unreachable')).toEqual([])
  })

  it('remembers the key, so that a process that never reached the server can seal too', async () => {
    await (await cutOff()).close()
    server.reply = () => 'hang up'
    const audit = client()
    audit.log({ modelId: 'm', prediction: 'x' })
    await audit.close({ timeoutMs: 50 })
    expect(await batches()).toHaveLength(1)
  })

  it('is in clear only for who says so', async () => {
    const audit = await cutOff({ plaintext: true })
    audit.log({ modelId: 'm', prediction: 'plain' })
    await spooled(audit, 1)
    const [name] = await batches()
    expect((await readFile(join(directory, name!))).includes('plain')).toBe(true)
    server.arrived.length = 0
    server.reply = keepAll
    await audit.flush()
    expect(server.arrived).toMatchObject([{ isSealed: false, records: [{ prediction: 'plain' }] }])
  })

  it('never grows beyond its size; what does not fit stays in memory and is declared lost in the end', async () => {
    const audit = await cutOff({ maxBytes: 1_500 }, { batchSize: 1 })
    for (let i = 0; i < 5; i++) audit.log({ modelId: 'm', prediction: i })
    await audit.close({ timeoutMs: 20 })
    const sizes = await Promise.all(
      (await batches()).map(async (name) => (await stat(join(directory, name))).size),
    )
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_500)
    const { spooled, lost: count } = audit.stats()
    expect([spooled > 0, count > 0, spooled + count]).toEqual([true, true, 5])
    expect(issues).toContainEqual({ code: 'unavailable', message: 'the spool is full' })
  })

  it('keeps nothing beyond its time, and declares what it deletes with its number and its link', async () => {
    const first = await cutOff()
    first.log({ modelId: 'm', prediction: 'old' })
    await first.close({ timeoutMs: 20 })
    server.reply = keepAll
    const second = client({ ttlMs: -1 })
    await expect.poll(lost, SOON).toEqual([['spool_expired', 1]])
    expect(await batches()).toEqual([])
    await second.flush()
    expect(server.statements.filter(({ kind }) => kind === 'emitter.loss')).toMatchObject([
      { emitterId: 'till-1', seq: 2, reason: 'spool_expired', link: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
  })

  it('keeps the losses of a process that ends before its server hears of them', async () => {
    const first = await cutOff({}, { maxQueuedRecords: 1 })
    first.log({ modelId: 'm', prediction: 'kept' })
    first.log({ modelId: 'm', prediction: 'no room' })
    await first.close({ timeoutMs: 0 })
    server.reply = keepAll
    server.statements.length = 0
    client()
    await expect
      .poll(() => server.statements, SOON)
      .toMatchObject([
        { kind: 'emitter.loss', emitterId: 'till-1', seq: 3, reason: 'queue_full' },
        { kind: 'emitter.closed', seq: 2 },
      ])
    expect(first.stats()).toMatchObject({ reported: 3, recorded: 1, lost: 1, waiting: 1 })
  })

  it('with a damaged file declares it and goes on', async () => {
    const first = await cutOff({}, { batchSize: 1 })
    first.log({ modelId: 'm', prediction: 'damaged' })
    await spooled(first, 1)
    first.log({ modelId: 'm', prediction: 'well' })
    await first.close({ timeoutMs: 50 })
    const [name] = (await batches()).toSorted()
    await writeFile(join(directory, name!), 'nonsense')
    server.arrived.length = 0
    server.reply = keepAll
    client()
    // An attempt of the first client may still be under way.
    await expect.poll(predictions, SOON).toContain('well')
    await expect.poll(lost, SOON).toEqual([['spool_damaged', 1]])
    expect(await readdir(directory)).toContain(`${name}.aside`)
  })

  it('that several processes share is sent by one of them, file by file, and every record is accounted for', async () => {
    const first = await cutOff({}, { batchSize: 1 })
    for (const [i, prediction] of ['one', 'two', 'three', 'four'].entries()) {
      first.log({ modelId: 'm', prediction })
      await spooled(first, i + 1)
    }
    server.arrived.length = 0
    server.reply = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return keepAll(request)
    }
    const others = [client(), client()]
    const all = [first, ...others]
    await Promise.all(all.map((one) => one.flush()))
    await expect.poll(() => readdir(directory), SOON).toEqual(['sealing-key'])
    await Promise.all(all.map((one) => one.close()))
    expect(predictions().toSorted()).toEqual(['four', 'one', 'three', 'two'])
    const { reported, recorded, takenOver, waiting } = first.stats()
    expect([recorded + takenOver, waiting]).toEqual([reported, 0])
    expect(others.reduce((sum, one) => sum + one.stats().replayed, 0)).toBe(takenOver)
    expect(lost()).toEqual([])
  })

  it('does not miss a file that somebody took away', async () => {
    const audit = await cutOff()
    audit.log({ modelId: 'm', prediction: 'taken' })
    await spooled(audit, 1)
    for (const name of await batches()) await unlink(join(directory, name))
    server.reply = keepAll
    expect(await audit.flush()).toBe(0)
    expect(audit.stats()).toMatchObject({ reported: 2, recorded: 1, takenOver: 1, lost: 0, waiting: 0 })
    expect(issues.filter(({ code }) => code !== 'unreachable')).toEqual([])
  })

  it('leaves a file to the process that locked it, until that must be gone', async () => {
    const first = await cutOff()
    first.log({ modelId: 'm', prediction: 'x' })
    await first.close({ timeoutMs: 0 })
    const lock = join(directory, `${(await batches())[0]}.lock`)
    await writeFile(lock, '')
    server.arrived.length = 0
    server.reply = keepAll
    const audit = client()
    await expect.poll(() => audit.stats().spooled, SOON).toBe(1)
    for (const [i, prediction] of ['meanwhile', 'again'].entries()) {
      audit.log({ modelId: 'm', prediction })
      await audit.flush({ timeoutMs: 50 })
      await expect.poll(() => audit.stats().recorded, SOON).toBe(i + 1)
    }
    expect(predictions()).toEqual(['meanwhile', 'again'])
    await utimes(lock, 0, 0)
    await expect.poll(predictions, SOON).toEqual(['meanwhile', 'again', 'x'])
  })

  it('sends nothing of an emitter ahead of what another process has of it', async () => {
    const first = await cutOff({}, { batchSize: 1 })
    for (const [i, prediction] of ['taken', 'behind it'].entries()) {
      first.log({ modelId: 'm', prediction })
      await spooled(first, i + 1)
    }
    await first.close({ timeoutMs: 0 })
    const other = client({}, { emitterId: 'till-2' })
    other.log({ modelId: 'm', prediction: 'of another' })
    await other.close({ timeoutMs: 0 })
    const lock = join(directory, `${(await batches()).toSorted()[0]}.lock`)
    await writeFile(lock, '')
    server.arrived.length = 0
    server.reply = keepAll
    client({}, { emitterId: 'till-3' })
    await expect.poll(predictions, SOON).toEqual(['of another'])
    await utimes(lock, 0, 0)
    await expect.poll(predictions, SOON).toEqual(['of another', 'taken', 'behind it'])
  })

  it('with a file that cannot be read now keeps it, sends the others, and sends it when it can be', async () => {
    const first = await cutOff({}, { batchSize: 1 })
    for (const [i, prediction] of ['unreadable', 'well'].entries()) {
      first.log({ modelId: 'm', prediction })
      await spooled(first, i + 1)
    }
    const path = join(directory, (await batches()).toSorted()[0]!)
    await rename(path, `${path}.away`)
    await mkdir(path)
    server.arrived.length = 0
    server.reply = keepAll
    expect(await first.flush({ timeoutMs: 500 })).toBe(1)
    expect(predictions()).toEqual(['well'])
    expect([lost(), await batches()]).toEqual([[], [basename(path)]])
    await rmdir(path)
    await rename(`${path}.away`, path)
    expect(await first.flush()).toBe(0)
    expect(predictions()).toEqual(['well', 'unreadable'])
    expect(first.stats()).toMatchObject({ reported: 3, recorded: 3, lost: 0 })
  })

  it('that cannot be written is told, and records go on in memory', async () => {
    await writeFile(directory, 'a file where the directory should be')
    const audit = client()
    server.reply = away
    audit.log({ modelId: 'm', prediction: 'x' })
    await audit.flush({ timeoutMs: 50 })
    server.reply = keepAll
    expect(await audit.flush()).toBe(0)
    expect(issues.some(({ code }) => code === 'unavailable')).toBe(true)
    expect(audit.stats()).toMatchObject({ recorded: 1, lost: 0 })
  })

  it('holds what a server refuses beside, and does not get stuck on it', async () => {
    const audit = await cutOff()
    audit.log({ modelId: 'm', prediction: 'x' })
    await spooled(audit, 1)
    server.reply = () => ({ status: 400, body: { code: 'bad_sealing' } })
    expect(await audit.flush()).toBe(0)
    expect(lost()).toEqual([['refused', 1]])
    expect((await readdir(directory)).filter((name) => name.endsWith('.aside'))).toHaveLength(1)
  })
})

describe('a decision that waits for its explanation', () => {
  const weighty = { modelId: 'm', riskTier: 'high' as const }

  it('is on the disk meanwhile, and is sent by the next process when this one is killed', async () => {
    const source = fileURLToPath(new URL('../../packages/sdk/src/client.ts', import.meta.url))
    const program = `import { Deponent } from ${JSON.stringify(source)}
      const spool = { directory: ${JSON.stringify(directory)} }
      const audit = new Deponent({ url: ${JSON.stringify(url)}, key: 'k', spool, flushIntervalMs: 3_600_000 })
      audit.log({ modelId: 'm', prediction: 'first' })
      await audit.flush()
      const explain = () => new Promise(() => setInterval(() => undefined, 1_000))
      audit.wrap(() => 'declined', { modelId: 'm', riskTier: 'high', explain })()`
    const killed = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program])
    const ended = once(killed, 'exit')
    try {
      await expect.poll(batches, SOON).toHaveLength(1)
    } finally {
      killed.kill('SIGKILL')
      await ended
    }
    expect(predictions()).toEqual(['first'])
    await utimes(join(directory, `${(await batches())[0]}.lock`), 0, 0)
    client()
    await expect.poll(predictions, SOON).toEqual(['first', 'declined'])
    expect(server.records.at(-1)).toMatchObject({ decisionId: expect.any(String), riskTier: 'high' })
    await expect.poll(() => readdir(directory), SOON).toEqual(['sealing-key'])
  })

  it('leaves no copy when it is explained, nor when the client is closed before', async () => {
    const audit = await cutOff()
    server.reply = keepAll
    audit.wrap(() => 'a', { ...weighty, explain: () => 'because' })()
    await audit.flush()
    expect(server.records.at(-1)).toMatchObject({ prediction: 'a', explanation: 'because' })
    await expect.poll(() => readdir(directory), SOON).toEqual(['sealing-key'])
    audit.wrap(() => 'b', { ...weighty, explain: () => new Promise(() => undefined) })()
    await audit.close({ timeoutMs: 1_000 })
    expect(await readdir(directory)).toEqual(['sealing-key'])
    expect(predictions()).toEqual(['first', 'a', 'b'])
    expect(audit.stats()).toMatchObject({ reported: 3, recorded: 3, waiting: 0, spooled: 0 })
  })
})
