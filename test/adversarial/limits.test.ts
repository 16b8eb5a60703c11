import { constants, zstdCompressSync } from 'node:zlib'
import { canonicalJson, normalizeRecord, readJson } from '@deponent/format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Call } from '../../packages/server/src/api/call.ts'
import { mustKeepUp } from '../../packages/server/src/api/handlers/recording.ts'
import { textOf } from '../docs/tree.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { exchange, statusesIn } from '../fixtures/hostile-requests.ts'

/** What came back: the status, and the code of the first error or of the problem. */
interface Answer {
  readonly status: number
  readonly code?: string | undefined
}

interface Limit {
  /** The row of docs/limits.md it is, by its first cell. */
  readonly row: string
  /** Where it is one of several of its row. */
  readonly name?: string
  readonly at: () => Promise<Answer>
  /** The status of what is within it; 201 when absent. */
  readonly accepted?: number
  readonly beyond: () => Promise<Answer>
  /** What the page says happens beyond it. */
  readonly then: Answer
}

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
})
afterAll(() => server.stop())

const minimal = { modelId: 'm', prediction: 'x', timestamp: '2026-01-10T00:00:00.000Z' }
let sent = 0
const fresh = (more: object = {}) => ({
  ...minimal,
  decisionId: `limit-${String((sent += 1)).padStart(6, '0')}`,
  ...more,
})

async function answerOf(response: Response): Promise<Answer> {
  const body = (await response.json()) as { code?: string; errors?: { code: string }[] }
  return { status: response.status, code: body.code ?? body.errors?.[0]?.code }
}

const record = async (decision: object): Promise<Answer> =>
  answerOf(await server.post('/v1/decisions', decision))
const rejects = (code: string): Answer => ({ status: 400, code })

const list = async (query: string): Promise<Answer> => answerOf(await server.fetch(`/v1/decisions?${query}`))
const bytesOf = (value: object): number =>
  Buffer.byteLength(canonicalJson(normalizeRecord('decision', readJson(JSON.stringify(value))).record))

/** A decision whose canonical text has as many bytes. */
function ofBytes(bytes: number): object {
  const one = fresh({ input: '' })
  return { ...one, input: 'x'.repeat(bytes - bytesOf(one)) }
}

/** A decision with as many leaves. */
const ofLeaves = (leaves: number): object => {
  const one = fresh()
  return { ...one, input: Array.from({ length: leaves - Object.keys(one).length }, () => 1) }
}

/** A decision nested as deep, itself the first level. */
function ofDepth(levels: number): object {
  return fresh({ input: JSON.parse(`${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}`) as unknown })
}

async function artifact(bytes: number): Promise<Answer> {
  const headers = { 'Content-Type': 'application/octet-stream' }
  return answerOf(
    await server.fetch('/v1/artifacts', { method: 'POST', body: Buffer.alloc(bytes, (sent += 1)), headers }),
  )
}

async function body(bytes: number): Promise<Answer> {
  const text = JSON.stringify(fresh())
  return answerOf(await server.post('/v1/decisions', text.padEnd(bytes, ' ')))
}

async function frames(count: number): Promise<Answer> {
  const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
  const line = (text: string): Buffer => zstdCompressSync(Buffer.from(text), options)
  const parts = [line(JSON.stringify(fresh())), ...Array.from({ length: count - 1 }, () => line(' '))]
  const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'zstd' }
  return answerOf(
    await server.fetch('/v1/decisions', { method: 'POST', body: Buffer.concat(parts), headers }),
  )
}

async function records(count: number): Promise<Answer> {
  const all = Array.from({ length: count }, () => fresh())
  return answerOf(await server.post('/v1/decisions', all))
}

/** A sealed batch that begins with a head of as many bytes, its title counted, and is none: the head is judged first. */
async function sealed(bytes: number): Promise<Answer> {
  const title = 'deponent sealed batch v1\n'
  const text = `${title}${' '.repeat(bytes - title.length - 1)}\n${'x'.repeat(100)}`
  const headers = { 'Content-Type': 'application/vnd.deponent.sealed' }
  return answerOf(await server.fetch('/v1/decisions', { method: 'POST', body: text, headers }))
}

async function raw(lines: readonly string[]): Promise<Answer> {
  const port = Number(new URL(server.url).port)
  const received = await exchange(port, `${lines.join('\r\n')}\r\n\r\n`)
  return { status: statusesIn(received)[0] ?? 0 }
}

const HEADERS = ['GET /healthz HTTP/1.1', 'Host: 127.0.0.1', 'Connection: close']

/** Names and values of all headers and the path come to as many bytes. */
function headerBytes(bytes: number): Promise<Answer> {
  const others = ['/healthz', 'Host', '127.0.0.1', 'Connection', 'close', 'Deponent-Seen'].join('')
  return raw([...HEADERS, `Deponent-Seen: ${'x'.repeat(bytes - others.length)}`])
}

