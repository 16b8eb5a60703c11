/** Nothing that an event of Langfuse said is lost, and what is made of it counts what it says and in the order it says. */
import { createHash } from 'node:crypto'
import { canonicalJson, type JsonObject, readJson } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLangfuseBatch } from '../../packages/server/src/ingest/langfuse/batch.ts'
import { layersOf } from '../../packages/server/src/ingest/otlp/layered.ts'
import { rollUp } from '../../packages/server/src/ingest/otlp/roll-up.ts'
import type { LogRecord, Span } from '../../packages/server/src/ingest/otlp/telemetry.ts'
import { bytesOf } from './spans.ts'

const TIMESTAMP = '2026-01-01T00:00:00.000Z'
const MOVED: Readonly<Record<string, string>> = {
  id: 'langfuse.observation.id',
  traceId: 'langfuse.trace.id',
  input: 'langfuse.observation.input',
  output: 'langfuse.observation.output',
  metadata: 'langfuse.observation.metadata',
  model: 'langfuse.observation.model.name',
  version: 'langfuse.version',
}

function readAll(...batch: object[]): (Span | LogRecord)[] {
  return readLangfuseBatch(bytesOf({ batch })).flatMap(({ telemetry, error }) => {
    expect(error).toBeUndefined()
    return [...telemetry!.spans, ...telemetry!.logs]
  })
}

const spanOf = (event: object): Span => readAll(event)[0] as Span

const bodies = fc.record(
  {
    name: fc.string(),
    input: fc.jsonValue({ maxDepth: 2 }),
    output: fc.jsonValue({ maxDepth: 2 }),
    metadata: fc.dictionary(fc.string(), fc.string()),
    model: fc.option(fc.string()),
    version: fc.string(),
    usage: fc.record({ input: fc.nat(), unit: fc.string(), extra: fc.string() }),
    statusMessage: fc.string(),
    whoKnows: fc.jsonValue({ maxDepth: 2 }),
  },
  { requiredKeys: [] },
)

test('an observation can be put together again as it was sent, to the digest', () => {
  fc.assert(
    fc.property(bodies, fc.dictionary(fc.string(), fc.string()), (some, metadata) => {
      const body = { ...some, id: 'o', traceId: 't' }
      const sent = { id: 'e', type: 'span-update', timestamp: TIMESTAMP, metadata, body }
      const { attributes, digest } = spanOf(sent)
      const event = attributes['langfuse.event'] as JsonObject
      const again: JsonObject = { ...(event.body as JsonObject) }
      for (const [member, name] of Object.entries(MOVED))
        if (attributes[name] !== undefined) again[member] = attributes[name]
      const text = canonicalJson({ ...event, body: again })
      expect(createHash('sha256').update(text).digest('hex')).toBe(digest)
      expect(text).toBe(canonicalJson(readJson(JSON.stringify(sent)).value))
    }),
    { numRuns: 200 },
  )
})

test('a trace, a score and a log of the SDK keep what no attribute of theirs says', () => {
  const envelope = { timestamp: TIMESTAMP, metadata: { sdk: 'x' } }
  const kept = readAll(
    { ...envelope, id: '1', type: 'trace-create', body: { id: 't', userId: 'u', public: true } },
    {
      ...envelope,
      id: '2',
      type: 'score-create',
      body: { traceId: 't', name: 'ok', value: 1, configId: 'c' },
    },
    { ...envelope, id: '3', type: 'sdk-log', body: { log: 'y' } },
  ).map(({ attributes }) => attributes['langfuse.event'])
  expect(kept).toEqual([
    { ...envelope, id: '1', type: 'trace-create', body: { public: true } },
    { ...envelope, id: '2', type: 'score-create' },
    { ...envelope, id: '3', type: 'sdk-log' },
  ])
})

describe('usage', () => {
  const made = (body: object): JsonObject => {
    const event = {
      id: 'e',
      type: 'generation-create',
      timestamp: TIMESTAMP,
      body: { id: 'g', traceId: 't', ...body },
    }
    return rollUp([spanOf(event)], []).decisions[0]!.record
  }

  test.each([
    [
      { input: 3, output: 4, total: 7, unit: 'TOKENS' },
      { input: 3, output: 4 },
    ],
    [
      { input: 3, output: 4, unit: 'tokens' },
      { input: 3, output: 4 },
    ],
    [
      { input: 3, output: 4 },
      { input: 3, output: 4 },
    ],
    [
      { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
      { input: 3, output: 4 },
    ],
    [{ input: 300, output: 400, unit: 'CHARACTERS' }, undefined],
    [{ input: 1_250, unit: 'MILLISECONDS' }, undefined],
    [{ total: 7 }, undefined],
  ])('of %j is %j tokens', (usage, tokens) => {
    expect(made({ usage }).tokenUsage).toEqual(tokens)
  })

  test('of details is not of tokens where the unit is another', () => {
    const usageDetails = { input: 300, output: 400 }
    expect(made({ usageDetails, usage: { unit: 'CHARACTERS' } }).tokenUsage).toBeUndefined()
    expect(made({ usageDetails }).tokenUsage).toEqual(usageDetails)
  })

  test('costs are no tokens, and are summed where no total is told', () => {
    const { costUsd, tokenUsage } = made({ usage: { inputCost: 0.25, outputCost: 0.5, unit: 'IMAGES' } })
    expect([costUsd, tokenUsage]).toEqual([0.75, undefined])
    expect(made({ usage: { inputCost: 0.25, totalCost: 1 } }).costUsd).toBe(1)
  })
})

describe('of several events about one observation', () => {
  const told = (type: string, id: string, timestamp: string, output: string): object => ({
    id,
    type,
    timestamp,
    body: { id: 'g', traceId: 't', output },
  })
  const outputOf = (...events: object[]): unknown =>
    layersOf(events.map(spanOf)).attributes['langfuse.observation.output']

  test('an update is later than the beginning, whatever their ids, where the time is the same', () => {
    for (let i = 0; i < 16; i += 1) {
      const created = told('generation-create', `c${i}`, TIMESTAMP, 'first')
      const updated = told('generation-update', `u${i}`, TIMESTAMP, 'last')
      expect(outputOf(created, updated)).toBe('last')
      expect(outputOf(updated, created)).toBe('last')
    }
  })

  test('the time decides to the nanosecond', () => {
    for (let i = 0; i < 16; i += 1) {
      const one = told('generation-update', `a${i}`, '2026-01-01T00:00:00.123456789Z', 'first')
      const other = told('generation-update', `b${i}`, '2026-01-01T00:00:00.123456790+00:00', 'last')
      expect(outputOf(other, one)).toBe('last')
    }
  })
})

describe('a batch', () => {
  const event = { id: 'e', type: 'span-create', timestamp: TIMESTAMP, body: { id: 'o', traceId: 't' } }

  test('whose list comes twice is refused: the other may have held anything', () => {
    const text = JSON.stringify({ batch: [event] })
    expect(() => readLangfuseBatch(Buffer.from(text.replace('"batch"', '"batch":[],"batch"')))).toThrow(
      'the name comes twice',
    )
  })

  test('with more faults than are told is refused: the rest of it would be taken for good', () => {
    const text = JSON.stringify({ batch: Array.from({ length: 100 }, () => ({ ...event, odd: 'HERE' })) })
    expect(() => readLangfuseBatch(Buffer.from(text.replaceAll('"HERE"', 'NaN')))).toThrow(
      '64 faults or more',
    )
  })
})
