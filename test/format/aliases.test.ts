import type { JsonValue, RecordKind } from '@deponent/format'
import { KINDS, normalizeRecord } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kindOf } from '../../packages/format/src/records/kinds/index.ts'
import { snakeCase } from '../../packages/format/src/records/spelling.ts'

const normalize = (kind: RecordKind, value: JsonValue) =>
  normalizeRecord(kind, { value, coerced: [], faults: [] })
const BASE = { modelId: 'm', prediction: 'high' }
const recordOf = (fields: { [name: string]: JsonValue }) =>
  normalize('decision', { ...BASE, ...fields }).record

describe('spellings', () => {
  test('every field of every kind is accepted in camelCase and in snake_case', () => {
    for (const kind of KINDS) {
      const { fields, names } = kindOf(kind)
      for (const [slot, { name }] of fields.entries()) {
        expect(names.get(name)?.field?.slot, `${kind} ${name}`).toBe(slot)
        expect(names.get(snakeCase(name))?.field?.slot, `${kind} ${snakeCase(name)}`).toBe(slot)
      }
    }
  })

  test.each([
    ['decisionId', 'decision_id', 'd-1'],
    ['timeToFirstTokenMs', 'time_to_first_token_ms', 12],
    ['costUsd', 'cost_usd', 0.25],
    ['humanReviewRequired', 'human_review_required', true],
    ['affectedUserId', 'affected_user_id', 'u-1'],
    ['ipAddress', 'ip_address', '::1'],
  ])('%s may be written %s', (camel, snake, value) => {
    expect(recordOf({ [snake]: value })).toEqual({ ...BASE, [camel]: value })
  })

  test('members of known objects have both spellings too, wherever they are', () => {
    const record = recordOf({
      token_usage: { input: 10, cache_read: 3, cacheWrite: 2 },
      explanation: { top_features: [{ feature: 'age', importance: 0.5 }], method: 'shap' },
      inference: { weights_hash: 'ab', feature_store_version: 'v1' },
    })
    expect(record).toMatchObject({
      tokenUsage: { input: 10, cacheRead: 3, cacheWrite: 2 },
      explanation: { topFeatures: [{ feature: 'age', importance: 0.5 }], method: 'shap' },
      inference: { weightsHash: 'ab', featureStoreVersion: 'v1' },
    })
  })

  test('names that are data keep their spelling', () => {
    const record = recordOf({
      inputFeatures: { top_features: 1 },
      input: { model_id: 'x' },
      contextData: { user_id: 1 },
    })
    expect(record).toMatchObject({
      inputFeatures: { top_features: 1 },
      input: { model_id: 'x' },
      contextData: { user_id: 1 },
    })
  })
})

describe('aliases of a decision', () => {
  test.each<[string, { [name: string]: JsonValue }, string, JsonValue]>([
    ['eventId', { eventId: 'e' }, 'decisionId', 'e'],
    ['event_id', { event_id: 'e' }, 'decisionId', 'e'],
    ['audit_id', { audit_id: 'a' }, 'decisionId', 'a'],
    ['applicationId', { applicationId: 'c' }, 'caseId', 'c'],
    ['context.session_id', { context: { session_id: 's' } }, 'sessionId', 's'],
    ['context.sessionId', { context: { sessionId: 's' } }, 'sessionId', 's'],
    ['context.user_id', { context: { user_id: 'u' } }, 'userId', 'u'],
    ['model.version', { model: { version: '2' } }, 'modelVersion', '2'],
    ['model.type', { model: { type: 'llm' } }, 'modelType', 'llm'],
    ['input.data', { input: { data: [1, 2] } }, 'input', [1, 2]],
    ['input_data', { input_data: { a: 1 } }, 'input', { a: 1 }],
    ['input.hash', { input: { hash: 'ab' } }, 'inputHash', 'ab'],
    ['output.confidence', { output: { result: 'x', confidence: 0.5 } }, 'confidence', 0.5],
    [
      'output.explanation',
      { output: { result: 'x', explanation: 'so' } },
      'explanation',
      { reasoning: 'so' },
    ],
    ['overridden', { overridden: true }, 'humanOverride', true],
    ['data_retention_days', { data_retention_days: 365 }, 'dataRetentionPolicy', 365],
    ['processingTimeMs', { processingTimeMs: 7 }, 'latencyMs', 7],
    ['at', { at: '2026-01-10T00:00:00.000Z' }, 'timestamp', '2026-01-10T00:00:00.000Z'],
  ])('%s', (_, sent, field, value) => {
    expect(recordOf(sent)[field]).toEqual(value)
  })

  test('a record in the nested form of the sources becomes a flat one', () => {
    const { record, errors } = normalize('decision', {
      audit_id: 'a-1',
      timestamp: '2026-01-10T00:00:00.000Z',
      model: { id: 'credit', version: '2.1', type: 'classification', framework: 'sklearn' },
      input: { data: { income: 100 }, hash: 'abc', schema: 'v2' },
      output: { result: 'approve', confidence: 0.9, explanation: { top_features: [] }, raw: [0.1, 0.9] },
      context: { session_id: 's', user_id: 'u', ip_address: '10.0.0.1', channel: 'web' },
      compliance: { gdpr: true, data_retention_days: 1 },
      signature: 'c2ln',
    })
    expect(errors).toEqual([])
    expect(record).toEqual({
      confidence: 0.9,
      decisionId: 'a-1',
      explanation: { topFeatures: [] },
      input: { income: 100 },
      inputHash: 'abc',
      ipAddress: '10.0.0.1',
      metadata: {
        model: { framework: 'sklearn' },
        input: { schema: 'v2' },
        output: { raw: [0.1, 0.9] },
        context: { channel: 'web' },
        compliance: { gdpr: true, data_retention_days: 1 },
        signature: 'c2ln',
      },
      modelId: 'credit',
      modelType: 'classification',
      modelVersion: '2.1',
      prediction: 'approve',
      sessionId: 's',
      timestamp: '2026-01-10T00:00:00.000Z',
      userId: 'u',
    })
  })

  test('an output without a result is the prediction itself', () => {
    const output = { label: 'spam', confidence: 'high' }
    expect(normalize('decision', { modelId: 'm', output }).record).toEqual({
      modelId: 'm',
      prediction: output,
    })
    expect(normalize('decision', { modelId: 'm', output: 'spam' }).record).toEqual({
      modelId: 'm',
      prediction: 'spam',
    })
  })

  test('an input is opened only as far as it can be read back', () => {
    const nested = { data: { data: { data: 1 } } }
    const once = recordOf({ input: nested })
    expect(recordOf(once)).toEqual(once)
    expect(recordOf({ input: { data: { data: 1 } } })).toMatchObject({ input: { data: { data: 1 } } })
    expect(recordOf({ input: { text: 'a', hash: 'b' } })).toMatchObject({ input: { text: 'a', hash: 'b' } })
  })
})

