import { type CanonicalRecord, normalizeRecord, readJson } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cell, rowsOf } from '../../packages/server/src/projection/rows.ts'
import {
  DECISIONS,
  ENTRIES,
  OUTCOMES,
  partitionOf,
  RECORDS,
  REVIEWS,
  type TableShape,
} from '../../packages/server/src/projection/schema.ts'
import {
  featureText,
  resultText,
  scaledOf,
  textsMeaning,
  valueOfText,
} from '../../packages/server/src/projection/values.ts'
import { decision, MemorySource, T0, type Told } from './world.ts'

function rows(told: Told) {
  const source = new MemorySource()
  source.add(told)
  return rowsOf(source.entries[0]!)
}

/** Cells by column name; the map of further features is added later. */
function named(table: TableShape, cells: readonly Cell[] | undefined): Record<string, Cell> {
  const names = table.columns.map(({ name }) => name).filter((name) => name !== 'moreFeatures')
  expect(cells).toHaveLength(names.length)
  return Object.fromEntries(names.map((name, i) => [name, cells![i]!]))
}

describe('rows of a decision', () => {
  test('hold what is queryable, in the units of the columns', () => {
    const { decision: cells } = rows(
      decision(
        {
          decisionId: 'd-1',
          timestamp: '2026-01-10T00:00:00.000Z',
          prediction: { b: 1, a: [true] },
          confidence: 0.7,
          latencyMs: 12.3456,
          costUsd: 0.000_000_123_4,
          tokenUsage: { input: 10, output: 3 },
          humanOverride: true,
        },
        { subject: 'ab'.repeat(16) },
      ),
    )
    expect(named(DECISIONS, cells)).toMatchObject({
      index: 0,
      at: Date.UTC(2026, 0, 10),
      decisionId: 'd-1',
      subject: 'ab'.repeat(16),
      status: 'ok',
      prediction: '{"a":[true],"b":1}',
      confidence: 0.7,
      score: null,
      latencyUs: 12_346,
      costNanoUsd: 123,
      inputTokens: 10,
      outputTokens: 3,
      // Nobody overrides what nobody looked at.
      reviewed: true,
      overridden: true,
    })
  })

  test('keep scores and log-probabilities apart from confidence', () => {
    for (const confidenceKind of ['score', 'logprob']) {
      expect(named(DECISIONS, rows(decision({ confidence: -7, confidenceKind })).decision)).toMatchObject({
        confidence: null,
        score: -7,
      })
    }
    for (const confidenceKind of ['probability', 'self_reported']) {
      expect(named(DECISIONS, rows(decision({ confidence: 1, confidenceKind })).decision)).toMatchObject({
        confidence: 1,
        score: null,
      })
    }
  })

  test('tell of a review inside the decision as asserted', () => {
    const { review, entry } = rows(
      decision({ humanReviewed: true, humanReviewerId: 'r', humanDecision: 'no' }),
    )
    expect(named(REVIEWS, review)).toMatchObject({
      inDecision: true,
      basis: 'asserted',
      reviewer: 'r',
      overridden: false,
      humanDecision: '"no"',
    })
    expect(named(ENTRIES, entry)).toMatchObject({ rows: 2, rejected: '' })
    expect(rows(decision({})).review).toBeUndefined()
  })

  test('take the time of receipt when the record names none', () => {
    expect(rows({ ...decision({}), receivedAt: T0 + 5 }).at).toBe(T0 + 5)
  })
})

test('rows of other kinds name the decision they are about, known or not', () => {
  const target = { index: 4, id: '01970000-0000-7000-8000-000000000004' }
  expect(named(OUTCOMES, rows({ kind: 'outcome', record: { outcome: 0 }, target }).outcome)).toMatchObject({
    targetIndex: 4,
    targetId: target.id,
    outcome: '0',
    outcomeSealed: false,
  })
  expect(
    named(OUTCOMES, rows({ kind: 'outcome', record: { outcome: 'x'.repeat(300), decisionId: 'd' } }).outcome),
  ).toMatchObject({
    targetIndex: -1,
    targetId: 'd',
    outcome: '',
    outcomeSealed: true,
  })
  for (const [verdict, overridden] of [
    ['agree', false],
    ['override', true],
    ['reverse', true],
    ['disregard', true],
    ['not_use', true],
    ['escalate', false],
  ] as const) {
    expect(named(REVIEWS, rows({ kind: 'review', record: { verdict }, target }).review)).toMatchObject({
      overridden,
      inDecision: false,
      basis: 'observed',
    })
  }
  expect(
    named(RECORDS, rows({ kind: 'model.deployed', record: { modelId: 'm', modelVersion: '2' } }).record),
  ).toMatchObject({
    kind: 'model.deployed',
    modelId: 'm',
    modelVersion: '2',
  })
})

