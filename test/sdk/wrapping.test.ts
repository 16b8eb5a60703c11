import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deponent } from '@deponent/sdk'
import type { Deponent, DeponentOptions, Issue } from '@deponent/sdk'
import { LedgerServer } from './ledger-server.ts'

let server: LedgerServer
let audit: Deponent
let issues: Issue[]

beforeEach(async () => {
  server = new LedgerServer()
  issues = []
  audit = await client()
})

afterEach(async () => {
  await audit.close({ timeoutMs: 0 })
  await server.stop()
})

let url: string | undefined
async function client(options: Partial<DeponentOptions> = {}): Promise<Deponent> {
  const onError = (issue: Issue) => void issues.push(issue)
  url = options.url ?? (await server.start())
  return deponent({ url, key: 'k', flushIntervalMs: 3_600_000, onError, ...options })
}

async function recorded(): Promise<Record<string, unknown>> {
  await audit.flush()
  const { records } = server
  return records[records.length - 1]!
}

const model = { modelId: 'm', modelVersion: '1' }
/** A limit for conditions that are waited for. */
const SOON = { timeout: 60_000 }

async function* tokens(): AsyncGenerator<string, string> {
  yield 'Hel'
  yield 'lo'
  return 'end'
}

describe('a stream', () => {
  it('is handed on as it is, and recorded once it was read', async () => {
    const stream = tokens()
    expect(audit.wrap(() => stream, model)()).toBe(stream)
    await audit.flush()
    expect(server.records).toEqual([])
    const read: string[] = []
    for await (const token of stream) read.push(token)
    expect(read).toEqual(['Hel', 'lo'])
    expect(await recorded()).toMatchObject({
      status: 'ok',
      prediction: 'Hello',
      latencyMs: expect.any(Number),
      timeToFirstTokenMs: expect.any(Number),
    })
  })

  it('of a generator function, a promise or an object with an iterator is heard as well', async () => {
    class VendorStream {
      async *[Symbol.asyncIterator]() {
        yield { delta: 1 }
        yield { delta: 2 }
      }
    }
    const readers = [
      audit.wrap(tokens, model),
      audit.wrap(async () => new VendorStream(), model),
      audit.wrap(function* () {
        yield 1
        yield 2
      }, model),
    ]
    for (const call of readers) for await (const _ of await call()) void _
    await audit.flush()
    const parts = [{ delta: 1 }, { delta: 2 }]
    expect(server.records.map(({ prediction }) => prediction)).toEqual(['Hello', parts, [1, 2]])
  })

  it('that breaks, or that its reader leaves, is recorded with what had come', async () => {
    const broken = audit.wrap(async function* () {
      yield 'a'
      throw new RangeError('broken')
    }, model)
    await expect(
      (async () => {
        for await (const _ of broken()) void _
      })(),
    ).rejects.toThrow('broken')
    expect(await recorded()).toMatchObject({
      status: 'error',
      prediction: 'a',
      error: { type: 'RangeError', message: 'broken' },
    })
    for await (const _ of audit.wrap(tokens, model)()) break
    expect(await recorded()).toMatchObject({
      status: 'error',
      prediction: 'Hel',
      error: { type: 'AbortError' },
    })
  })

  it('that nobody reads to its end is recorded when the client closes', async () => {
    void audit.wrap(tokens, model)().next()
    void audit.wrap(() => new Promise(() => undefined), model)()
    await audit.close()
    expect(server.records).toHaveLength(2)
    for (const record of server.records)
      expect(record).toMatchObject({ status: 'error', error: { type: 'Unfinished' } })
  })

  it('may be combined otherwise, or left out', async () => {
    for await (const _ of audit.wrap(tokens, { ...model, combine: (parts) => parts.length })()) void _
    expect(await recorded()).toMatchObject({ prediction: 2 })
    for await (const _ of audit.wrap(tokens, { ...model, output: false })()) void _
    expect(await recorded()).toMatchObject({ prediction: '[not captured]' })
  })

  it('of millions of parts costs a bounded memory and says how much of it is kept', async () => {
    const endless = audit.wrap(function* () {
      for (let i = 0; i < 3_000; i++) yield 'x'.repeat(100)
    }, model)
    for (const _ of endless()) void _
    expect(await recorded()).toMatchObject({ metadata: { streamParts: 3000, streamPartsKept: 1310 } })
  })
})

