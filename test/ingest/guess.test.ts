import type { JsonObject } from '@deponent/format'
import { describe, expect, it } from 'vitest'
import { guessMapping, isRecord } from '../../packages/server/src/ingest/guess.ts'
import { parseMapping } from '../../packages/server/src/ingest/mapping.ts'
import { readGiven, withGiven } from '../../packages/server/src/ingest/given.ts'

describe('a guessed mapping', () => {
  it('finds fields by the names of columns, types by their cells, and loses no column', () => {
    const row = {
      ID: '7',
      'Model Name': 'm',
      Score: 'A',
      probability: '0.5',
      'feature.age': '41',
      branch: 'x',
      label: '1',
    }
    const guess = guessMapping([row])
    expect(guess).toEqual({
      kind: 'decision',
      fields: {
        decisionId: { from: 'ID', optional: true },
        modelId: { from: 'Model Name', optional: true },
        prediction: { from: 'Score', optional: true },
        confidence: { from: 'probability', type: 'number', optional: true },
        'inputFeatures.age': { from: 'feature.age', type: 'integer', optional: true },
        'metadata.branch': { from: 'branch', optional: true },
      },
      then: [{ kind: 'outcome', fields: { outcome: { from: 'label', type: 'integer', optional: true } } }],
    })
    expect(() => parseMapping(guess)).not.toThrow()
  })

  it('takes the commonest of several names, and keeps the others', () => {
    const { fields } = guessMapping([{ score: '0.3', prediction: 'high', created_at: 'x', timestamp: 'y' }])
    expect(fields).toMatchObject({
      prediction: { from: 'prediction' },
      timestamp: { from: 'timestamp' },
      'metadata.score': { from: 'score' },
      'metadata.created_at': { from: 'created_at' },
    })
  })

  it('is one that can be used, whatever the columns are called', () => {
    for (const column of ['', '.', 'a..b', 'features', '__proto__', 'metadata', '/', '{x}'])
      expect(() => parseMapping(guessMapping([{ [column]: '1', feature_x: '2' }]))).not.toThrow()
  })

  it('is not needed for rows that are records already', () => {
    const own: JsonObject[] = [
      { kind: 'outcome' },
      { model_id: 'm', prediction: 0 },
      { model: { id: 'm' }, output: {} },
    ]
    expect(own.map(isRecord)).toEqual([true, true, true])
    const others: JsonObject[] = [{ model: 'm', prediction: 1 }, { kind: 'LLM' }, {}]
    expect(others.map(isRecord)).toEqual([false, false, false])
  })
})

describe('what is given for all records', () => {
  const reading = (value: object) => ({ value: { ...value } as never, coerced: [], faults: [] })

  it('is read as a number, true or JSON where it reads so, and as a text otherwise', () => {
    expect(['a=1', 'a=true', 'a={"b":1}', 'a=x=y', 'a=', 'a=2026-01-01', 'a.b=007'].map(readGiven)).toEqual([
      ['a', 1],
      ['a', true],
      ['a', { b: 1 }],
      ['a', 'x=y'],
      ['a', ''],
      ['a', '2026-01-01'],
      ['a.b', '007'],
    ])
    expect(['=1', 'a', 'a..b=1'].map(readGiven)).toEqual([undefined, undefined, undefined])
  })

  it('never replaces what a record says, and says nothing but the system of records that are no decisions', () => {
    const given = new Map([
      readGiven('system=s')!,
      readGiven('inference.settings.seed=1')!,
      readGiven('modelId=m')!,
    ])
    const decision = withGiven(
      { kind: 'decision', reading: reading({ modelId: 'own', inference: 'text' }) },
      given,
    )
    expect(decision.reading.value).toEqual({ modelId: 'own', inference: 'text', system: 's' })
    const outcome = withGiven({ kind: 'outcome', reading: reading({ outcome: 1 }) }, given)
    expect(outcome.reading.value).toEqual({ outcome: 1, system: 's' })
  })
})
