import { gzipSync, zstdCompressSync } from 'node:zlib'
import {
  equalBytes,
  fromBase64,
  fromHex,
  parseNote,
  parsePromise,
  rootFromInclusion,
  toHex,
  verifyReceipt,
} from '@deponent/format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decisions, type Envelope, envelopeOf, type One, problemOf } from './answers.ts'
import { newPlace, ServerProcess } from './server-process.ts'

const ENTRY_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
})
afterAll(() => server.stop())

const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  server.post('/v1/decisions', body, headers)
const postBytes = (body: Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
  server.fetch('/v1/decisions', {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  })
const postLines = (lines: string): Promise<Response> =>
  post(lines, { 'Content-Type': 'application/x-ndjson' })
/** The decision as whoever states a purpose sees it. */
const opened = async (id: string): Promise<One> => {
  const headers = { 'Deponent-Purpose': 'test of the contract' }
  return (await (await server.fetch(`/v1/decisions/${encodeURIComponent(id)}`, { headers })).json()) as One
}
/** Records one decision and gives it back opened. */
const recorded = async (record: Record<string, unknown>): Promise<One> => {
  const { receipts } = await envelopeOf(post(record), 201)
  return opened(receipts[0]!.id)
}
const minimal = { modelId: 'm', prediction: 'high' }

/** Whether every receipt leads to the root in the promise, at its place in start..end. */
function leadsToPromise({ receipts, promise }: Envelope): boolean {
  const { start, end, root } = parsePromise(parseNote(promise!).text)
  return receipts
    .filter(({ status }) => status === 'recorded')
    .every(({ index, leafHash, path }) => {
      const siblings = path!.map((hash) => fromBase64(hash))
      const found = rootFromInclusion(fromHex(leafHash), index - start, end - start, siblings)
      return index >= start && index < end && equalBytes(found, root)
    })
}

describe('what was recorded', () => {
  test('one object is answered by the envelope of the contract', async () => {
    const envelope = await envelopeOf(post({ decisionId: 'loan-1', ...minimal }), 201)
    expect(envelope).toEqual({
      recorded: 1,
      duplicates: 0,
      rejected: 0,
      receipts: [
        {
          position: 0,
          id: expect.stringMatching(ENTRY_ID),
          decisionId: 'loan-1',
          ledger: 'default',
          index: expect.any(Number),
          leafHash: expect.stringMatching(/^[0-9a-f]{64}$/),
          status: 'recorded',
          path: expect.any(Array),
        },
      ],
      promise: expect.stringMatching(/^deponent\.invalid\/[0-9a-f]{8}\/default\/promise\n\d+ \d+\n/),
      errors: [],
    })
    expect(leadsToPromise(envelope)).toBe(true)
  })

  test('a decisionId the request lacked is absent from its receipt', async () => {
    const { receipts } = await envelopeOf(post(minimal), 201)
    expect(receipts[0]).not.toHaveProperty('decisionId')
  })

  test.each([
    ['an array', (records: unknown[]) => post(records)],
    ['NDJSON', (records: unknown[]) => postLines(records.map((record) => JSON.stringify(record)).join('\n'))],
    [
      'NDJSON with blank lines',
      (records: unknown[]) =>
        postLines(`\n${records.map((record) => JSON.stringify(record)).join('\r\n\r\n')}\n\n`),
    ],
    [
      'gzip',
      (records: unknown[]) => postBytes(gzipSync(JSON.stringify(records)), { 'Content-Encoding': 'gzip' }),
    ],
    [
      'zstd',
      (records: unknown[]) =>
        postBytes(zstdCompressSync(JSON.stringify(records)), { 'Content-Encoding': 'zstd' }),
    ],
  ])('%s is recorded in order, whole, under one promise', async (name, send) => {
    const envelope = await envelopeOf(send(decisions(`shape ${name}`, 300)), 201)
    expect(envelope.recorded).toBe(300)
    const [first] = envelope.receipts
    expect(
      envelope.receipts.map(({ position, index, decisionId }) => ({ position, index, decisionId })),
    ).toEqual(
      Array.from({ length: 300 }, (_, position) => ({
        position,
        index: first!.index + position,
        decisionId: `shape ${name}-${position}`,
      })),
    )
    expect(leadsToPromise(envelope)).toBe(true)
  })

  test('the answer is a receipt that verifies against the keys of the server', async () => {
    const saved = await (await post(decisions('receipt', 5))).text()
    const response = await server.fetch('/ledgers/default/vkey', { headers: { Accept: 'application/json' } })
    const { origin, promise } = (await response.json()) as { origin: string; promise: string }
    const trust = {
      ledgers: [
        {
          origin,
          keys: [{ vkey: promise, use: 'promise' as const, sizes: { from: 0 } }],
          witnesses: [],
          quorum: 0,
          timestampRoots: [],
        },
      ],
    }
    expect(verifyReceipt(saved, trust)).toMatchObject({ verdict: 'valid', checked: { entries: 5 } })
    expect(verifyReceipt(saved.replace(/"leafHash":"./, '"leafHash":"f'), trust).verdict).toBe('invalid')
  })

  test('?wait=checkpoint answers when a checkpoint covers the records', async () => {
    const { receipts } = await envelopeOf(server.post('/v1/decisions?wait=checkpoint', minimal), 201)
    const note = await (await server.fetch('/ledgers/default/checkpoint')).text()
    expect(Number(note.split('\n')[1])).toBeGreaterThan(receipts[0]!.index)
    expect((await server.fetch(`/v1/decisions/${receipts[0]!.id}/proof`)).status).toBe(200)
  })
})

describe('what was recorded before', () => {
  test('the same content is a duplicate with the first receipt, without path, and nothing is promised', async () => {
    const record = { decisionId: 'again-1', ...minimal }
    const [first] = (await envelopeOf(post(record), 201)).receipts
    const again = await envelopeOf(post(record), 201)
    const { path: _, ...rest } = first!
    expect(again).toEqual({
      recorded: 0,
      duplicates: 1,
      rejected: 0,
      receipts: [{ ...rest, status: 'duplicate' }],
      promise: null,
      errors: [],
    })
  })

  test('duplicates beside a new record leave the promise to the new one', async () => {
    await envelopeOf(post(decisions('mixed', 2)), 201)
    const envelope = await envelopeOf(post(decisions('mixed', 3)), 201)
    expect(envelope).toMatchObject({ recorded: 1, duplicates: 2, promise: expect.any(String) })
    expect(envelope.receipts.map((receipt) => 'path' in receipt)).toEqual([false, false, true])
  })

  test('content is the record, not its spelling, its emitter or the order of its members', async () => {
    const emitter = { id: 'checkout-1', epoch: 1, seq: 1, blind: '00'.repeat(32) }
    await envelopeOf(post({ decisionId: 'spelled', modelId: 'm', prediction: 1, caseId: 'c', emitter }), 201)
    const other = {
      case_id: 'c',
      output: { result: 1 },
      model: { id: 'm' },
      event_id: 'spelled',
      emitter: { ...emitter, seq: 2 },
    }
    expect(await envelopeOf(post(other), 201)).toMatchObject({ duplicates: 1 })
  })

  test('other content is an id_conflict: 409 when nothing else is wrong, 400 when something is, 207 when some are kept', async () => {
    await envelopeOf(post({ decisionId: 'taken', ...minimal }), 201)
    const conflict = { decisionId: 'taken', ...minimal, prediction: 'low' }
    const envelope = await envelopeOf(post(conflict), 409)
    expect(envelope).toEqual({
      recorded: 0,
      duplicates: 0,
      rejected: 1,
      receipts: [],
      promise: null,
      errors: [
        {
          position: 0,
          decisionId: 'taken',
          code: 'id_conflict',
          path: '/decisionId',
          message: expect.any(String),
        },
      ],
    })
    expect((await envelopeOf(post([conflict, conflict]), 409)).rejected).toBe(2)
    expect((await envelopeOf(post([conflict, { prediction: 1 }]), 400)).rejected).toBe(2)
    expect((await envelopeOf(post([conflict, minimal]), 207)).errors.map(({ position }) => position)).toEqual(
      [0],
    )
  })

  test('a request that repeats itself is recorded once', async () => {
    const record = { decisionId: 'twice', ...minimal }
    const { recorded: kept, receipts } = await envelopeOf(post([record, record]), 201)
    expect(kept).toBe(1)
    expect(receipts.map(({ status }) => status)).toEqual(['recorded', 'duplicate'])
    expect(receipts[1]).toMatchObject({
      id: receipts[0]!.id,
      index: receipts[0]!.index,
      leafHash: receipts[0]!.leafHash,
    })
    const other = await envelopeOf(
      post([
        { decisionId: 'thrice', ...minimal },
        { decisionId: 'thrice', modelId: 'm', prediction: 0 },
      ]),
      207,
    )
    expect(other.errors).toMatchObject([{ position: 1, code: 'id_conflict' }])
  })

  test('resends that arrive together are recorded once', async () => {
    const record = { decisionId: 'storm', ...minimal }
    const envelopes = await Promise.all(Array.from({ length: 24 }, () => envelopeOf(post(record), 201)))
    expect(envelopes.reduce((sum, envelope) => sum + envelope.recorded, 0)).toBe(1)
    expect(new Set(envelopes.map(({ receipts }) => receipts[0]!.id)).size).toBe(1)
  })

  test('a thousand senders at once are all answered', async () => {
    const statuses = await Promise.all(
      decisions('crowd', 1_000).map(async (record) => (await post(record)).status),
    )
    expect(statuses.filter((status) => status !== 201)).toEqual([])
  })

  test('the id belongs to its system: another system may use it', async () => {
    const kept = await envelopeOf(
      post([
        { decisionId: 'both', ...minimal, system: 'one' },
        { decisionId: 'both', ...minimal, system: 'two' },
      ]),
      201,
    )
    expect(kept.recorded).toBe(2)
  })
})

describe('what is refused record by record', () => {
  test('a bad line of NDJSON costs that line alone', async () => {
    const lines = [
      JSON.stringify({ decisionId: 'line-0', ...minimal }),
      '{"modelId":',
      '[1]',
      '7',
      JSON.stringify({ decisionId: 'line-4', ...minimal }),
    ]
    const envelope = await envelopeOf(postLines(lines.join('\n')), 207)
    expect(envelope.receipts.map(({ position }) => position)).toEqual([0, 4])
    expect(envelope.errors.map(({ position, code }) => ({ position, code }))).toEqual([
      { position: 1, code: 'bad_json' },
      { position: 2, code: 'wrong_type' },
      { position: 3, code: 'wrong_type' },
    ])
  })

  test('bad lines alone are judged one by one too', async () => {
    expect((await envelopeOf(postLines('{\n}\n'), 400)).errors.map(({ code }) => code)).toEqual([
      'bad_json',
      'bad_json',
    ])
  })

  test('bytes that are not UTF-8 cost the one record they are in', async () => {
    const [before, after] = [
      Buffer.from('[{"modelId":"m","prediction":"'),
      Buffer.from('"},{"modelId":"m","prediction":"ok"}]'),
    ]
    const envelope = await envelopeOf(
      postBytes(Buffer.concat([before, Buffer.from([0xc3, 0x28]), after])),
      207,
    )
    expect(envelope.errors).toMatchObject([{ position: 0, code: 'bad_utf8', path: '/prediction' }])
    expect(envelope.receipts).toMatchObject([{ position: 1, status: 'recorded' }])
  })

  test.each([
    ['a name that comes twice', '{"modelId":"m","modelId":"n","prediction":1}', 'duplicate_key', '/modelId'],
    ['half a surrogate pair', '{"modelId":"m","prediction":"\\ud800"}', 'lone_surrogate', '/prediction'],
    ['NaN', '{"modelId":"m","prediction":1,"inputFeatures":{"x":NaN}}', 'bad_json', '/inputFeatures/x'],
    [
      'a number no double holds',
      '{"modelId":"m","prediction":1,"costUsd":1e999}',
      'number_overflow',
      '/costUsd',
    ],
    ['no model', '{"prediction":1}', 'missing_field', '/modelId'],
    ['nothing that came out', '{"modelId":"m"}', 'missing_field', '/prediction'],
    [
      'a confidence above one',
      '{"modelId":"m","prediction":1,"confidence":1.01}',
      'out_of_range',
      '/confidence',
    ],
    [
      'a confidence below zero',
      '{"modelId":"m","prediction":1,"confidence":-0.01,"confidence_kind":"self_reported"}',
      'out_of_range',
      '/confidence',
    ],
    [
      'a time that is none',
      '{"modelId":"m","prediction":1,"timestamp":"yesterday"}',
      'bad_time',
      '/timestamp',
    ],
    [
      'an id that is an object',
      '{"modelId":"m","prediction":1,"decisionId":{}}',
      'wrong_type',
      '/decisionId',
    ],
  ])('%s is refused with its code and its path', async (_, text, code, path) => {
    const envelope = await envelopeOf(post(`[${text},{"modelId":"m","prediction":"kept"}]`), 207)
    expect(envelope.errors).toMatchObject([{ position: 0, code, path }])
  })

  test.each([
    [
      'more than 4,096 leaves',
      { ...minimal, input: Array.from({ length: 5_000 }, (_, i) => i) },
      'too_many_leaves',
    ],
    [
      'more than 32 levels',
      { ...minimal, input: JSON.parse(`${'['.repeat(40)}1${']'.repeat(40)}`) as unknown },
      'too_deep',
    ],
    ['more than 256 KiB of text', { ...minimal, input: 'x'.repeat(262_144) }, 'payload_too_large'],
    [
      'more than 256 KiB of text that is not ASCII',
      { ...minimal, input: 'ü'.repeat(140_000) },
      'payload_too_large',
    ],
  ])('%s costs that record alone', async (_, record, code) => {
    expect((await envelopeOf(post([record, minimal]), 207)).errors).toMatchObject([{ position: 0, code }])
  })

  test('a score and a log probability may be any finite number', async () => {
    const scores = [
      { ...minimal, confidence: 17.5, confidenceKind: 'score' },
      { ...minimal, confidence: -3.25, confidenceKind: 'logprob' },
    ]
    expect((await envelopeOf(post(scores), 201)).recorded).toBe(2)
  })
})

describe('what a record becomes', () => {
  test('every alias and the snake_case spelling stand for one field', async () => {
    const { record } = await recorded({
      audit_id: 'alias-1',
      applicationId: 'case',
      context: { session_id: 'session', user_id: 'clerk' },
      model: { id: 'm', version: '2', type: 'classification' },
      input: { data: { age: 40 }, hash: 'abc' },
      output: { result: 'high', confidence: 0.5, explanation: { method: 'shap' } },
      overridden: true,
      processing_time_ms: 12,
      risk_tier: 'high',
      token_usage: { input: 1, cache_read: 2 },
      affected_user_id: 'person',
    })
    expect(record).toMatchObject({
      decisionId: 'alias-1',
      caseId: 'case',
      sessionId: 'session',
      userId: 'clerk',
      modelId: 'm',
      modelVersion: '2',
      modelType: 'classification',
      input: { age: 40 },
      inputHash: 'abc',
      prediction: 'high',
      confidence: 0.5,
      explanation: { method: 'shap' },
      humanOverride: true,
      latencyMs: 12,
      riskTier: 'high',
      tokenUsage: { input: 1, cacheRead: 2 },
      affectedUserId: 'person',
    })
  })

  test('what nobody knows is kept in metadata, and a foreign signature is not believed', async () => {
    const { record } = await recorded({
      ...minimal,
      shoeSize: 43,
      signature: { alg: 'none' },
      compliance: { ok: true },
    })
    expect(record.metadata).toEqual({ shoeSize: 43, signature: { alg: 'none' }, compliance: { ok: true } })
    expect(record).not.toHaveProperty('consentGiven')
  })

  test('a name that means something to JavaScript is data', async () => {
    const { receipts } = await envelopeOf(
      post('{"modelId":"m","prediction":1,"inputFeatures":{"__proto__":1,"constructor":2}}'),
      201,
    )
    const text = await (
      await server.fetch(`/v1/decisions/${receipts[0]!.id}`, { headers: { 'Deponent-Purpose': 'test' } })
    ).text()
    expect(text).toContain('"inputFeatures":{"__proto__":1,"constructor":2}')
  })

  test('numbers a double cannot carry keep their text', async () => {
    const { receipts } = await envelopeOf(
      post('{"modelId":"m","prediction":12345678901234567890,"inputFeatures":{"z":-0}}'),
      201,
    )
    const { record } = await opened(receipts[0]!.id)
    expect(record).toMatchObject({ prediction: '12345678901234567890', coerced: ['/prediction'] })
    expect(Object.is((record.inputFeatures as { z: number }).z, 0)).toBe(true)
  })

  test.each([
    ['RFC 3339 with an offset', '2026-01-10T01:00:00+01:00', '2026-01-10T00:00:00.000Z'],
    ['seconds', 1_768_003_200, '2026-01-10T00:00:00.000Z'],
    ['milliseconds', 1_768_003_200_123, '2026-01-10T00:00:00.123Z'],
    ['nanoseconds as text', '1768003200123456789', '2026-01-10T00:00:00.123Z'],
    ['no zone, taken as UTC', '2026-01-10T00:00:00', '2026-01-10T00:00:00.000Z'],
  ])('a time may be %s', async (_, timestamp, at) => {
    const one = await recorded({ ...minimal, timestamp })
    expect(one).toMatchObject({ at, record: { timestamp: at, timestampSource: `${timestamp}` } })
  })

  test('a record without a time is dated by its arrival', async () => {
    const one = await recorded(minimal)
    expect(one.at).toBe(one.receivedAt)
    expect(one.record).not.toHaveProperty('timestamp')
  })

  test('a time without a zone says what was assumed', async () => {
    expect((await recorded({ ...minimal, timestamp: '2026-01-10T00:00:00' })).record.atAssumed).toBe('utc')
    expect((await recorded({ ...minimal, timestamp: '2026-01-10T00:00:00Z' })).record).not.toHaveProperty(
      'atAssumed',
    )
  })
})

describe('what is refused whole', () => {
  test.each([
    ['no byte', '', 'application/json', 'empty_body'],
    ['white space', ' \n\t', 'application/json', 'empty_body'],
    ['an empty array', '[]', 'application/json', 'empty_body'],
    ['no line', '\n\n', 'application/x-ndjson', 'empty_body'],
    ['half an object', '{"modelId":"m"', 'application/json', 'bad_json'],
    ['two objects', '{"modelId":"m"}{"modelId":"m"}', 'application/json', 'bad_json'],
    ['a bare text', '"high"', 'application/json', 'bad_json'],
    ['null', 'null', 'application/json', 'bad_json'],
  ])('%s', async (_, body, type, code) => {
    await problemOf(post(body, { 'Content-Type': type }), 400, code)
  })

  test.each([
    ['text/plain', { 'Content-Type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'another character set',
      { 'Content-Type': 'application/json; charset=utf-16' },
      415,
      'unsupported_media_type',
    ],
    ['an encoding nobody reads', { 'Content-Encoding': 'br' }, 415, 'unsupported_encoding'],
    ['gzip that is not gzip', { 'Content-Encoding': 'gzip' }, 400, 'bad_encoding'],
    ['zstd that is not zstd', { 'Content-Encoding': 'zstd' }, 400, 'bad_encoding'],
  ])('%s', async (_, headers, status, code) => {
    await problemOf(post(JSON.stringify(minimal), headers), status, code)
  })

  test('a gzip body cut short', async () => {
    const whole = gzipSync(JSON.stringify(decisions('cut', 50)))
    await problemOf(postBytes(whole.subarray(0, -9), { 'Content-Encoding': 'gzip' }), 400, 'bad_encoding')
    expect((await server.fetch('/v1/decisions/cut-0')).status).toBe(404)
  })

  test('more than 32 MiB, by what it says of itself, by what it is, and after decompression', async () => {
    const large = Buffer.alloc(33 * 1_048_576, ' ')
    await problemOf(postBytes(large), 413, 'body_too_large')
    await problemOf(
      postBytes(gzipSync(large, { level: 1 }), { 'Content-Encoding': 'gzip' }),
      413,
      'body_too_large',
    )
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < large.length; at += 1_048_576)
          controller.enqueue(large.subarray(at, at + 1_048_576))
        controller.close()
      },
    })
    const streamed = server.fetch('/v1/decisions', {
      method: 'POST',
      body: pieces,
      headers: { 'Content-Type': 'application/json' },
      duplex: 'half',
    } as RequestInit)
    await problemOf(streamed, 413, 'body_too_large')
  })

  test('more than 10,000 records, as an array or as lines; 10,000 are judged', async () => {
    await problemOf(post(`[${'{},'.repeat(10_000)}{}]`), 413, 'too_many_records')
    await problemOf(postLines('{}\n'.repeat(10_001)), 413, 'too_many_records')
    await problemOf(post(`[${'1,'.repeat(8_000_000)}1]`), 413, 'too_many_records')
    expect((await envelopeOf(post(`[${'{},'.repeat(9_999)}{}]`), 400)).rejected).toBe(10_000)
  })

  test('no key, another key, another scheme', async () => {
    for (const headers of [
      { Authorization: '' },
      { Authorization: 'Bearer dpk_wrong' },
      { Authorization: `Basic ${btoa(`:${server.key}`)}` },
    ]) {
      const problem = await problemOf(post(minimal, headers), 401, 'unauthorized')
      expect(problem.headers.get('www-authenticate')).toBe('Bearer')
    }
  })

  test('a request refused whole leaves nothing behind', async () => {
    const size = async (): Promise<number> =>
      (await server.get<{ checks: { ledger: { size: number } } }>('/readyz')).checks.ledger.size
    const before = await size()
    await post('[{"modelId":"m","prediction":1},')
    await post(minimal, { Authorization: 'Bearer no' })
    expect(await size()).toBe(before)
  })
})

describe('no answer repeats a value it was sent', () => {
  const SECRET = 'sesame-4711'
  const bodies: [string, string][] = [
    ['broken JSON', `{"modelId":"${SECRET}",`],
    ['a wrong confidence', JSON.stringify({ ...minimal, confidence: SECRET })],
    ['a wrong time', JSON.stringify({ ...minimal, timestamp: SECRET })],
    ['a wrong status', JSON.stringify({ ...minimal, status: SECRET })],
    [
      'a wrong emitter',
      JSON.stringify({ ...minimal, emitter: { id: `${SECRET} !`, epoch: SECRET, seq: -1, blind: SECRET } }),
    ],
    ['a name that comes twice', `{"modelId":"m","prediction":"${SECRET}","prediction":"${SECRET}"}`],
    ['a bare text', `"${SECRET}"`],
  ]
  test.each(bodies)('%s in a body', async (_, body) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain(SECRET)
  })

  test('a conflict', async () => {
    await envelopeOf(post({ decisionId: 'quiet', modelId: 'm', prediction: SECRET }), 201)
    const text = await (await post({ decisionId: 'quiet', modelId: 'm', prediction: `${SECRET}!` })).text()
    expect(text).not.toContain(SECRET)
  })

  test.each([
    `/v1/decisions?limit=${SECRET}`,
    `/v1/decisions?cursor=${SECRET}`,
    `/v1/decisions?order=${SECRET}`,
    `/v1/decisions?from=${SECRET}`,
    `/v1/decisions?minConfidence=${SECRET}`,
    `/v1/decisions?overridden=${SECRET}`,
    `/v1/decisions/${SECRET}`,
    `/v1/decisions/${SECRET}/proof`,
    `/v1/aggregate?metrics=${SECRET}`,
    `/v1/aggregate?by=${SECRET}`,
    `/v1/${SECRET}`,
    `/ledgers/${SECRET}/checkpoint`,
    `/ledgers/default/tile/${SECRET}`,
    `/${SECRET}.txt`,
  ])('%s', async (path) => {
    const response = await server.fetch(path)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.text()).not.toContain(SECRET)
  })

  test('SQL that does not run', async () => {
    for (const sql of [
      `SELECT '${SECRET}' FROM nowhere`,
      `SELECT toInt64('${SECRET}')`,
      `DROP TABLE "${SECRET}"`,
    ]) {
      const response = await server.post('/v1/sql', { sql })
      expect(response.status).toBe(400)
      expect(await response.text()).not.toContain(SECRET)
    }
  })
})

