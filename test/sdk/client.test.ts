import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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

/** A client that sends only when asked to, unless told otherwise. */
function client(options: Partial<DeponentOptions> = {}): Deponent {
  const onError = (issue: Issue) => void issues.push(issue)
  const created = new Deponent({ url, key: 'k1', flushIntervalMs: 3_600_000, onError, ...options })
  clients.push(created)
  return created
}

const decision = { modelId: 'm', prediction: 'yes' }
const codes = () => issues.map((issue) => (issue.code === 'lost' ? `lost: ${issue.reason}` : issue.code))

function expectAccountedFor(deponent: Deponent): void {
  const { reported, waiting, recorded, duplicates, rejected, lost } = deponent.stats()
  expect(recorded + duplicates + rejected + lost + waiting).toBe(reported)
}

describe('recording', () => {
  it('gives back a UUIDv7 at once and sends the decision under it', async () => {
    const deponent = client()
    const id = deponent.record(decision)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(await deponent.flush()).toBe(0)
    expect(server.arrived[0]).toMatchObject({ path: '/v1/decisions', authorization: 'Bearer k1' })
    expect(server.records).toEqual([{ ...decision, decisionId: id, timestamp: expect.any(String) }])
    expect(deponent.stats()).toMatchObject({ reported: 1, recorded: 1, waiting: 0, lost: 0 })
  })

  it.each(['decisionId', 'decision_id', 'eventId', 'audit_id'])('keeps an id given as %s', async (name) => {
    const deponent = client()
    expect(deponent.record({ ...decision, [name]: 'loan-1' })).toBe('loan-1')
    await deponent.flush()
    expect(server.records[0]).toMatchObject({ [name]: 'loan-1' })
    if (name !== 'decisionId') expect(server.records[0]).not.toHaveProperty('decisionId')
  })

  it('sends the moment of recording as the time, and the system where none is named', async () => {
    const deponent = client({ system: 'scorer' })
    deponent.record(decision)
    deponent.record({ ...decision, timestamp: new Date(0), system: 'other' })
    await deponent.flush()
    expect(server.records[0]).toMatchObject({ system: 'scorer', timestamp: expect.stringMatching(/Z$/) })
    expect(server.records[1]).toMatchObject({ system: 'other', timestamp: '1970-01-01T00:00:00.000Z' })
  })

  it('takes the decision as it is now, whatever becomes of it later', async () => {
    const deponent = client()
    const changing = { ...decision, inputFeatures: { age: 41 } }
    deponent.record(changing)
    changing.inputFeatures.age = 14
    await deponent.flush()
    expect(server.records[0]).toMatchObject({ inputFeatures: { age: 41 } })
  })

  it('sends as soon as a batch is full, and after the interval otherwise', async () => {
    const full = client({ batchSize: 3 })
    for (let i = 0; i < 7; i++) full.record(decision)
    await expect.poll(() => server.arrived.map(({ records }) => records.length).slice(0, 2)).toEqual([3, 3])
    const patient = client({ flushIntervalMs: 10 })
    patient.record({ ...decision, modelId: 'patient' })
    await expect.poll(() => server.records.some(({ modelId }) => modelId === 'patient')).toBe(true)
  })

  it('keeps the order in which decisions were made', async () => {
    const deponent = client({ batchSize: 10 })
    const ids = Array.from({ length: 95 }, () => deponent.record(decision))
    await deponent.flush()
    expect(server.records.map(({ decisionId }) => decisionId)).toEqual(ids)
    expect([...ids].sort()).toEqual(ids)
  })
})

describe('a server in trouble', () => {
  it.each([429, 500, 502, 503, 401])('is tried again after %i until it keeps the batch', async (status) => {
    server.reply = (request, count) => (count === 1 ? { status, body: { code: 'busy' } } : keepAll(request))
    const deponent = client()
    deponent.record(decision)
    await deponent.flush()
    expect(server.arrived).toHaveLength(2)
    expect(server.arrived[0]).toEqual(server.arrived[1])
    expect(issues).toEqual([expect.objectContaining({ code: 'unreachable', status })])
    expect(deponent.stats()).toMatchObject({ recorded: 1, retries: 1, lost: 0 })
  })

  it('is tried again when the connection breaks before the answer', async () => {
    server.reply = (request, count) => (count === 1 ? 'hang up' : keepAll(request))
    const deponent = client()
    const id = deponent.record(decision)
    await deponent.flush()
    expect(server.records.map(({ decisionId }) => decisionId)).toEqual([id, id])
    expect(codes()).toEqual(['unreachable'])
  })

  it('is given the time it asks for, unless somebody flushes', async () => {
    const busy = { status: 503, body: {}, headers: { 'retry-after': '120' } }
    server.reply = (request, count) => (count === 1 ? busy : keepAll(request))
    const deponent = client({ batchSize: 1 })
    deponent.record(decision)
    await expect.poll(() => issues).toHaveLength(1)
    expect(issues[0]).toMatchObject({ code: 'unreachable', retryInMs: 120_000 })
    expect(await deponent.flush()).toBe(0)
  })

  it('is not believed when its answer leaves a record out', async () => {
    server.reply = (request, count) =>
      keepAll(count === 1 ? { ...request, records: request.records.slice(1) } : request)
    const deponent = client()
    deponent.record(decision)
    deponent.record(decision)
    await deponent.flush({ timeoutMs: 50 })
    await deponent.flush()
    expect(codes()).toEqual(['unreachable'])
    expect(deponent.stats()).toMatchObject({ recorded: 2, waiting: 0 })
    expectAccountedFor(deponent)
  })

  it.each([
    ['an answer that is no JSON', { status: 201, body: undefined }],
    ['receipts that are none', { status: 201, body: { receipts: [null], errors: [{}] } }],
  ])('is survived: %s', async (_, nonsense) => {
    server.reply = (request, count) => (count === 1 ? nonsense : keepAll(request))
    const deponent = client()
    deponent.record(decision)
    expect(await deponent.flush()).toBe(0)
    expect(deponent.stats()).toMatchObject({ recorded: 1, retries: 1 })
  })
})

