import { expect, test } from 'vitest'
import { normalizeRecord } from '@deponent/format'
import { readLangfuseBatch } from '../../packages/server/src/ingest/langfuse/batch.ts'
import { rollUp, type RolledTrace } from '../../packages/server/src/ingest/otlp/roll-up.ts'
import { bytesOf } from './spans.ts'

let counted = 0
const event = (type: string, body: object, second = (counted += 1)): object => ({
  id: `e-${second}`,
  type,
  timestamp: `2026-01-01T00:00:${`${second % 60}`.padStart(2, '0')}.000Z`,
  body,
})

const traceOf = (...batch: object[]): RolledTrace => {
  const read = readLangfuseBatch(bytesOf({ batch }))
  const taken = read.map(({ telemetry, error }) => {
    expect(error).toBeUndefined()
    return telemetry!
  })
  return rollUp(
    taken.flatMap(({ spans }) => spans),
    taken.flatMap(({ logs }) => logs),
  )
}

const generation = {
  id: 'g-1',
  traceId: 't-1',
  name: 'ask',
  model: 'm',
  startTime: '2026-01-01T00:00:01.000Z',
}
const created = event('generation-create', {
  ...generation,
  parentObservationId: 's-1',
  input: [{ role: 'user', content: 'May she?' }],
  modelParameters: { temperature: 0 },
  completionStartTime: '2026-01-01T00:00:01.250Z',
})
const updated = event('generation-update', {
  id: 'g-1',
  traceId: 't-1',
  output: 'No.',
  endTime: '2026-01-01T00:00:02.000Z',
  usage: { promptTokens: 10, completionTokens: 2, totalCost: 0.5 },
})
const trace = event('trace-create', { id: 't-1', name: 'loan', userId: 'u-1', sessionId: 's-1' })
const span = event('span-create', { id: 's-1', traceId: 't-1', name: 'chain' })

test('a generation told by a beginning and an update is one decision that says what both say', () => {
  const { decisions, spans } = traceOf(updated, trace, span, created)
  expect(decisions).toHaveLength(1)
  expect(spans).toHaveLength(4)
  const { record } = decisions[0]!
  expect(normalizeRecord('decision', { value: record, coerced: [], faults: [] }).errors).toEqual([])
  expect(record).toMatchObject({
    modelId: 'm',
    messages: [{ role: 'user', content: 'May she?' }],
    prediction: 'No.',
    latencyMs: 1_000,
    timeToFirstTokenMs: 250,
    tokenUsage: { input: 10, output: 2 },
    costUsd: 0.5,
    userId: 'u-1',
    sessionId: 's-1',
    inference: { settings: { temperature: 0 } },
    tags: ['otel'],
  })
})

test('it makes no difference in which order the events came', () => {
  const forwards = traceOf(trace, span, created, updated)
  const backwards = traceOf(updated, created, span, trace)
  expect(backwards.decisions).toEqual(forwards.decisions)
})

test('a score of a generation, or of a trace with one decision, is of that decision; of several it is of none', () => {
  const onGeneration = event('score-create', {
    id: 'x',
    traceId: 't-1',
    observationId: 'g-1',
    name: 'ok',
    value: 1,
  })
  const onTrace = event('score-create', {
    id: 'y',
    traceId: 't-1',
    name: 'kind',
    value: 'yes',
    comment: 'polite',
  })
  const { decisions, logs } = traceOf(trace, created, updated, onGeneration, onTrace)
  expect(logs.map(({ owner }) => owner)).toEqual([decisions[0]!.spanId, decisions[0]!.spanId])
  const other = event('generation-create', { ...generation, id: 'g-2', output: 'Yes.' })
  expect(traceOf(trace, created, other, onTrace).logs.map(({ owner }) => owner)).toEqual([undefined])
})

test('a failed generation says so', () => {
  const failed = event('generation-create', { ...generation, level: 'ERROR', statusMessage: 'no answer' })
  expect(traceOf(failed).decisions[0]!.record).toMatchObject({
    status: 'error',
    error: { message: 'no answer' },
  })
})

test('the types of observations that came later are taken by their own words', () => {
  const agent = event('observation-create', { ...generation, id: 'a-1', type: 'AGENT', output: 'No.' })
  const tool = event('observation-create', {
    id: 'o-1',
    traceId: 't-1',
    parentObservationId: 'a-1',
    type: 'TOOL',
    name: 'file',
  })
  const { decisions } = traceOf(agent, tool)
  expect(decisions[0]!.record).toMatchObject({ modelType: 'agent', toolCalls: [{ name: 'file' }] })
})

test('ids of OpenTelemetry stay as they are, so that a trace may be told in both ways', () => {
  const ids = { traceId: '0af76519-16cd-43dd-8448-eb211c80319c', id: 'b7ad6b7169203331' }
  const { spans } = traceOf(event('generation-create', { ...generation, ...ids }))
  expect(spans[0]!.span).toMatchObject({ traceId: ids.traceId.replaceAll('-', ''), spanId: ids.id })
})

test('an event that cannot be taken costs itself alone, and is told why', () => {
  const batch = [
    event('odd', {}),
    { id: 'no-body', type: 'span-create' },
    event('span-create', { id: 's' }),
    trace,
    7,
  ]
  const read = readLangfuseBatch(bytesOf({ batch }))
  expect(read.map(({ error }) => error?.split(':')[0])).toEqual([
    'bad_value',
    'missing_field',
    'missing_field',
    undefined,
    'missing_field',
  ])
  expect(() => readLangfuseBatch(bytesOf([]))).toThrow('batch')
})
