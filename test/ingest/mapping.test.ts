import { describe, expect, it } from 'vitest'
import { rowMapper } from '../../packages/server/src/ingest/map-row.ts'
import type { MappedRow } from '../../packages/server/src/ingest/map-row.ts'
import { MappingError, parseMapping, requiredColumns } from '../../packages/server/src/ingest/mapping.ts'
import type { SourceRow } from '../../packages/server/src/ingest/source-row.ts'

const example = {
  kind: 'decision',
  fields: {
    decisionId: { template: 'compas-{id}' },
    affectedUserId: { template: 'defendant-{id}' },
    timestamp: { from: 'compas_screening_date' },
    modelId: { const: 'compas' },
    prediction: { from: 'score_text', map: { Low: 'low', Medium: 'high', High: 'high' } },
    'inputFeatures.race': { from: 'race' },
    'inputFeatures.age': { from: 'age', type: 'integer' },
  },
  then: [{ kind: 'outcome', fields: { outcome: { from: 'two_year_recid', type: 'integer' } } }],
}
const cells = {
  id: '1',
  compas_screening_date: '2013-08-14',
  score_text: 'Medium',
  race: 'Other',
  age: '69',
  two_year_recid: '0',
}

function mapRow(mapping: unknown, values: SourceRow['values'], coerced: string[] = []): MappedRow {
  return rowMapper(parseMapping(mapping))({ line: 2, values, coerced })
}

/** The value one field specification makes of one cell `x`, or the code of the row's error. */
function field(source: object, x: SourceRow['values'][string]): unknown {
  const { records, error } = mapRow(
    { kind: 'decision', fields: { y: source, modelId: { const: 'm' } } },
    { x },
  )
  if (error !== undefined) return error.code
  return (records[0]!.reading.value as Record<string, unknown>)['y']
}

function complaint(mapping: unknown): string {
  try {
    parseMapping(mapping)
  } catch (error) {
    if (error instanceof MappingError) return error.message
    throw error
  }
  return 'accepted'
}

const withField = (source: unknown) => ({ kind: 'decision', fields: { y: source } })

