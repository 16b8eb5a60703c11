/** The SDK of OpenTelemetry against a server of its own, from the first span to the decision. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { context, trace } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace, type Place, runCommand, ServerProcess } from '../e2e/server-process.ts'
import { bytesOf, idOf, jsonSpan, type SpanOfTest, tracesOf } from './spans.ts'
import { attribute, ATTRIBUTES_OF_RESOURCE, many, request, span } from './wire.ts'

const PURPOSE = { headers: { 'Deponent-Purpose': 'a test' } }
/** A port that nobody else of this machine has now. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  return port
}

let otlpPort = 0
const serve = (): string[] => ['serve', '--trace-wait', '1', '--otlp-port', `${otlpPort}`]

interface Shown {
  id: string
  kind: string
  system: string
  record: { [name: string]: unknown; metadata: { otel: object } }
}

let place: Place
let server: ServerProcess

beforeAll(async () => {
  place = await newPlace()
  otlpPort = await freePort()
  server = await ServerProcess.start(place, serve())
})

afterAll(() => server.stop())

/** Waits until the decision with this name is recorded. */
async function decision(name: string): Promise<Shown> {
  for (;;) {
    const response = await server.fetch(`/v1/decisions/${name}`, PURPOSE)
    if (response.status === 200) return (await response.json()) as Shown
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Waits until so many records are about a decision. */
async function timeline(id: string, length: number): Promise<Shown[]> {
  for (;;) {
    await server.indexed()
    const { items } = await server.get<{ items: Shown[] }>(`/v1/decisions/${id}/timeline`)
    if (items.length >= length) return items
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const post = (body: BodyInit, headers: Record<string, string> = {}, path = '/v1/traces'): Promise<Response> =>
  server.fetch(path, { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } })

const json = (...spans: SpanOfTest[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(bytesOf(tracesOf(spans.map(jsonSpan))))

const chat: SpanOfTest['attributes'] = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': 'm-1',
  'gen_ai.output.messages': '[{"role":"assistant","parts":[{"type":"text","content":"no"}]}]',
}

/** An agent that asks a model, told by the SDK; gives the name of the decision. */
async function tellBySdk(exporter: SpanExporter, service: string): Promise<string> {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('test')
  const agent = tracer.startSpan('invoke_agent clerk', {
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'clerk',
      'audit.subject.id': 'person-7',
    },
  })
  const model = tracer.startSpan('chat m-1', { attributes: chat }, trace.setSpan(context.active(), agent))
  model.end()
  agent.end()
  await provider.forceFlush()
  await provider.shutdown()
  const { traceId, spanId } = agent.spanContext()
  return `otel-${traceId}-${spanId}`
}

describe('the SDK', () => {
  test.each([
    ['protobuf and gzip', ProtobufExporter, 'gzip'],
    ['JSON', JsonExporter, 'none'],
  ])('is understood in %s', async (encoding, Exporter, compression) => {
    const exporter = new Exporter({
      url: `${server.url}/v1/traces`,
      headers: { Authorization: `Bearer ${server.key}` },
      compression: compression as never,
    })
    const { record, system, id } = await decision(await tellBySdk(exporter, `sdk ${encoding}`))
    expect(system).toBe(`sdk ${encoding}`)
    expect(record).toMatchObject({
      modelId: 'm-1',
      agentName: 'clerk',
      affectedUserId: 'person-7',
      prediction: [{ role: 'assistant' }],
      metadata: { otel: { rollup: 1, spans: 2 } },
    })
    expect((await timeline(id, 2)).map(({ kind }) => kind)).toEqual(['trace.span', 'trace.span'])
  })
})

test('what is sent again is recorded once, and what comes late belongs to its decision', async () => {
  const name = `otel-${'a'.repeat(32)}-${idOf('llm')}`
  const llm: SpanOfTest = { id: 'llm', trace: 'a'.repeat(32), attributes: chat }
  const body = json(llm)
  expect((await post(body)).status).toBe(200)
  const { id } = await decision(name)
  expect((await post(body)).status).toBe(200)
  expect(
    (
      await post(
        json({
          id: 'tool',
          parent: 'llm',
          trace: 'a'.repeat(32),
          attributes: { 'gen_ai.operation.name': 'execute_tool' },
        }),
      )
    ).status,
  ).toBe(200)
  const spans = await timeline(id, 2)
  expect(spans.map(({ record }) => [record.name, record.late])).toEqual([
    ['llm', undefined],
    ['tool', true],
  ])
})

test('a decision whose id no record can have is recorded under the id of its span', async () => {
  const attributes = { ...chat, 'audit.decision.id': 'x'.repeat(2_000) }
  expect((await post(json({ id: 'llm', trace: 'd'.repeat(32), attributes }))).status).toBe(200)
  expect((await decision(`otel-${'d'.repeat(32)}-${idOf('llm')}`)).record.metadata.otel).toMatchObject({
    unusableId: true,
  })
})

test('spans that were acknowledged become a decision although the process dies before it is made', async () => {
  const body = json({ id: 'llm', trace: 'b'.repeat(32), attributes: chat })
  expect((await post(body)).status).toBe(200)
  await server.stop('SIGKILL')
  const { stdout } = await runCommand(['verify', place.data])
  expect(stdout).toMatch(/^valid: /m)
  server = await ServerProcess.start(place, serve())
  expect((await decision(`otel-${'b'.repeat(32)}-${idOf('llm')}`)).record.modelId).toBe('m-1')
})

describe('what an exporter is answered', () => {
  test('an empty object for an empty request, in the encoding of the request', async () => {
    const asJson = await post('{}')
    expect([asJson.status, await asJson.text(), asJson.headers.get('content-type')]).toEqual([
      200,
      '{}',
      'application/json',
    ])
    const asProtobuf = await post('', { 'Content-Type': 'application/x-protobuf' }, '/v1/logs')
    expect([asProtobuf.status, await asProtobuf.text()]).toEqual([200, ''])
    expect(asProtobuf.headers.get('content-type')).toBe('application/x-protobuf')
  })

  test('how many spans are rejected, and why, and the others are kept', async () => {
    const bad = { ...jsonSpan({ id: 'bad' }), spanId: 'no' }
    const good = jsonSpan({ id: 'llm', trace: 'c'.repeat(32), attributes: chat })
    const answer = await post(new Uint8Array(bytesOf(tracesOf([bad, good]))))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      partialSuccess: { rejectedSpans: '1', errorMessage: 'bad_id: spanId is not an id of 8 bytes' },
    })
    await decision(`otel-${'c'.repeat(32)}-${idOf('llm')}`)
  })

  test('a span that would be too large a record is rejected and not cut', async () => {
    const attributes = { ...chat, 'gen_ai.input.messages': 'x'.repeat(300_000) }
    const answer = await post(json({ id: 'large', attributes }))
    expect(await answer.json()).toMatchObject({
      partialSuccess: { errorMessage: expect.stringContaining('payload_too_large') },
    })
  })

  test.each([
    [400, 3, '{', {}],
    [401, 16, '{}', { Authorization: 'Bearer wrong' }],
    [413, 8, Buffer.alloc(33 * 1024 * 1024), { 'Content-Type': 'application/x-protobuf' }],
  ])('%i as a google.rpc.Status of code %i', async (status, code, body, headers) => {
    const answer = await post(body as BodyInit, headers)
    expect(answer.status).toBe(status)
    if (answer.headers.get('content-type') === 'application/json')
      expect(await answer.json()).toMatchObject({ code })
    else expect([...new Uint8Array(await answer.arrayBuffer())].slice(0, 2)).toEqual([8, code])
  })

  test('413, which is not sent again, for few bytes that come to gigabytes', async () => {
    const resource = attribute('r', 'x'.repeat(240_000), ATTRIBUTES_OF_RESOURCE)
    const body = request(
      resource,
      many(10_000, (i) => span(i)),
    )
    const answer = await post(body, { 'Content-Type': 'application/x-protobuf' })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([413, null])
  })
})

test('what is in no encoding of exporters is refused as any request is', async () => {
  const answer = await post('{}', { 'Content-Type': 'text/plain' })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([415, 'application/problem+json'])
})

describe('the addresses and keys of other servers', () => {
  const basic = (key: string): string => `Basic ${Buffer.from(`pk-lf-1:${key}`).toString('base64')}`

  test.each([
    ['/api/public/otel/v1/traces', (key: string) => ({ Authorization: basic(key) })],
    ['/api/v1/private/otel/v1/traces', (key: string) => ({ Authorization: key })],
    ['/v1/traces', (key: string) => ({ 'x-api-key': key })],
    ['/v1/traces', (key: string) => ({ api_key: key })],
  ])('%s is taken', async (path, headersOf) => {
    const headers = { 'Content-Type': 'application/json', ...headersOf(server.key) }
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', body: '{}', headers })
    expect(answer.status).toBe(200)
  })

  test('a second port is one more way to them', async () => {
    const headers = { 'Content-Type': 'application/json', 'x-api-key': server.key }
    const url = `http://127.0.0.1:${otlpPort}/v1/traces`
    expect((await fetch(url, { method: 'POST', body: '{}', headers })).status).toBe(200)
  })

  test('a key narrowed to a system sends no spans of another', async () => {
    const made = await server.post('/v1/keys', { name: 'till', roles: ['writer'], systems: ['till'] })
    const { key } = (await made.json()) as { key: string }
    const send = (...bodies: { resourceSpans: object[] }[]): Promise<Response> => {
      const resourceSpans = bodies.flatMap((body) => body.resourceSpans)
      return post(new Uint8Array(bytesOf({ resourceSpans })), { Authorization: `Bearer ${key}` })
    }
    const [till, loans] = ['till', 'loans'].map((service) =>
      tracesOf([jsonSpan({ id: service, trace: 'f'.repeat(32) })], { 'service.name': service }),
    ) as [{ resourceSpans: object[] }, { resourceSpans: object[] }]
    expect([(await send(till)).status, (await send(loans)).status]).toEqual([200, 403])
    const mixed = await send(till, loans)
    expect([mixed.status, await mixed.json()]).toEqual([
      200,
      {
        partialSuccess: {
          rejectedSpans: '1',
          errorMessage: 'system_not_yours: this key does not record for its system',
        },
      },
    ])
  })

  test('such keys open no other door', async () => {
    const headers = { Authorization: basic(server.key) }
    expect((await fetch(`${server.url}/v1/decisions`, { headers })).status).toBe(401)
  })
})

test('a batch of Langfuse is answered with 207, event by event, and what else Langfuse has with 501', async () => {
  const body = { id: 'a'.repeat(16), traceId: '9'.repeat(32), model: 'm', output: 'No.' }
  const timestamp = '2026-01-01T00:00:00Z'
  const batch = [
    { id: 'e-1', type: 'generation-create', timestamp, body },
    { id: 'e-2', type: 'odd', timestamp, body },
  ]
  const key = Buffer.from(`pk-lf-1:${server.key}`).toString('base64')
  const ask = (path: string): Promise<Response> =>
    fetch(`${server.url}/api/public/${path}`, {
      method: 'POST',
      body: JSON.stringify({ batch }),
      headers: { Authorization: `Basic ${key}` },
    })
  const answer = await ask('ingestion')
  expect([answer.status, await answer.json()]).toEqual([
    207,
    {
      successes: [{ id: 'e-1', status: 201 }],
      errors: [
        {
          id: 'e-2',
          status: 400,
          error: 'InvalidRequestError',
          message: expect.stringContaining('bad_value'),
        },
      ],
    },
  ])
  const { record } = await decision(`otel-${'9'.repeat(32)}-${'a'.repeat(16)}`)
  expect(record.prediction).toBe('No.')
  expect((await ask('datasets')).status).toBe(501)
})

test('nobody writes spans but through here', async () => {
  const answer = await server.post('/v1/records', { kind: 'trace.span', sourceDigest: '0'.repeat(64) })
  expect(await answer.json()).toMatchObject({ errors: [{ code: 'wrong_endpoint' }] })
})