describe('other kinds of record', () => {
  const KINDS: [string, Record<string, unknown>][] = [
    ['outcome', { outcome: 1 }],
    ['review', { reviewerId: 'r-1', verdict: 'override', humanDecision: 'low' }],
    ['explanation', { reasoning: 'because' }],
    ['contest', { grounds: 'I disagree' }],
    ['comment', { text: 'noted' }],
    ['score', { name: 'helpful', value: 0.9 }],
  ]
  const RELATION: Record<string, string> = {
    outcome: 'outcomeOf',
    review: 'reviews',
    explanation: 'explains',
    contest: 'contests',
    comment: 'partOf',
    score: 'partOf',
  }

  test.each(KINDS)('POST /v1/records takes %s about a decision by its id', async (kind, fields) => {
    const [decision] = (
      await envelopeOf(post({ decisionId: `about-${kind}`, ...minimal, affectedUserId: 'p' }), 201)
    ).receipts
    const envelope = await envelopeOf(
      server.post('/v1/records', { kind, decisionId: `about-${kind}`, ...fields }),
      201,
    )
    expect(envelope.receipts).toMatchObject([{ status: 'recorded', decisionId: `about-${kind}` }])
    expect(leadsToPromise(envelope)).toBe(true)
    const one = await opened(envelope.receipts[0]!.id)
    expect(one).toMatchObject({ kind, links: [{ rel: RELATION[kind], id: decision!.id }], record: fields })
    expect(one).not.toHaveProperty('completeness')
  })

  test.each(KINDS)(
    'POST /v1/decisions/{id}/%ss links to the decision of the address',
    async (kind, fields) => {
      const [decision] = (await envelopeOf(post({ decisionId: `at-${kind}/1`, ...minimal }), 201)).receipts
      for (const address of [encodeURIComponent(`at-${kind}/1`), decision!.id]) {
        const envelope = await envelopeOf(
          server.post(`/v1/decisions/${address}/${kind}s`, [fields, { ...fields, at: 0 }]),
          201,
        )
        expect(envelope.receipts[0]).not.toHaveProperty('decisionId')
        expect(await opened(envelope.receipts[0]!.id)).toMatchObject({
          kind,
          links: [{ rel: RELATION[kind], id: decision!.id }],
        })
      }
    },
  )

  test('an address and a record that name different decisions are not reconciled', async () => {
    await envelopeOf(
      post([
        { decisionId: 'here', ...minimal },
        { decisionId: 'there', ...minimal },
      ]),
      201,
    )
    const envelope = await envelopeOf(
      server.post('/v1/decisions/here/outcomes', { decisionId: 'there', outcome: 1 }),
      400,
    )
    expect(envelope.errors).toMatchObject([{ code: 'bad_value', path: '/decisionId' }])
    await envelopeOf(server.post('/v1/decisions/here/outcomes', { decision_id: 'here', outcome: 1 }), 201)
  })

  test('a record about a decision nobody recorded is refused, and so is its address', async () => {
    const { errors } = await envelopeOf(
      server.post('/v1/records', { kind: 'outcome', decisionId: 'nobody', outcome: 1 }),
      400,
    )
    expect(errors).toMatchObject([{ code: 'unknown_decision', path: '/decisionId' }])
    await problemOf(server.post('/v1/decisions/nobody/outcomes', { outcome: 1 }), 404, 'not_found')
  })

  test('an id several systems used needs the system', async () => {
    const records = ['north', 'south'].map((system) => ({ decisionId: 'shared', ...minimal, system }))
    const ids = (await envelopeOf(post(records), 201)).receipts.map(({ id }) => id)
    const outcome = { kind: 'outcome', decisionId: 'shared', outcome: 1 }
    expect((await envelopeOf(server.post('/v1/records', outcome), 400)).errors).toMatchObject([
      { code: 'ambiguous_id' },
    ])
    const { receipts } = await envelopeOf(server.post('/v1/records', { ...outcome, system: 'south' }), 201)
    expect((await opened(receipts[0]!.id)).links).toEqual([{ rel: 'outcomeOf', id: ids[1] }])
    const problem = await problemOf(
      server.post('/v1/decisions/shared/outcomes', { outcome: 1 }),
      409,
      'ambiguous_id',
    )
    expect(problem.ids).toEqual(ids)
    const chosen = await envelopeOf(
      server.post('/v1/decisions/shared/outcomes?system=north', { outcome: 1 }),
      201,
    )
    expect((await opened(chosen.receipts[0]!.id)).links).toEqual([{ rel: 'outcomeOf', id: ids[0] }])
  })

  test('the reasoning of an explanation is sealed, inside a decision or after it', async () => {
    await envelopeOf(post({ decisionId: 'reasoned', ...minimal }), 201)
    const envelope = await envelopeOf(
      server.post('/v1/decisions/reasoned/explanations', { reasoning: 'because' }),
      201,
    )
    const closed = await server.get<One>(`/v1/decisions/${envelope.receipts[0]!.id}`)
    expect(closed.record.reasoning).toEqual({ sealed: true })
  })

  test('a decision, an unknown kind and none at all are refused by /v1/records', async () => {
    const bodies = [{ kind: 'decision', ...minimal }, { kind: 'horoscope' }, { outcome: 1 }, 7]
    const { errors } = await envelopeOf(server.post('/v1/records', bodies), 400)
    expect(errors.map(({ code }) => code)).toEqual(['wrong_endpoint', 'bad_value', 'bad_value', 'bad_value'])
  })

  test('/v1/models/{modelId}/events records what happened to a model, in both spellings', async () => {
    const events = [
      { eventType: 'deployed', modelVersion: '3.2', actor: 'ops', details: { region: 'eu' } },
      {
        event_type: 'evaluation_completed',
        model_version: '3.2',
        actor: 'qa',
        training_data_ref: 'set-1',
        evaluation_results: [{ metric: 'auc', value: 0.8 }],
      },
    ]
    const { receipts } = await envelopeOf(server.post('/v1/models/credit%2Frisk/events', events), 201)
    const [deployed, evaluated] = await Promise.all(receipts.map(({ id }) => opened(id)))
    expect(deployed).toMatchObject({
      kind: 'model.deployed',
      record: { modelId: 'credit/risk', modelVersion: '3.2', actor: 'ops' },
    })
    expect(evaluated).toMatchObject({
      kind: 'model.evaluation_completed',
      record: { trainingDataRef: 'set-1' },
    })
    const { errors } = await envelopeOf(
      server.post('/v1/models/m/events', [
        { eventType: 'polished' },
        { eventType: 'deployed', modelId: 'n' },
        1,
      ]),
      400,
    )
    expect(errors.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'bad_value /eventType',
      'bad_value /modelId',
      'wrong_type ',
    ])
  })
})

test('the leaf hash of a receipt is the hash of the entry the ledger holds', async () => {
  const { receipts } = await envelopeOf(server.post('/v1/decisions?wait=checkpoint', minimal), 201)
  const [{ index, id, leafHash }] = receipts as [Envelope['receipts'][number]]
  const { decodeEntryTile, hashLeaf, decodeEntry, tilePath } = await import('@deponent/format')
  const path = tilePath('entries', Math.floor(index / 256), (index % 256) + 1)
  const tile = new Uint8Array(await (await server.fetch(`/ledgers/default/${path}`)).arrayBuffer())
  const entry = decodeEntryTile(tile).at(-1)
  expect(toHex(hashLeaf(entry))).toBe(leafHash)
  expect(decodeEntry(entry)).toMatchObject({
    v: 1,
    id,
    kind: 'decision',
    retention: 'unset',
    payload: { c: 1 },
  })
})