describe('a row', () => {
  it('becomes a decision and its outcome, as the example of the contract says', () => {
    expect(mapRow(example, cells).records?.map(({ kind, reading }) => [kind, reading.value])).toEqual([
      [
        'decision',
        {
          decisionId: 'compas-1',
          affectedUserId: 'defendant-1',
          timestamp: '2013-08-14',
          modelId: 'compas',
          prediction: 'high',
          inputFeatures: { race: 'Other', age: 69 },
        },
      ],
      ['outcome', { decisionId: 'compas-1', outcome: 0 }],
    ])
  })

  it('leaves a field out where its cell is empty, also inside a template', () => {
    const { records } = mapRow(example, { ...cells, race: '', compas_screening_date: '' })
    expect(records?.[0]?.reading.value).not.toHaveProperty('timestamp')
    expect(records?.[0]?.reading.value).toHaveProperty('inputFeatures', { age: 69 })
    expect(field({ template: 'a-{x}' }, '')).toBeUndefined()
    expect(field({ template: 'a-{x}{{}}' }, 7)).toBe('a-7{}')
  })

  it('makes no record at all when one of its cells is wrong', () => {
    const { records, error } = mapRow(example, { ...cells, two_year_recid: 'maybe' })
    expect(records).toBeUndefined()
    expect(error).toEqual({
      code: 'bad_integer',
      path: '',
      message: 'line 2: column "two_year_recid" is not an integer',
    })
  })

  it('names a missing source column, unless the field may lack it', () => {
    const { race: _, ...withoutRace } = cells
    expect(mapRow(example, withoutRace).error?.code).toBe('missing_column')
    expect(mapRow(example, withoutRace).error?.message).toContain('column "race" is not there')
    expect(field({ from: 'absent', optional: true }, '')).toBeUndefined()
  })

  it('needs a decisionId for records about its decision', () => {
    expect(mapRow(example, { ...cells, id: '' }).error?.code).toBe('missing_decision_id')
  })

  it('names the system of its decision in the records about it', () => {
    const mapping = { ...example, fields: { ...example.fields, system: { const: 'courts' } } }
    expect(mapRow(mapping, cells).records?.[1]?.reading.value).toEqual({
      decisionId: 'compas-1',
      system: 'courts',
      outcome: 0,
    })
  })

  it('never shows the content of a cell in an error', () => {
    for (const source of [
      { from: 'x', type: 'integer' },
      { from: 'x', map: { a: 1 } },
      { from: 'x', type: 'json' },
    ]) {
      const { error } = mapRow(withField(source), { x: 'Erika Mustermann' })
      expect(error?.message).toContain('column "x"')
      expect(error?.message).not.toContain('Erika')
    }
  })

  it('builds nested objects and treats __proto__ as a name like any other', () => {
    const fields = {
      'a.b.c': { from: 'x' },
      'a.b.d': { const: [1] },
      'a.__proto__.polluted': { const: true },
    }
    const { records } = mapRow({ kind: 'decision', fields }, { x: 'v' })
    expect(JSON.stringify(records?.[0]?.reading.value)).toBe(
      '{"a":{"b":{"c":"v","d":[1]},"__proto__":{"polluted":true}}}',
    )
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('a type', () => {
  it.each([
    ['integer', '42', 42],
    ['integer', ' -7 ', -7],
    ['integer', '1.0', 'bad_integer'],
    ['integer', '007', 'bad_integer'],
    ['number', '-1.5e3', -1500],
    ['number', '1,5', 'bad_number'],
    ['number', 'NaN', 'bad_number'],
    ['number', '1e999', 'bad_number'],
    ['boolean', 'Yes', true],
    ['boolean', '0', false],
    ['boolean', 'si', 'bad_boolean'],
    ['json', '{"a":[1,null]}', { a: [1, null] }],
    ['json', '{"a":1,"a":2}', 'bad_json'],
    ['string', ' as it is ', ' as it is '],
  ])('%s reads %j as %j', (type, cell, value) => {
    expect(field({ from: 'x', type }, cell)).toEqual(value)
  })

  it('string makes text of a JSON value and number divides by what it is told', () => {
    expect(field({ from: 'x', type: 'string' }, 1.5)).toBe('1.5')
    expect(field({ from: 'x', type: 'number', divideBy: 10 }, '3')).toBe(0.3)
    expect(field({ from: 'x', type: 'number', divideBy: 100 }, 1234)).toBe(12.34)
  })

  it('keeps an integer beyond 2^53 as text and says where', () => {
    const mapping = withField({ from: 'x', type: 'integer' })
    const { records } = mapRow(mapping, { x: '9007199254740993' })
    expect(records?.[0]?.reading).toMatchObject({ value: { y: '9007199254740993' }, coerced: ['/y'] })
  })

  it('carries that note along from a JSON row to where the value goes', () => {
    const mapping = { kind: 'decision', fields: { 'input.big': { from: 'deep.x' } } }
    const { records } = mapRow(mapping, { deep: { x: { n: '1'.repeat(20) } } }, ['/deep/x/n', '/other'])
    expect(records?.[0]?.reading.coerced).toEqual(['/input/big/n'])
  })
})

describe('a mapping', () => {
  it('lists the columns every row must have', () => {
    expect(requiredColumns(parseMapping(example))).toEqual([
      'id',
      'compas_screening_date',
      'score_text',
      'race',
      'age',
      'two_year_recid',
    ])
  })

  it.each([
    [{ kind: 'decision', field: {} }, 'unknown key "field"; did you mean "fields"?'],
    [{ kind: 'decison', fields: {} }, '/kind: "decison" is no kind of record; did you mean "decision"?'],
    [withField({ form: 'x' }), '/fields/y: unknown key "form"; did you mean "from"?'],
    [
      withField({ from: 'x', type: 'int' }),
      '/fields/y/type: expected one of string, integer, number, boolean, json; did you mean "integer"?',
    ],
    [withField({ from: 'x', const: 1 }), '/fields/y: needs exactly one of "from", "const" and "template"'],
    [withField({}), '/fields/y: needs exactly one of "from", "const" and "template"'],
    [withField({ const: 1, type: 'string' }), '/fields/y: "type" has no meaning beside "const"'],
    [withField({ template: 'a{b' }), '/fields/y: a "{" stands alone in the template'],
    [withField({ from: 'x', divideBy: 10 }), '/fields/y/divideBy: needs "type": "number" beside it'],
    [
      withField({ from: 'x', type: 'number', divideBy: 0 }),
      '/fields/y/divideBy: expected a number other than 0',
    ],
    [{ kind: 'decision', fields: {} }, '/fields: names no field'],
    [
      { kind: 'decision', fields: { a: { const: 1 }, 'a.b': { const: 1 } } },
      '/fields: "a" is set as a whole and again by "a.b"',
    ],
    [{ kind: 'decision', fields: { 'a..b': { const: 1 } } }, '/fields/a..b: a field name has an empty part'],
    [{ ...withField({ const: 1 }), then: [] }, 'accepted'],
    [
      { ...withField({ const: 1 }), then: example.then },
      '/fields: records under "then" carry the decisionId, so the decision needs one',
    ],
    [{ ...example, kind: 'comment' }, '/then: only a decision can be followed by other records'],
    [[], 'expected an object'],
  ])('%j: %s', (mapping, message) => {
    expect(complaint(mapping)).toBe(message)
  })
})