describe('a call that does not succeed', () => {
  it.each([
    ['times out', () => AbortSignal.timeout(1), 'timeout', 'TimeoutError'],
    ['is aborted', () => AbortSignal.abort(), 'error', 'AbortError'],
  ])('because it %s is recorded so, and rejects as it would', async (_, signalOf, status, type) => {
    const signal = signalOf()
    const call = audit.wrap(
      () =>
        new Promise((_resolve, reject) =>
          signal.aborted ? reject(signal.reason) : (signal.onabort = () => reject(signal.reason)),
        ),
      model,
    )
    const error: unknown = await call().catch((reason: unknown) => reason)
    expect(error).toBe(signal.reason)
    expect(await recorded()).toMatchObject({ status, error: { type } })
  })

  it.each([
    { stop_reason: 'refusal' },
    { choices: [{ finish_reason: 'content_filter', message: {} }] },
    { choices: [{ finish_reason: 'stop', message: { refusal: 'I cannot help with that.' } }] },
  ])('because the model refuses is recorded as refused: %j', async (answer) => {
    expect(audit.wrap(() => answer, model)()).toBe(answer)
    expect(await recorded()).toMatchObject({ status: 'refused' })
  })

  it('within its time is recorded as timed out, once, and goes on for its caller', async () => {
    let finish: (value: string) => void = () => undefined
    const call = audit.wrap(() => new Promise<string>((resolve) => (finish = resolve)), {
      ...model,
      timeoutMs: 1,
    })
    const result = call()
    await expect.poll(() => audit.stats().reported, SOON).toBe(1)
    finish('late')
    expect(await result).toBe('late')
    expect(await recorded()).toMatchObject({ status: 'timeout' })
    expect(server.records).toHaveLength(1)
  })
})

describe('a decorated method', () => {
  it('keeps its this, its result and its error, and is recorded', async () => {
    class Scorer {
      bonus = 2
      score(a: number): number {
        return a + this.bonus
      }
    }
    const descriptor = audit.method({ ...model, input: (a: number) => ({ a }) })
    Scorer.prototype.score = descriptor(Scorer.prototype.score)
    expect(new Scorer().score(1)).toBe(3)
    expect(await recorded()).toMatchObject({ input: { a: 1 }, prediction: 3 })
  })
})

describe('an HTTP handler', () => {
  const request = (): Request =>
    new Request('http://shop.example/loans?name=secret', {
      method: 'POST',
      body: JSON.stringify({ income: 900 }),
      headers: {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'x-request-id': 'r-1',
        'user-agent': 'till',
      },
    })

  it('is recorded with its address and status, and what it decides carries trace and request', async () => {
    const handler = audit.handler(async (incoming) => {
      const { income } = (await incoming.json()) as { income: number }
      audit.log({ modelId: 'inner', prediction: income > 1000 })
      return Response.json({ approved: income > 1000 })
    }, model)
    expect(await (await handler(request())).json()).toEqual({ approved: false })
    await audit.flush()
    const trace = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      requestId: 'r-1',
    }
    expect(server.records).toEqual([
      expect.objectContaining({ modelId: 'inner', prediction: false, ...trace }),
      expect.objectContaining({
        ...model,
        ...trace,
        input: { method: 'POST', path: '/loans' },
        prediction: { status: 200 },
        status: 'ok',
      }),
    ])
    expect(JSON.stringify(server.records)).not.toMatch(/secret|till/)
  })

  it('reads bodies from copies where it is asked to, and who called only then', async () => {
    const handler = audit.handler((incoming) => incoming.json().then((body) => Response.json(body)), {
      ...model,
      input: (incoming) => incoming.json(),
      output: (response) => response.json(),
      describe: (response) => ({ confidence: response.ok ? 1 : 0 }),
      client: true,
    })
    expect(await (await handler(request())).json()).toEqual({ income: 900 })
    expect(await recorded()).toMatchObject({
      input: { income: 900 },
      prediction: { income: 900 },
      confidence: 1,
      userAgent: 'till',
    })
  })

  it('that fails fails as before', async () => {
    const error = new Error('no')
    await expect(audit.handler(() => Promise.reject(error), model)(request())).rejects.toBe(error)
    expect(await recorded()).toMatchObject({ status: 'error', input: { path: '/loans' } })
    void audit.handler(() => new Response('busy', { status: 504 }), model)(request())
    expect(await recorded()).toMatchObject({ status: 'timeout', prediction: { status: 504 } })
  })
})

