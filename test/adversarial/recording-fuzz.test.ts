/** Bodies nobody meant, on every route that records: seeded, so that a failure comes again. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROUTES } from '../../packages/server/src/api/contract.ts'
import type { Operation, Route } from '../../packages/server/src/api/route.ts'
import type { Envelope } from '../e2e/answers.ts'
import { newPlace, type Place, runCommand, ServerProcess } from '../e2e/server-process.ts'
import { jsonObject, jsonValue } from '../format/arbitrary-json.ts'
import { attribute, request, span } from '../otel/wire.ts'

let place: Place
let server: ServerProcess
beforeAll(async () => {
  place = await newPlace()
  // Traces wait, so that every decision there is was answered for.
  server = await ServerProcess.start(place, ['serve', '--trace-wait', '600'])
  const target = { decisionId: 'target', modelId: 'm', prediction: 'x' }
  expect((await server.post('/v1/decisions', target)).status).toBe(201)
})
afterAll(() => server.stop())

const spans = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] },
      scopeSpans: [{ spans: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'chat' }] }],
    },
  ],
}
const logs = {
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'e', body: { stringValue: 'x' } }] }] }],
}
const event = { id: 'e-1', type: 'trace-create', timestamp: '2026-01-10T00:00:00Z', body: { id: 't-1' } }

/** A body each route takes, to be spoiled. */
const GOOD: Partial<Record<Operation, object>> = {
  recordDecisions: {
    modelId: 'm',
    prediction: 'x',
    confidence: 0.5,
    inputFeatures: { a: 1, b: [true, null] },
  },
  recordRecords: { kind: 'outcome', outcome: 1, links: [{ rel: 'outcomeOf', id: 'target' }] },
  recordReview: { reviewerId: 'r', verdict: 'agree' },
  recordOutcome: { outcome: { repaid: true } },
  recordExplanation: { reasoning: 'because' },
  recordContest: { grounds: 'no' },
  recordComment: { text: 'noted' },
  recordScore: { name: 'quality', value: 0.5 },
  recordModelEvent: { eventType: 'deployed', modelVersion: '1', actor: 'x' },
  exportTraces: spans,
  exportLogs: logs,
  ingestLangfuse: { batch: [event] },
  putArtifact: { any: 'bytes' },
}

const recording = ROUTES.filter(
  ({ action, judges }: Route) => judges === true || action === 'record' || action === 'review',
)

const pathOf = ({ path }: Route): string => path.replace(':id', 'target').replace(':modelId', 'm')

/** A member of what is good replaced by anything, or anything beside it; names that mean something to JavaScript among them. */
const spoiled = (good: object): fc.Arbitrary<string> => {
  const names = fc.constantFrom(
    ...Object.keys(good),
    '__proto__',
    'constructor',
    'toString',
    'emitter',
    'links',
  )
  const one = fc.tuple(names, jsonValue).map(([name, value]) => {
    const text = JSON.stringify({ ...good, [name]: 0 })
    // By text: an assignment to `__proto__` would be no member.
    return name === '__proto__'
      ? text.replace(/\}$/, `,"__proto__":${JSON.stringify(value)}}`)
      : JSON.stringify({ ...good, [name]: value })
  })
  const odd = jsonObject.map((value) => JSON.stringify(value))
  const each = fc.oneof({ weight: 2, arbitrary: fc.constant(JSON.stringify(good)) }, one, odd)
  const many = fc.array(each, { maxLength: 6 })
  return fc.oneof(
    one,
    many.map((texts) => `[${texts.join(',')}]`),
    many.map((texts) => texts.join('\n')),
  )
}

/** Bytes of a text of which some are others, or the end is missing. */
const damaged = (text: string): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.option(fc.nat(), { freq: 3 }))
    .map(([changes, end]) => {
      const bytes = Buffer.from(text)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      return end === null ? bytes : bytes.subarray(0, end % (bytes.length + 1))
    })

const protobuf = request(attribute('service.name', 's', 0x0a), span(1, attribute('k', 'v')))

const bodyOf = (good: object): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 3, arbitrary: spoiled(good).map((text) => Buffer.from(text)) },
    spoiled(good).chain((text) => damaged(text)),
    fc.uint8Array({ maxLength: 200 }),
    damaged(protobuf.toString('latin1')),
  )