test('an entry without content has a row that counts it and no other', () => {
  const { entry, ...rest } = rows({ record: undefined, emitter: { id: 'e1', epoch: 2, seq: 7 } })
  expect(named(ENTRIES, entry)).toMatchObject({ kind: 'decision', emitter: 'e1', epoch: 2, seq: 7, rows: 0 })
  expect(rest).toEqual({ index: 0, system: 'default', at: T0, features: [] })
})

test('any record the format accepts has rows, the same each time', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom('decision', 'review', 'outcome', 'comment'), (json, kind) => {
      const sent = JSON.stringify({
        modelId: 'm',
        prediction: JSON.parse(json) as unknown,
        inputFeatures: { x: JSON.parse(json) as unknown },
        outcome: JSON.parse(json) as unknown,
        humanDecision: JSON.parse(json) as unknown,
        decisionId: 'd',
      })
      const { record, errors } = normalizeRecord(kind, readJson(sent))
      fc.pre(errors.length === 0)
      expect(rows({ kind, record })).toEqual(
        rows({ kind, record: JSON.parse(JSON.stringify(record)) as CanonicalRecord }),
      )
    }),
  )
})

describe('texts of values', () => {
  test('give back the value they were made of', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
        const text = resultText(value as never)
        if (text !== undefined) expect(resultText(valueOfText(text))).toBe(text)
      }),
    )
  })

  test('are found by the string itself, or by the RFC 8785 text of anything else', () => {
    const stored = (value: unknown) => resultText(value as never)!
    const matches = (filter: string, value: unknown) => textsMeaning(filter).includes(stored(value))
    expect(matches('high', 'high')).toBe(true)
    expect(matches('"high"', 'high')).toBe(false)
    expect(matches('"high"', '"high"')).toBe(true)
    expect(matches('1', 1) && matches('1', '1')).toBe(true)
    expect(matches('true', true) && matches('true', 'true')).toBe(true)
    expect(matches('null', null)).toBe(true)
    expect(matches('{"a":1}', { a: 1 })).toBe(true)
    expect(matches('', '')).toBe(true)
    expect(matches('1.0', 1)).toBe(false)
    fc.assert(fc.property(fc.string({ maxLength: 20 }), (text) => matches(text, text)))
  })

  test('of features are numbers, booleans and strings of up to 64 bytes', () => {
    expect(['a'.repeat(64), 1.5, true, -0].map((value) => featureText(value))).toEqual([
      `"${'a'.repeat(64)}"`,
      '1.5',
      'true',
      '0',
    ])
    expect(
      ['a'.repeat(65), 'é'.repeat(33), null, [1], { a: 1 }].map((value) => featureText(value as never)),
    ).toEqual(Array(5).fill(undefined))
    expect(featureText('é'.repeat(32))).toBeDefined()
  })
})

test('amounts that do not fit an integer are none', () => {
  expect([1.5, 'x', undefined, 1e300, '12.5'].map((value) => scaledOf(value, 1000))).toEqual([
    1500,
    null,
    null,
    null,
    12_500,
  ])
})

test('months are partitions from 2000 to 2099, every other moment is in partition 0', () => {
  const of = (iso: string) => partitionOf(Date.parse(iso))
  expect(of('2000-01-01T00:00:00Z')).toBe(200_001)
  expect(of('2099-12-31T23:59:59.999Z')).toBe(209_912)
  expect([of('1999-12-31T23:59:59.999Z'), of('2100-01-01T00:00:00Z'), of('9999-12-31T00:00:00Z')]).toEqual([
    0, 0, 0,
  ])
})