describe('an HTTP handler of Node', () => {
  async function served(handler: RequestListener, ask: (address: string) => Promise<unknown>): Promise<void> {
    const shop = createServer(handler)
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    try {
      await ask(`http://127.0.0.1:${(shop.address() as AddressInfo).port}`)
      await expect.poll(() => audit.stats().reported, SOON).toBeGreaterThan(0)
    } finally {
      shop.closeAllConnections()
      await new Promise((resolve) => shop.close(resolve))
    }
  }

  it('is recorded when its response is closed, and what it decides carries trace and request', async () => {
    const handler = audit.nodeHandler<IncomingMessage, ServerResponse, [], void>((_, response) => {
      audit.log({ modelId: 'inner', prediction: 1 })
      response.writeHead(201).end('made')
    }, model)
    await served(handler, async (address) => {
      const answer = await fetch(`${address}/loans?name=secret`, { headers: { 'x-request-id': 'r-2' } })
      expect([answer.status, await answer.text()]).toEqual([201, 'made'])
      await expect.poll(() => audit.stats().reported, SOON).toBe(2)
    })
    await audit.flush()
    expect(server.records).toMatchObject([
      { modelId: 'inner', requestId: 'r-2' },
      {
        input: { method: 'GET', path: '/loans' },
        prediction: { status: 201 },
        status: 'ok',
        requestId: 'r-2',
      },
    ])
  })

  it('that its asker leaves, or that throws, is recorded so, once', async () => {
    const slow = audit.nodeHandler<IncomingMessage, ServerResponse, [], void>((_, response) => {
      response.write('part')
    }, model)
    await served(slow, async (address) => {
      const leaving = new AbortController()
      const answer = await fetch(address, { signal: leaving.signal })
      leaving.abort()
      await answer.text().catch(() => undefined)
    })
    expect(await recorded()).toMatchObject({ status: 'error', error: { type: 'AbortError' } })
    const error = new RangeError('no')
    const broken = audit.nodeHandler<IncomingMessage, ServerResponse, [], void>(() => {
      throw error
    }, model)
    const seen: unknown[] = []
    const before = audit.stats().reported
    await served(
      (request, response) => {
        try {
          broken(request, response)
        } catch (thrown) {
          seen.push(thrown)
          response.writeHead(500).end()
        }
      },
      (address) => fetch(address).then((answer) => answer.text()),
    )
    expect(seen).toEqual([error])
    expect(await recorded()).toMatchObject({ status: 'error', error: { type: 'RangeError' } })
    expect(audit.stats().reported).toBe(before + 1)
  })
})

describe('context', () => {
  it('follows every await below it, and is neither lost nor mixed up', async () => {
    const decide = audit.wrap(
      async (who: string) => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        audit.query({ input: `who is ${who}?` })
        return who
      },
      { ...model, context: undefined },
    )
    await Promise.all(
      ['ann', 'bo'].map((userId) =>
        audit.context({ userId, sessionId: `s-${userId}` }, () =>
          audit.context({ traceId: 't' }, () => decide(userId)),
        ),
      ),
    )
    await decide('nobody')
    await audit.flush()
    for (const who of ['ann', 'bo']) {
      const carried = { userId: who, sessionId: `s-${who}`, traceId: 't' }
      expect(server.records.find(({ prediction }) => prediction === who)).toMatchObject(carried)
      expect(server.statements.find(({ input }) => input === `who is ${who}?`)).toMatchObject(carried)
    }
    expect(server.records.find(({ prediction }) => prediction === 'nobody')).not.toHaveProperty('userId')
  })

  it('yields to what a decision says itself, and what the client says yields to both', async () => {
    audit = await client({ url: url!, context: { environment: 'staging', deployer: 'us', userId: 'client' } })
    audit.context({ userId: 'context', environment: 'production' }, () =>
      audit.log({ ...model, prediction: 1, userId: 'own' }),
    )
    expect(await recorded()).toMatchObject({ userId: 'own', environment: 'production', deployer: 'us' })
  })
})