describe('a rejected record', () => {
  it('is reported with its faults and costs its neighbours nothing', async () => {
    server.reply = () => ({
      status: 207,
      body: {
        receipts: [{ position: 1, id: 'e', ledger: 'default', index: 0, leafHash: '', status: 'duplicate' }],
        promise: null,
        errors: [{ position: 0, code: 'out_of_range', path: '/confidence', message: 'expected 0..1' }],
      },
    })
    const deponent = client()
    const bad = deponent.record({ ...decision, confidence: 7 })
    deponent.record(decision)
    await deponent.flush()
    expect(issues).toEqual([
      {
        code: 'rejected',
        decisionId: bad,
        faults: [{ code: 'out_of_range', path: '/confidence', message: 'expected 0..1' }],
      },
    ])
    expect(deponent.stats()).toMatchObject({ rejected: 1, duplicates: 1, waiting: 0 })
    expectAccountedFor(deponent)
  })

  it('is found alone when it makes the whole request unreadable', async () => {
    server.reply = (request) =>
      request.records.some(({ modelId }) => modelId === 'huge') ? { status: 413, body: {} } : keepAll(request)
    const deponent = client()
    for (let i = 0; i < 20; i++) deponent.record({ modelId: i === 13 ? 'huge' : 'm', prediction: i })
    await deponent.flush()
    expect(codes()).toEqual(['lost: refused'])
    expect(deponent.stats()).toMatchObject({ recorded: 19, lost: 1, waiting: 0 })
  })
})

describe('loss', () => {
  it('by a full queue is counted, declared once, and costs nothing that was accepted', async () => {
    const deponent = client({ maxQueuedRecords: 5 })
    const ids = Array.from({ length: 8 }, () => deponent.record(decision))
    expect(deponent.stats()).toMatchObject({ reported: 8, waiting: 5, lost: 3 })
    await deponent.flush()
    expect(server.records.map(({ decisionId }) => decisionId)).toEqual(ids.slice(0, 5))
    expect(issues).toEqual([expect.objectContaining({ code: 'lost', reason: 'queue_full', count: 3 })])
    expectAccountedFor(deponent)
  })

  it('is declared for what still waits at close, and for what comes after', async () => {
    server.reply = () => ({ status: 503 })
    const deponent = client()
    deponent.record(decision)
    deponent.record(decision)
    await deponent.close({ timeoutMs: 20 })
    deponent.record(decision)
    expect(codes().filter((code) => code !== 'unreachable')).toEqual([
      'lost: closed',
      'unavailable',
      'lost: closed',
    ])
    expect(deponent.stats()).toMatchObject({ reported: 3, lost: 3, waiting: 0 })
  })

  it('is declared for what no JSON can be made of', () => {
    const deponent = client()
    const unreadable = new Proxy(decision, {
      ownKeys: () => {
        throw new RangeError('no')
      },
    })
    expect(deponent.record(unreadable)).toMatch(/-7/)
    expect(codes()).toEqual(['lost: unserialisable'])
    expectAccountedFor(deponent)
  })
})

describe('never in the way', () => {
  it('survives a handler that throws, a fetch that throws, and no server at all', async () => {
    const throwing = client({
      onError: () => {
        throw new Error('handler')
      },
      fetch: () => {
        throw new Error('fetch')
      },
    })
    const nobody = client({ url: 'http://127.0.0.1:1' })
    for (const deponent of [throwing, nobody]) {
      expect(deponent.record(decision)).toMatch(/-7/)
      expect(await deponent.flush({ timeoutMs: 20 })).toBe(1)
      expectAccountedFor(deponent)
    }
  })

  it('takes null, text and numbers for a decision without a throw', async () => {
    const deponent = client()
    for (const nonsense of [null, 'text', 7, undefined]) deponent.record(nonsense as never)
    await deponent.flush()
    expectAccountedFor(deponent)
  })
})

describe('a receipt', () => {
  it('is kept for the last decisions, with the promise it belongs to', async () => {
    const deponent = client({ receiptsKept: 2 })
    const [first, second, third] = Array.from({ length: 3 }, () => deponent.record(decision)) as [
      string,
      string,
      string,
    ]
    await deponent.flush()
    expect(deponent.receipt(first)).toBeUndefined()
    expect(deponent.receipt(second)).toMatchObject({ id: `entry-${second}`, promise: 'a note', path: [] })
    expect(deponent.receipt(third)).toMatchObject({ decisionId: third })
  })

  it('with a path is not replaced by one of a resend', async () => {
    const deponent = client()
    const id = deponent.record({ ...decision, decisionId: 'loan-1' })
    await deponent.flush()
    server.reply = () => ({
      status: 201,
      body: {
        receipts: [{ position: 0, id: 'e', status: 'duplicate', index: 0 }],
        promise: null,
        errors: [],
      },
    })
    deponent.record({ ...decision, decisionId: 'loan-1' })
    await deponent.flush()
    expect(deponent.receipt(id)).toMatchObject({ status: 'recorded', promise: 'a note' })
  })
})