describe('several names of one field', () => {
  test('the first of camelCase, snake_case and the aliases wins; the others are kept in metadata', () => {
    const names = ['decisionId', 'decision_id', 'eventId', 'event_id', 'auditId', 'audit_id']
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: 1 }), (sent) => {
        const record = recordOf(Object.fromEntries(sent.map((name) => [name, `from ${name}`])))
        const [best, ...others] = sent.toSorted((a, b) => names.indexOf(a) - names.indexOf(b))
        expect(record['decisionId']).toBe(`from ${best}`)
        expect(record['metadata'] ?? {}).toEqual(
          Object.fromEntries(others.map((name) => [name, `from ${name}`])),
        )
      }),
    )
  })

  test('a flat name wins over a nested one, whatever came first', () => {
    for (const sent of [
      { model: { id: 'n' }, modelId: 'f' },
      { modelId: 'f', model: { id: 'n' } },
    ]) {
      expect(normalize('decision', { ...sent, prediction: 1 }).record).toEqual({
        metadata: { model: { id: 'n' } },
        modelId: 'f',
        prediction: 1,
      })
    }
  })

  test('a null leaves the field to the next name', () => {
    expect(recordOf({ decisionId: null, audit_id: 'a' })).toEqual({ ...BASE, decisionId: 'a' })
  })
})

describe('what we do not know', () => {
  test('lands in metadata beside what the sender put there', () => {
    expect(recordOf({ foo: 1, metadata: { bar: 2 } })['metadata']).toEqual({ foo: 1, bar: 2 })
  })

  test('is kept under its pointer when metadata has that name already', () => {
    const metadata = recordOf({ foo: 1, 'a/b': 2, metadata: { foo: 3, '/foo': 4, 'a/b': 5 } })['metadata']
    expect(metadata).toEqual({ foo: 3, '/foo': 4, '//foo': 1, 'a/b': 5, '/a~1b': 2 })
  })

  test('may be called anything', () => {
    const sent = JSON.parse(
      '{"modelId":"m","prediction":1,"__proto__":{"x":1},"constructor":2,"hasOwnProperty":3}',
    ) as JsonValue
    const { record } = normalize('decision', sent)
    expect(JSON.stringify(record)).toBe(
      '{"metadata":{"__proto__":{"x":1},"constructor":2,"hasOwnProperty":3},"modelId":"m","prediction":1}',
    )
  })

  test('metadata that is no object is wrapped, not lost', () => {
    expect(recordOf({ metadata: 'free text', foo: 1 })['metadata']).toEqual({ metadata: 'free text', foo: 1 })
  })

  test('a word outside a list that decides nothing is kept there, and the field is missing', () => {
    expect(recordOf({ riskTier: 'extreme', environment: 'qa', modelType: 'Classification' })).toEqual({
      ...BASE,
      metadata: { environment: 'qa', riskTier: 'extreme' },
      modelType: 'classification',
    })
  })
})

describe('aliases of other kinds', () => {
  test.each<[RecordKind, { [name: string]: JsonValue }, { [name: string]: JsonValue }]>([
    ['outcome', { decision: 'd', ground_truth: 1 }, { decisionId: 'd', outcome: 1 }],
    [
      'review',
      { decisionId: 'd', reviewer: { id: 'r', role: 'senior' }, verdict: 'not-use', reason: 'x' },
      { decisionId: 'd', overrideReason: 'x', reviewerId: 'r', reviewerRole: 'senior', verdict: 'not_use' },
    ],
    ['comment', { decisionId: 'd', body: 'b' }, { decisionId: 'd', text: 'b' }],
    [
      'explanation',
      { decisionId: 'd', explanation: { top_features: [], reasoning: 'r' } },
      { decisionId: 'd', reasoning: 'r', topFeatures: [] },
    ],
    [
      'model.deployed',
      { model: { id: 'm', version: 2 }, git_commit: 'c' },
      { codeCommit: 'c', coerced: ['/modelVersion'], modelId: 'm', modelVersion: '2' },
    ],
    [
      'dataset.registered',
      { dataset: { id: 'd', version: '1', hash: 'h' }, license: 'CC0' },
      { datasetId: 'd', digest: 'h', licence: 'CC0', version: '1' },
    ],
  ])('%s', (kind, sent, record) => {
    expect(normalize(kind, sent)).toEqual({ record, errors: [] })
  })
})