function headerCount(count: number): Promise<Answer> {
  const more = Array.from({ length: count - HEADERS.length + 1 }, (_, i) => `X-${i}: 1`)
  return raw([...HEADERS, ...more])
}

function target(length: number): Promise<Answer> {
  const path = '/healthz?'.padEnd(length, 'x')
  return raw([`GET ${path} HTTP/1.1`, ...HEADERS.slice(1)])
}

const LIMITS: readonly Limit[] = [
  {
    row: 'nesting',
    at: () => record(ofDepth(32)),
    beyond: () => record(ofDepth(33)),
    then: rejects('too_deep'),
  },
  {
    row: 'leaves of a record (values, empty objects and empty arrays)',
    at: () => record(ofLeaves(4_096)),
    beyond: () => record(ofLeaves(4_097)),
    then: rejects('too_many_leaves'),
  },
  {
    row: 'canonical text',
    at: () => record(ofBytes(262_144)),
    beyond: () => record(ofBytes(262_145)),
    then: rejects('payload_too_large'),
  },
  {
    row: 'content of an [artifact](http-api.md#post-v1artifacts)',
    name: 'at least',
    at: () => artifact(1),
    beyond: () => artifact(0),
    then: rejects('empty_body'),
  },
  {
    row: 'content of an [artifact](http-api.md#post-v1artifacts)',
    name: 'at most',
    at: () => artifact(16_777_216),
    beyond: () => artifact(16_777_217),
    then: { status: 413, code: 'artifact_too_large' },
  },
  ...['modelId', 'modelVersion', 'decisionId', 'affectedUserId'].map((field) => ({
    row: 'an id, a version, a name',
    name: field,
    at: () => record(fresh({ [field]: `${(sent += 1)}`.padEnd(1_024, 'n') })),
    beyond: () => record(fresh({ [field]: 'n'.repeat(1_025) })),
    then: rejects('too_long'),
  })),
  {
    row: 'the name of a system',
    name: 'length',
    at: () => record(fresh({ system: 's'.repeat(200) })),
    beyond: () => record(fresh({ system: 's'.repeat(201) })),
    then: rejects('too_long'),
  },
  {
    row: 'the name of a system',
    name: 'characters',
    at: () => record(fresh({ system: 'any ä §' })),
    beyond: () => record(fresh({ system: 'a\u0000b' })),
    then: rejects('bad_value'),
  },
  ...[1, 0].map((confidence) => ({
    row: '`confidence` that is a probability',
    name: `${confidence}`,
    at: () => record(fresh({ confidence })),
    beyond: () => record(fresh({ confidence: confidence === 1 ? 1 + 2 ** -52 : -Number.MIN_VALUE })),
    then: rejects('out_of_range'),
  })),
  {
    row: 'body after decompression',
    at: () => body(33_554_432),
    beyond: () => body(33_554_433),
    then: { status: 413, code: 'body_too_large' },
  },
  {
    row: 'compressed frames of a body',
    at: () => frames(1_024),
    beyond: () => frames(1_025),
    then: rejects('bad_encoding'),
  },
  {
    row: 'records',
    at: () => records(10_000),
    beyond: () => records(10_001),
    then: { status: 413, code: 'too_many_records' },
  },
  {
    row: '`limit` of a list',
    name: 'at most',
    at: () => list('limit=1000'),
    accepted: 200,
    beyond: () => list('limit=1001'),
    then: rejects('bad_parameter'),
  },
  {
    row: '`limit` of a list',
    name: 'at least',
    at: () => list('limit=1'),
    accepted: 200,
    beyond: () => list('limit=0'),
    then: rejects('bad_parameter'),
  },
  ...(
    [
      ['names and values of the headers, `Deponent-Seen` included, and the path', headerBytes, 16_383, 431],
      ['number of headers', headerCount, 128, 431],
      ['path and query', target, 8_192, 414],
    ] as const
  ).map(([row, request, limit, status]) => ({
    row,
    at: () => request(limit),
    accepted: 200,
    beyond: () => request(limit + 1),
    then: { status },
  })),
]

