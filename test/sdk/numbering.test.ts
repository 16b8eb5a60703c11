import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  canonicalJson,
  emitterLink,
  EMPTY_HEAD,
  fromHex,
  type JsonObject,
  nextHead,
  toHex,
} from '@deponent/format'
import { Deponent } from '@deponent/sdk'
import type { DeponentOptions, Issue } from '@deponent/sdk'
import { keepAll, LedgerServer } from './ledger-server.ts'

let server: LedgerServer
let url: string
let issues: Issue[]
let clients: Deponent[]

beforeEach(async () => {
  server = new LedgerServer()
  url = await server.start()
  issues = []
  clients = []
})

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close({ timeoutMs: 0 })))
  await server.stop()
})

function client(options: Partial<DeponentOptions> = {}): Deponent {
  const onError = (issue: Issue) => void issues.push(issue)
  const created = new Deponent({
    url,
    key: 'k1',
    flushIntervalMs: 3_600_000,
    onError,
    emitterId: 'till-1',
    ...options,
  })
  clients.push(created)
  return created
}

const decision = { modelId: 'm', prediction: 'yes' }
const numbers = () => server.arrived.flatMap((request) => request.numbers.map((number) => number?.['seq']))

/** The head over every record that arrived, computed as a verifier would. */
function headOfArrived(): string {
  let head = EMPTY_HEAD
  for (const { records, numbers } of server.arrived) {
    records.forEach((record, i) => {
      const { seq, blind } = numbers[i] as { seq: number; blind: string }
      head = nextHead(head, seq, emitterLink(fromHex(blind), canonicalJson(record as JsonObject)))
    })
  }
  return toHex(head)
}

describe('numbering', () => {
  it('counts every decision from 1 within an epoch, under a name of its own', async () => {
    const deponent = client({ emitterId: undefined, system: 'credit scoring' })
    deponent.record(decision)
    deponent.record(decision)
    await deponent.flush()
    const [first, second] = server.arrived[0]!.numbers as [Record<string, unknown>, Record<string, unknown>]
    expect(first).toMatchObject({ id: expect.stringMatching(/^credit-scoring-[0-9a-f]{8}$/), seq: 1 })
    expect(second).toEqual({ ...first, seq: 2, blind: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(second['blind']).not.toBe(first['blind'])
    expect(Number.isSafeInteger(first['epoch'])).toBe(true)
  })

  it('states with each batch the head that follows from what was sent', async () => {
    const deponent = client({ batchSize: 2 })
    for (let i = 0; i < 4; i++) deponent.record({ ...decision, ratio: 0.1 + 0.2, text: 'ä' })
    await deponent.flush()
    expect(server.arrived.at(-1)?.head).toMatch(new RegExp(`^till-1 \\d+ 4 ${headOfArrived()}$`))
  })

  it('sends a record again under the number and the blind it had', async () => {
    server.reply = (request, count) => (count === 1 ? { status: 503 } : keepAll(request))
    const deponent = client()
    deponent.record(decision)
    await deponent.flush()
    expect(server.arrived[0]).toEqual(server.arrived[1])
  })

  it('declares what it dropped, by its numbers', async () => {
    const deponent = client({ maxQueuedRecords: 2, heartbeatMs: 0 })
    for (let i = 0; i < 5; i++) deponent.record(decision)
    await deponent.flush()
    expect(numbers()).toEqual([1, 2])
    expect(server.statements).toEqual([
      expect.objectContaining({
        kind: 'emitter.loss',
        emitterId: 'till-1',
        seq: 3,
        seqTo: 5,
        count: 3,
        reason: 'queue_full',
      }),
    ])
  })

  it('declares a record no request can carry with its link, which is in the chain already', async () => {
    server.reply = (request) =>
      request.records.some(({ prediction }) => prediction === 'poison') ? { status: 413 } : keepAll(request)
    const deponent = client({ heartbeatMs: 0 })
    deponent.record(decision)
    deponent.record({ ...decision, prediction: 'poison' })
    await deponent.flush()
    expect(server.statements).toEqual([
      expect.objectContaining({ seq: 2, reason: 'refused', link: expect.stringMatching(/^[0-9a-f]{64}$/) }),
    ])
  })

  it('declares what it dropped though nothing else is sent, while it lives and when it is closed', async () => {
    const dropping = { redact: () => undefined, heartbeatMs: 0 }
    const loss = { kind: 'emitter.loss', emitterId: 'till-1', seq: 1, seqTo: 1, reason: 'redacted' }
    const living = client({ ...dropping, flushIntervalMs: 1 })
    living.record(decision)
    await expect.poll(() => server.statements).toMatchObject([loss])
    server.statements.length = 0
    const closed = client(dropping)
    closed.record(decision)
    await closed.close()
    expect(server.statements).toMatchObject([loss, { kind: 'emitter.closed', seq: 0 }])
    expect(server.arrived).toEqual([])
  })

  it('says at its end that the ledger was not told of losses, where it cannot be told', async () => {
    const deponent = client({ redact: () => undefined })
    deponent.record(decision)
    await deponent.close({ timeoutMs: 0 })
    expect(issues.map(({ code }) => code)).toEqual(['lost', 'unavailable'])
  })

  it('tells how far it came when it is first heard of and when it is closed', async () => {
    const deponent = client()
    deponent.record(decision)
    await deponent.flush()
    deponent.record(decision)
    await deponent.close()
    const head = headOfArrived()
    expect(server.statements).toEqual([
      expect.objectContaining({ kind: 'emitter.heartbeat', seq: 1, intervalMs: 60_000 }),
      expect.objectContaining({ kind: 'emitter.closed', seq: 2, head, reason: 'closed by the application' }),
    ])
  })

  it('beats while it lives', async () => {
    const deponent = client({ heartbeatMs: 5 })
    deponent.record(decision)
    await deponent.flush()
    await expect.poll(() => server.statements.length).toBeGreaterThan(2)
  })

  it('leaves a decision alone that its application numbers, and all of them when told to', async () => {
    const own = { id: 'other', epoch: 1, seq: 9, blind: 'ab'.repeat(32) }
    const deponent = client({ emitterId: false })
    deponent.record(decision)
    await deponent.close()
    const numbering = client()
    numbering.record({ ...decision, emitter: own })
    await numbering.close()
    expect(server.arrived.flatMap((request) => request.numbers)).toEqual([undefined, own])
    expect(server.statements).toEqual([])
  })
})

describe('the checkpoints a server shows', () => {
  const shown = (size: number, root: string) =>
    Buffer.from(`o\n${size}\n${root}\n\n— o sig\n`).toString('base64')

  it('are shown back to it, and a ledger that went back is reported', async () => {
    const notes = [shown(10, 'a'), shown(12, 'b'), shown(11, 'a'), shown(12, 'c')]
    server.reply = (request, count) => ({
      ...(keepAll(request) as object),
      status: 201,
      headers: { 'deponent-checkpoint': notes[count - 1]! },
    })
    const deponent = client({ heartbeatMs: 0 })
    for (let i = 0; i < 4; i++) {
      deponent.record(decision)
      await deponent.flush()
    }
    expect(server.arrived.map(({ seen }) => seen)).toEqual([undefined, notes[0], notes[1], notes[1]])
    expect(issues).toEqual([
      expect.objectContaining({ code: 'contradiction', before: notes[1], now: notes[2] }),
      expect.objectContaining({ code: 'contradiction', before: notes[1], now: notes[3] }),
    ])
  })
})