const ENCODINGS = ['identity', 'gzip', 'zstd', 'false gzip', 'cut zstd'] as const

function encoded(body: Uint8Array, encoding: (typeof ENCODINGS)[number]): [Uint8Array, string?] {
  switch (encoding) {
    case 'gzip':
      return [gzipSync(body), 'gzip']
    case 'zstd':
      return [zstdCompressSync(body), 'zstd']
    case 'false gzip':
      return [body, 'gzip']
    case 'cut zstd':
      return [zstdCompressSync(body).subarray(0, -3), 'zstd']
    default:
      return [body]
  }
}

const TYPES = [
  'application/json',
  'application/x-ndjson',
  'application/x-protobuf',
  'application/vnd.deponent.sealed',
  'text/plain',
] as const

const requestOf = (route: Route) =>
  fc.record({
    body: bodyOf(GOOD[route.operation]!),
    encoding: fc.oneof({ weight: 3, arbitrary: fc.constant(ENCODINGS[0]) }, fc.constantFrom(...ENCODINGS)),
    type: fc.oneof({ weight: 3, arbitrary: fc.constant(TYPES[0]) }, fc.constantFrom(...TYPES)),
  })

const isEnvelope = (answer: object): answer is Envelope => 'receipts' in answer

/** Entry ids of decisions that were answered for. */
const answered = new Set<string>()

function accountFor(route: Route, envelope: Envelope): void {
  const { duplicates, errors, receipts, recorded, rejected } = envelope
  expect(receipts).toHaveLength(recorded + duplicates)
  // One error for each record that was refused, and no place has both.
  expect(new Set(errors.map(({ position }) => position)).size).toBe(rejected)
  const places = [...receipts, ...errors].map(({ position }) => position)
  expect(new Set(places).size).toBe(recorded + duplicates + rejected)
  if (route.operation === 'recordDecisions') for (const { id } of receipts) answered.add(id)
}

test('every route that records is among them', () => {
  expect(Object.keys(GOOD).toSorted()).toEqual(recording.map(({ operation }) => operation).toSorted())
})

test.each(recording.map((route) => [route.operation, route] as const))(
  '%s answers whatever is sent to it in its own words, accounts for each record, and answers on',
  async (_, route) => {
    const requests = fc.sample(requestOf(route), { seed: 20_260_110, numRuns: 120 })
    for (const { body, encoding, type } of requests) {
      const [bytes, name] = encoded(body, encoding)
      const response = await server.fetch(pathOf(route), {
        method: route.method,
        body: Buffer.from(bytes),
        headers: { 'Content-Type': type, ...(name !== undefined && { 'Content-Encoding': name }) },
      })
      const text = await response.text()
      const sent = `${type} ${encoding} ${Buffer.from(body).toString('base64')}: ${text.slice(0, 300)}`
      expect(response.status, sent).toBeLessThan(500)
      const answer: unknown =
        text === '' || response.headers.get('content-type') === 'application/x-protobuf'
          ? {}
          : JSON.parse(text)
      if (isEnvelope(answer as object)) accountFor(route, answer as Envelope)
    }
    expect((await server.fetch('/readyz')).status).toBe(200)
  },
  60_000,
)

test('nothing was recorded that was not answered for, and the directory is whole', async () => {
  await server.indexed()
  const found = new Set<string>()
  let cursor: string | null = ''
  while (cursor !== null) {
    const more = cursor === '' ? '' : `&cursor=${cursor}`
    const page: { items: { id: string; decisionId?: string }[]; next: string | null } = await server.get(
      `/v1/decisions?limit=1000${more}`,
    )
    for (const { decisionId, id } of page.items) if (decisionId !== 'target') found.add(id)
    cursor = page.next
  }
  expect(answered.size).toBeGreaterThan(10)
  expect([...found].toSorted()).toEqual([...answered].toSorted())
  await server.stop()
  const { code, stdout, stderr } = await runCommand(['verify', place.data, '--json'])
  expect([code, (JSON.parse(stdout) as { verdict: string }).verdict], stderr).toEqual([0, 'valid'])
  server = await ServerProcess.start(place)
})