/** Rows that speak of no refusal, or of load that one request does not make, and where they are tried. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'integers kept as numbers': 'below',
  'decimals kept as numbers': 'below',
  'a time': 'below',
  'head of a sealed batch': 'below',
  'faults looked for in one record': 'below',
  '`?wait=checkpoint`': 'test/e2e/contract-recording.test.ts',
  'bytes waiting to be written': 'test/ledger/ledger.test.ts',
  'entries the index may be behind': 'below',
}

describe('every limit of a record and of a request', () => {
  test.each(LIMITS.map((limit) => [[limit.row, limit.name].filter(Boolean).join(': '), limit] as const))(
    '%s: what meets it is taken, one more is refused as docs/limits.md says, and the server answers on',
    async (_, { accepted = 201, at, beyond, then }) => {
      expect(await at()).toMatchObject({ status: accepted })
      expect(await beyond()).toMatchObject(then)
      expect((await server.fetch('/healthz')).status).toBe(200)
    },
  )

  test('of docs/limits.md is tried', () => {
    const [, page = ''] = textOf('docs/limits.md').split('## One record')
    const [tables = ''] = page.split('## Telemetry')
    const rows = [...tables.matchAll(/^\| (.+?) +\|/gm)].map(([, cell]) => cell)
    const documented = rows.filter((cell) => cell !== 'what' && !cell?.startsWith('---'))
    const tried = new Set([...LIMITS.map(({ row }) => row), ...Object.keys(ELSEWHERE)])
    expect([...tried].toSorted()).toEqual(documented.toSorted())
  })
})

describe('numbers', () => {
  test('are kept up to ±(2⁵³ − 1) and 17 digits, and as their text beyond, which is said', async () => {
    const { decisionId } = fresh()
    const numbers =
      '"a":9007199254740991,"b":-9007199254740991,"c":9007199254740992,"d":0.12345678901234567,"e":0.123456789012345678'
    const text = `{"modelId":"m","prediction":"x","decisionId":"${decisionId}","inputFeatures":{${numbers}}}`
    expect((await server.post('/v1/decisions', text)).status).toBe(201)
    const { record: shown } = await server.get<{ record: { inputFeatures: object; coerced: string[] } }>(
      `/v1/decisions/${decisionId}`,
    )
    expect(shown.inputFeatures).toEqual({
      a: 9_007_199_254_740_991,
      b: -9_007_199_254_740_991,
      c: '9007199254740992',
      d: Number('0.12345678901234567'),
      e: '0.123456789012345678',
    })
    expect(shown.coerced).toEqual(['/inputFeatures/c', '/inputFeatures/e'])
  })
})

test('of all faults of one record the first is answered', async () => {
  const faulty = Array.from({ length: 65 }, (_, i) => `{"x${i}":1,"x${i}":2}`).join(',')
  const response = await server.post('/v1/decisions', `{"modelId":"m","prediction":"x","input":[${faulty}]}`)
  const { errors } = (await response.json()) as { errors: object[] }
  expect(errors).toMatchObject([{ code: 'duplicate_key', path: '/input/0/x0' }])
})

test('a head of a sealed batch is looked for in its first mebibyte', async () => {
  expect(await sealed(1_048_576)).toMatchObject({ status: 400, code: 'bad_sealing' })
  expect(await sealed(1_048_577)).toMatchObject({ status: 400, code: 'bad_sealing' })
})

test('senders are asked to pause when the index is more than 2,000,000 entries behind', () => {
  const behind = (lag: number): Call => ({ services: { projection: { lag: () => lag } } }) as unknown as Call
  expect(() => mustKeepUp(behind(2_000_000))).not.toThrow()
  expect(() => mustKeepUp(behind(2_000_001))).toThrow(
    expect.objectContaining({ status: 503, code: 'index_behind' }),
  )
})

describe('times that are claimed', () => {
  const HOUR = 3_600_000
  const now = Date.now()
  const at = (ms: number): string => new Date(ms).toISOString()

  test.each([
    ['an hour ahead, from a clock that is wrong', at(now + HOUR)],
    ['an hour behind', at(now - HOUR)],
    ['years ahead', '2099-12-31T23:59:59.999Z'],
    ['the last moment there is', '9999-12-31T23:59:59.999Z'],
    ['the first', '0000-01-01T00:00:00.000Z'],
    ['before epochs began', '1969-12-31T23:59:59.999Z'],
  ])(
    '%s: recorded as claimed, found by it, and received by the clock of the server',
    async (_, timestamp) => {
      const { decisionId } = fresh()
      expect(await record({ ...minimal, decisionId, timestamp })).toMatchObject({ status: 201 })
      const one = await server.get<{ at: string; receivedAt: string }>(`/v1/decisions/${decisionId}`)
      expect(one.at).toBe(timestamp)
      expect(Math.abs(Date.parse(one.receivedAt) - Date.now())).toBeLessThan(HOUR / 2)
      await server.indexed()
      const { items } = await server.get<{ items: { at: string }[] }>(
        `/v1/decisions?decisionId=${decisionId}&from=${timestamp}`,
      )
      expect(items.map((item) => item.at)).toEqual([timestamp])
    },
  )

  test.each([
    ['the moment after the last', '9999-12-31T23:59:60Z'],
    ['more digits than an epoch has', '1'.repeat(21)],
    ['a 30th of February', '2026-02-30T00:00:00Z'],
    ['an hour 24', '2026-01-10T24:00:00Z'],
    ['an offset of a day', '2026-01-10T00:00:00+24:00'],
    ['words', 'tomorrow'],
  ])('%s is no time, and costs that record alone', async (_, timestamp) => {
    expect(await record({ ...minimal, decisionId: fresh().decisionId, timestamp })).toEqual(
      rejects('bad_time'),
    )
  })
})