describe('an explanation', () => {
  const explained = (riskTier: 'low' | 'high') => ({
    ...model,
    riskTier,
    modelDigest: () => digest,
    explain: (result: string, income: number) => ({
      reasoning: `${result} because of ${income}`,
      method: 'rule',
    }),
  })
  let digest = 'sha256:one'

  it('is made at once for what weighs much, and stands in the record', async () => {
    audit.wrap((_: number) => 'declined', explained('high'))(900)
    expect(await recorded()).toMatchObject({
      prediction: 'declined',
      modelChecksum: 'sha256:one',
      explanation: { reasoning: 'declined because of 900', method: 'rule' },
    })
  })

  it('is made when asked for otherwise, and says whether the model was still the same', async () => {
    const ids: string[] = []
    const decide = audit.wrap((_: number) => 'declined', {
      ...explained('low'),
      onRecorded: (id) => void ids.push(id),
    })
    decide(900)
    expect(await recorded()).not.toHaveProperty('explanation')
    await audit.explain(ids[0]!)
    digest = 'sha256:two'
    await audit.explain(ids[0]!)
    expect(await audit.explain('unknown')).toBeUndefined()
    await audit.flush()
    const said = { kind: 'explanation', decisionId: ids[0], reasoning: 'declined because of 900' }
    expect(server.statements.filter(({ kind }) => kind === 'explanation')).toMatchObject([
      { ...said, metadata: { made: 'later', sameModelDigest: true } },
      { ...said, metadata: { made: 'later', sameModelDigest: false } },
    ])
  })

  it('that fails or never comes costs the decision nothing', async () => {
    const broken = () => Promise.reject(new Error('secret detail'))
    audit.wrap(() => 'x', { ...model, riskTier: 'critical', explain: broken })()
    expect(await recorded()).toMatchObject({ prediction: 'x', riskTier: 'critical' })
    expect(issues).toEqual([{ code: 'capture_failed', message: 'explain threw Error' }])
    audit.wrap(() => 'y', { ...model, riskTier: 'high', explain: () => new Promise(() => undefined) })()
    await audit.close({ timeoutMs: 1_000 })
    expect(server.records.at(-1)).toMatchObject({ prediction: 'y', status: 'ok' })
  })
})

describe('records beside decisions', () => {
  it('go to their own address in the order they were made, numbered with the rest', async () => {
    const decisionId = audit.log({ ...model, prediction: 1 })
    audit.review({ decisionId, verdict: 'override', humanDecision: 2 })
    audit.outcome({ decisionId, outcome: 'repaid' })
    audit.action({ toolName: 'send-mail' })
    audit.query({ input: 'why?' })
    audit.explanation({ decisionId, reasoning: 'because' })
    audit.lifecycle({ modelId: 'm', eventType: 'deployed', modelVersion: '2' })
    audit.system({ system: 's', owner: 'ada', riskTier: 'high' })
    audit.dataset({ datasetId: 'd', version: '1' })
    audit.lineage({ datasetId: 'e', inputs: [{ datasetId: 'd', version: '1' }] })
    await audit.flush()
    const kinds = server.statements.map(({ kind }) => kind).filter((kind) => kind !== 'emitter.heartbeat')
    expect(kinds).toEqual([
      'review',
      'outcome',
      'action',
      'query',
      'explanation',
      'model.deployed',
      'system.declared',
      'dataset.registered',
      'dataset.transformed',
    ])
    expect(audit.stats()).toMatchObject({ reported: 10, recorded: 10 })
  })
})

describe('redaction', () => {
  it('sees a copy of every record before it is kept, and what it gives back is what is sent', async () => {
    audit = await client({
      url: url!,
      redact: (record) => {
        delete record['ssn']
        return { ...record, input: '[redacted]' }
      },
    })
    const given = { ...model, prediction: 1, ssn: '123-45-6789' }
    audit.log(given)
    audit.wrap((_: string) => 1, model)('secret')
    await audit.flush()
    expect(given.ssn).toBe('123-45-6789')
    expect(server.records.map(({ input, ssn }) => [input, ssn])).toEqual([
      ['[redacted]', undefined],
      ['[redacted]', undefined],
    ])
  })

  it('that throws or gives nothing back keeps the record from being sent, which is declared', async () => {
    let seen = 0
    audit = await client({
      url: url!,
      redact: () => {
        seen += 1
        if (seen > 1) throw new Error('secret')
        return undefined
      },
    })
    audit.log({ ...model, prediction: 1 })
    audit.log({ ...model, prediction: 1 })
    await audit.flush()
    expect(server.records).toEqual([])
    expect(issues.map((issue) => issue.code === 'lost' && issue.reason)).toEqual([
      'redacted',
      'redaction_failed',
    ])
    expect(server.statements).toMatchObject([
      { kind: 'emitter.loss', seq: 1, reason: 'redacted' },
      { kind: 'emitter.loss', seq: 2, reason: 'redaction_failed' },
    ])
  })

  it('by switches leaves inputs and outputs out', async () => {
    audit = await client({ url: url!, includeInputs: false, includeOutputs: false })
    audit.wrap((_: string) => 'secret', model)('secret')
    audit.log({ ...model, inputFeatures: { a: 'secret' }, messages: ['secret'], prediction: 'secret' })
    await audit.flush()
    expect(server.records).toHaveLength(2)
    expect(JSON.stringify(server.records)).not.toContain('secret')
  })

  it.each(['includeInputs', 'includeOutputs'])(
    'by the switch %s alone leaves out what an action is done with and what comes of it',
    async (name) => {
      audit = await client({ url: url!, [name]: false })
      audit.action({ toolName: 'send', input: { to: 'secret' }, result: 'secret' })
      await audit.flush()
      expect(server.statements).toContainEqual(expect.objectContaining({ kind: 'action', toolName: 'send' }))
      expect(JSON.stringify(server.statements)).not.toContain('secret')
    },
  )
})

describe('sending', () => {
  it('is compressed where that pays', async () => {
    audit.log({ ...model, prediction: 'x'.repeat(2_000) })
    await audit.flush()
    expect(server.arrived[0]).toMatchObject({ coding: 'gzip', records: [{ prediction: 'x'.repeat(2_000) }] })
  })

  it('ends with the block that uses the client', async () => {
    {
      await using using = await client({ url: url! })
      using.log({ ...model, prediction: 1 })
    }
    expect(server.records).toHaveLength(1)
  })
})

/** What a function may do, and what whoever calls it sees. */
const behaviours = fc.oneof(
  fc.record({ does: fc.constant('return'), value: fc.anything() }),
  fc.record({ does: fc.constant('throw'), value: fc.anything() }),
  fc.record({ does: fc.constant('resolve'), value: fc.anything() }),
  fc.record({ does: fc.constant('reject'), value: fc.anything() }),
  fc.record({ does: fc.constant('stream'), value: fc.array(fc.anything()) }),
  fc.record({ does: fc.constant('break'), value: fc.array(fc.anything()) }),
)

function behaving({ does, value }: { does: string; value: unknown }): unknown {
  if (does === 'throw') throw value
  if (does === 'resolve') return Promise.resolve(value)
  if (does === 'reject') return Promise.reject(value)
  if (does === 'stream' || does === 'break')
    return (async function* () {
      yield* value as unknown[]
      if (does === 'break') throw value
    })()
  return value
}

/** Everything a caller can see of a call. */
async function seen(call: () => unknown): Promise<unknown[]> {
  const trace: unknown[] = []
  try {
    const result = call()
    const value: unknown = result instanceof Promise ? await result : result
    trace.push(value)
    if (Object.prototype.toString.call(value) === '[object AsyncGenerator]') {
      trace.length = 0
      for await (const part of value as AsyncGenerator) trace.push(part)
    }
  } catch (error) {
    trace.push('threw', error)
  }
  return trace
}

it('whatever a function does, its caller sees the same and one record comes of it', async () => {
  let calls = 0
  await fc.assert(
    fc.asyncProperty(behaviours, fc.array(fc.anything()), async (behaviour, args) => {
      calls += 1
      const fn = (..._: unknown[]) => behaving(behaviour)
      const [plain, wrapped] = [
        await seen(() => fn(...args)),
        await seen(() => audit.wrap(fn, model)(...args)),
      ]
      expect(wrapped.length).toBe(plain.length)
      for (const [i, value] of wrapped.entries()) expect(Object.is(value, plain[i])).toBe(true)
      expect(audit.stats().reported).toBe(calls)
    }),
    { numRuns: 300 },
  )
  await audit.flush()
  expect(audit.stats()).toMatchObject({ reported: calls, recorded: calls })
})
