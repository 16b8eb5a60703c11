import { readFileSync } from 'node:fs'
import type { JsonValue, RecordKind } from '@deponent/format'
import {
  canonicalJson,
  isRecordKind,
  KINDS,
  normalizeRecord,
  numericValue,
  readJson,
  REL,
} from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonObject, jsonValue } from './arbitrary-json.ts'

const normalize = (kind: RecordKind, text: string) => normalizeRecord(kind, readJson(text))
const normalizeObject = (kind: RecordKind, sent: object) => normalize(kind, JSON.stringify(sent))
const decision = (fields: string) =>
  normalize('decision', `{"modelId":"m","prediction":"high"${fields && `,${fields}`}}`)
const errorsOf = ({ errors }: { errors: { code: string; path: string }[] }) =>
  errors.map(({ code, path }) => `${code} ${path}`)

describe('what a decision must say', () => {
  test.each([
    ['a prediction', '"prediction":"high"'],
    ['a prediction of nothing', '"prediction":[]'],
    ['a prediction that is false', '"prediction":false'],
    ['messages', '"messages":[{"role":"user"}]'],
    ['why there is none', '"status":"refused"'],
  ])('a model and %s is enough', (_, field) => {
    expect(normalize('decision', `{"modelId":"m",${field}}`).errors).toEqual([])
  })

  test.each([
    ['{}', ['missing_field /modelId', 'missing_field /prediction']],
    ['{"modelId":""}', ['missing_field /modelId', 'missing_field /prediction']],
    ['{"modelId":null,"prediction":1}', ['missing_field /modelId']],
    ['{"modelId":"m","prediction":null}', ['missing_field /prediction']],
    ['{"modelId":"m","status":"ok"}', ['missing_field /prediction']],
    ['{"modelId":"m","messages":[]}', ['missing_field /prediction']],
    ['{"modelId":7,"prediction":1}', ['wrong_type /modelId']],
    ['{"modelId":12345678901234567890,"prediction":1}', ['wrong_type /modelId']],
    ['{"model":{"id":7},"output":1}', ['wrong_type /model/id']],
    ['"a string"', ['wrong_type ']],
    ['[1]', ['wrong_type ']],
    ['null', ['wrong_type ']],
  ])('%s is refused, and every reason named', (text, errors) => {
    expect(errorsOf(normalize('decision', text))).toEqual(errors)
  })
})

describe('confidence', () => {
  test.each(['0', '1', '0.5', '1e-9', '-0', '0.12345678901234567890', '1e-400'])(
    '%s is a probability',
    (value) => {
      for (const kind of ['', ',"confidenceKind":"probability"', ',"confidenceKind":"self_reported"']) {
        expect(decision(`"confidence":${value}${kind}`).errors).toEqual([])
      }
    },
  )

  test.each(['1.0000001', '-1e-9', '85', '12345678901234567890', '-0.12345678901234567890'])(
    '%s is none',
    (value) => {
      for (const kind of ['', ',"confidence_kind":"probability"', ',"confidenceKind":"Self-Reported"']) {
        expect(errorsOf(decision(`"confidence":${value}${kind}`))).toEqual(['out_of_range /confidence'])
      }
    },
  )

  test('scores and log probabilities are any finite number', () => {
    expect(decision('"confidence":688,"confidenceKind":"score"').errors).toEqual([])
    expect(decision('"confidence":-12.5,"confidenceKind":"logprob"').errors).toEqual([])
    expect(errorsOf(decision('"confidence":1e999,"confidenceKind":"score"'))).toEqual([
      'number_overflow /confidence',
    ])
  })

  test('an error names the field as the sender did', () => {
    expect(errorsOf(normalize('decision', '{"modelId":"m","output":{"result":1,"confidence":2}}'))).toEqual([
      'out_of_range /output/confidence',
    ])
  })

  test.each(['"0.5"', 'true', '[0.5]', '{}'])('%s is no number', (value) => {
    expect(errorsOf(decision(`"confidence":${value}`))).toEqual(['wrong_type /confidence'])
  })

  test('NaN and the infinities are one error each', () => {
    for (const value of ['NaN', 'Infinity', '-Infinity']) {
      expect(errorsOf(decision(`"confidence":${value}`))).toEqual(['bad_json /confidence'])
    }
  })

  test('a number longer than a double is kept as text, and its value is known', () => {
    const { record } = decision('"confidence":0.12345678901234567890')
    expect(record).toMatchObject({ confidence: '0.12345678901234567890', coerced: ['/confidence'] })
    expect(numericValue(record['confidence'])).toBe(0.12345678901234568)
    expect(['0x10', 'high', '', ' 1', true, null, undefined].map(numericValue)).toEqual(
      Array(7).fill(undefined),
    )
  })
})

describe('errors', () => {
  test.each([
    ['"latencyMs":"fast"', 'wrong_type /latencyMs', 'expected a number, got a string'],
    ['"human_override":1', 'wrong_type /human_override', 'expected true or false, got a number'],
    ['"messages":"hello"', 'wrong_type /messages', 'expected an array, got a string'],
    [
      '"tokenUsage":{"cache_read":"3"}',
      'wrong_type /tokenUsage/cache_read',
      'expected a number, got a string',
    ],
    [
      '"environment":3',
      'wrong_type /environment',
      'expected one of production, staging, development, shadow, got a number',
    ],
    [
      '"status":"done"',
      'bad_value /status',
      'expected one of ok, error, refused, abstained, fallback, timeout',
    ],
    [
      '"confidenceKind":"gut"',
      'bad_value /confidenceKind',
      'expected one of probability, self_reported, score, logprob',
    ],
    ['"basis":"hearsay"', 'bad_value /basis', 'expected one of observed, asserted, attested'],
    [`"caseId":"${'x'.repeat(1025)}"`, 'too_long /caseId', 'expected at most 1024 characters'],
    [`"system":"${'x'.repeat(201)}"`, 'too_long /system', 'expected at most 200 characters'],
    ['"system":"a\\u0000b"', 'bad_value /system', 'a system name holds no control characters'],
    ['"jurisdiction":["EU",4]', 'wrong_type /jurisdiction/1', 'expected a string, got a number'],
    [
      '"retrievedDocuments":[{"digest":{}}]',
      'wrong_type /retrievedDocuments/0/digest',
      'expected a string, got an object',
    ],
    ['"kind":"outcome"', 'bad_value /kind', 'expected decision'],
  ])('%s', (field, error, message) => {
    const normalized = decision(field)
    expect(errorsOf(normalized)).toEqual([error])
    expect(normalized.errors[0]?.message).toBe(message)
  })

  test('the faults of the text come first', () => {
    expect(errorsOf(decision('"a":1,"a":2,"latencyMs":"x"'))).toEqual([
      'duplicate_key /a',
      'wrong_type /latencyMs',
    ])
  })

  test('never echo a value', () => {
    const secret = 'correct-horse-battery-staple'
    const fields = KINDS.flatMap((kind) => {
      const values: JsonValue[] = [secret, [secret], { [secret]: secret }, [{ rel: secret, id: [secret] }]]
      return values.flatMap((value) => {
        const names = [
          'modelId',
          'status',
          'confidence',
          'timestamp',
          'at',
          'links',
          'emitter',
          'system',
          'explanation',
        ]
        const record = Object.fromEntries(names.map((name) => [name, value]))
        return normalizeRecord(kind, { value: record, coerced: [], faults: [] }).errors
      })
    })
    expect(fields.length).toBeGreaterThan(KINDS.length)
    for (const { message } of fields) expect(message).not.toContain(secret)
  })

  test('are counted up to a limit', () => {
    expect(decision(`"links":[${'1,'.repeat(10_000)}1]`).errors).toHaveLength(64)
  })
})

describe('ids and versions', () => {
  test('an integer becomes its digits, and the record says so', () => {
    const { record, errors } = decision('"userId":42,"modelVersion":3,"affectedSubjects":[7,{"id":8}]')
    expect(errors).toEqual([])
    expect(record).toEqual({
      affectedSubjects: ['7', { id: '8' }],
      coerced: ['/affectedSubjects/0', '/affectedSubjects/1/id', '/modelVersion', '/userId'],
      modelId: 'm',
      modelVersion: '3',
      prediction: 'high',
      userId: '42',
    })
  })

  test('one value may stand for the list of it', () => {
    const { record } = decision('"affectedSubjects":12345678901234567890,"jurisdiction":"EU","tags":"a"')
    expect(record).toMatchObject({
      affectedSubjects: ['12345678901234567890'],
      coerced: ['/affectedSubjects/0'],
      jurisdiction: ['EU'],
      tags: ['a'],
    })
  })

  test('an id that is missing stays missing; an empty one is none', () => {
    expect(decision('').record).not.toHaveProperty('decisionId')
    expect(decision('"decisionId":""').record).toEqual({
      metadata: { decisionId: '' },
      modelId: 'm',
      prediction: 'high',
    })
  })

  test('coerced pointers lead to where the number is now', () => {
    const long = '12345678901234567890'
    const { record } = decision(
      `"foo":${long},"a/b":[${long}],"model":{"size":${long}},"token_usage":{"cache_read":${long}},"explanation":{"top_features":[{"importance":${long}}]},"emitter":{"x":${long}}`,
    )
    expect(record['coerced']).toEqual([
      '/explanation/topFeatures/0/importance',
      '/metadata/a~1b/0',
      '/metadata/emitter/x',
      '/metadata/foo',
      '/metadata/model/size',
      '/tokenUsage/cacheRead',
    ])
  })

  test('a coerced list that came along is believed only if numbers are there', () => {
    expect(decision('"confidence":"0.5","coerced":["/confidence"]')).toMatchObject({
      errors: [],
      record: { confidence: '0.5', coerced: ['/confidence'] },
    })
    expect(decision('"caseId":"x","coerced":["/caseId"]').record).toMatchObject({
      metadata: { coerced: ['/caseId'] },
    })
  })
})

describe('links', () => {
  test.each(REL)('%s is a relation in either spelling', (rel) => {
    const snake = rel.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`)
    const { record, errors } = decision(`"links":[{"rel":"${snake}","id":"x","note":"n"}]`)
    expect(errors).toEqual([])
    expect(record['links']).toEqual([{ rel, id: 'x', note: 'n' }])
  })

  test('need both ends', () => {
    expect(errorsOf(decision('"links":[{"rel":"reviews"},{"id":"x"},{"rel":"likes","id":"x"}]'))).toEqual([
      'missing_field /links/0/id',
      'missing_field /links/1/rel',
      'bad_value /links/2/rel',
    ])
  })
})

describe('the emitter', () => {
  const blind = 'ab'.repeat(32)

  test('is taken apart from the record', () => {
    const normalized = decision(`"emitter":{"id":"checkout-1","epoch":1,"seq":42,"blind":"${blind}"}`)
    expect(normalized).toEqual({
      emitter: { id: 'checkout-1', epoch: 1, seq: 42, blind },
      errors: [],
      record: { modelId: 'm', prediction: 'high' },
    })
  })

  test('is optional, and members we do not know are kept', () => {
    expect(decision('"emitter":null')).not.toHaveProperty('emitter')
    const { record } = decision(`"emitter":{"id":"e","epoch":0,"seq":0,"blind":"${blind}","host":"h"}`)
    expect(record['metadata']).toEqual({ emitter: { host: 'h' } })
  })

  test.each([
    ['"x"', ['wrong_type /emitter']],
    [
      '{}',
      [
        'missing_field /emitter/id',
        'missing_field /emitter/epoch',
        'missing_field /emitter/seq',
        'missing_field /emitter/blind',
      ],
    ],
    [`{"id":"a b","epoch":1,"seq":1,"blind":"${blind}"}`, ['bad_value /emitter/id']],
    [`{"id":"${'a'.repeat(65)}","epoch":1,"seq":1,"blind":"${blind}"}`, ['bad_value /emitter/id']],
    [
      `{"id":"a","epoch":-1,"seq":1.5,"blind":"${blind}"}`,
      ['wrong_type /emitter/epoch', 'wrong_type /emitter/seq'],
    ],
    [`{"id":"a","epoch":1,"seq":12345678901234567890,"blind":"${blind}"}`, ['wrong_type /emitter/seq']],
    [`{"id":"a","epoch":1,"seq":1,"blind":"${blind.toUpperCase()}"}`, ['bad_value /emitter/blind']],
  ])('%s is refused', (emitter, errors) => {
    const normalized = decision(`"emitter":${emitter}`)
    expect(errorsOf(normalized)).toEqual(errors)
    expect(normalized).not.toHaveProperty('emitter')
  })
})

describe('the life of a model', () => {
  test('names who authorised a deployment under any of the usual names', () => {
    for (const name of [
      'approver',
      'approvedBy',
      'authorised_by',
      'authorizedBy',
      'authoriser',
      'authorizer',
    ])
      expect(normalizeObject('model.deployed', { modelId: 'm', [name]: 'ada' }).record).toEqual({
        approver: 'ada',
        modelId: 'm',
      })
  })

  test('names data sets in either spelling, as text or by id and version, one or several', () => {
    const refs = ['loans/7', { dataset_id: 'loans', version: 7 }]
    const { record, errors } = normalizeObject('model.training_completed', {
      modelId: 'm',
      training_data_ref: refs,
    })
    expect({ errors, ref: record.trainingDataRef }).toEqual({
      errors: [],
      ref: ['loans/7', { datasetId: 'loans', version: '7' }],
    })
  })

  test('takes one evaluation result for a list of one', () => {
    const sent = { modelId: 'm', evaluationResults: { metric: 'auc', value: 0.9, passed: true } }
    expect(normalizeObject('model.evaluation_completed', sent).record.evaluationResults).toEqual([
      { metric: 'auc', passed: true, value: 0.9 },
    ])
  })

  test.each([
    [{ value: 0.9 }, 'missing_field', '/evaluationResults/0/metric'],
    [{ metric: 'auc', passed: 'yes' }, 'wrong_type', '/evaluationResults/0/passed'],
    [{ metric: 'auc', threshold: 'high' }, 'wrong_type', '/evaluationResults/0/threshold'],
  ])('says where a result of an evaluation is wrong: %j', (result, code, path) => {
    const { errors } = normalizeObject('model.evaluation_completed', {
      modelId: 'm',
      evaluationResults: [result],
    })
    expect(errors).toMatchObject([{ code, path }])
  })
})

describe('kinds', () => {
  test('are a closed list of names the entry grammar admits', () => {
    expect(new Set(KINDS).size).toBe(KINDS.length)
    for (const kind of KINDS) expect(kind).toMatch(/^[a-z][a-z_]{0,30}(\.[a-z][a-z_]{0,60})?$/)
    expect(isRecordKind('decision')).toBe(true)
    expect(['decisions', 'constructor', '', 7, null].some(isRecordKind)).toBe(false)
  })

  test.each<[RecordKind, string]>([
    ['query', '{"prompt":"who?"}'],
    ['outcome', '{"decisionId":"d","outcome":0,"observedAt":"2026-01-01"}'],
    ['outcome', '{"links":[{"rel":"outcomeOf","id":"x"}],"outcome":{"paid":true}}'],
    ['review', '{"decisionId":"d","verdict":"agree"}'],
    ['contest', '{"decisionId":"d","reason":"wrong income"}'],
    ['comment', '{"decisionId":"d","text":"see file"}'],
    ['score', '{"decisionId":"d","name":"helpfulness","value":0.7}'],
    ['explanation', '{"decisionId":"d","reasoning":"because"}'],
    ['action', '{"action":"account frozen"}'],
    [
      'model.retired',
      '{"modelId":"m","eventType":"retired","evaluationResults":[{"metric":"auc","value":0.9,"passed":true}]}',
    ],
    ['dataset.registered', '{"datasetId":"d"}'],
    ['dataset.transformed', '{"datasetId":"d","inputs":["a",{"datasetId":"b","version":2}]}'],
    ['system.declared', '{"name":"loan-scoring","subjectFrom":"userId"}'],
    ['system.log', '{"event":"started"}'],
    ['stop', '{"trigger":"operator"}'],
    ['emitter.heartbeat', '{"emitterId":"e","epoch":1,"seq":9}'],
    ['emitter.loss', '{"emitterId":"e","epoch":1,"seq":9,"reason":"rejected"}'],
    ['access', '{"actor":{"id":"u"},"purpose":"audit","result":"read"}'],
    ['change', '{"object":"field","before":"queryable","after":"sealed"}'],
    ['monitor.evaluation', '{"metric":"psi","value":0.1}'],
    ['alert.raised', '{"monitorId":"m"}'],
    ['incident.opened', '{"incidentId":"i","category":"harm to property"}'],
    ['notice', '{"type":"adverse"}'],
    ['notification', '{"regime":"aia.73"}'],
    ['request', '{"type":"erasure"}'],
    ['hold.placed', '{"holdId":"h"}'],
    ['erasure', `{"setRoot":"${'0'.repeat(64)}","count":4}`],
    ['retention.expired', '{"policy":"standard","counts":{"decision":3}}'],
    ['key.rotated', '{"keyId":"k"}'],
    ['assessment', '{"type":"fria"}'],
    ['document', '{"title":"Instructions for use"}'],
    ['training', '{"person":"p","role":"overseer"}'],
    ['supplier', '{"name":"vendor"}'],
    ['report', '{"template":"usage"}'],
    ['import', '{"file":"compas.csv","rows":7214}'],
    ['vault.sealed', `{"segment":3,"first":0,"end":256,"digest":"${'0'.repeat(64)}"}`],
  ])('%s accepts %s', (kind, text) => {
    expect(normalize(kind, text).errors).toEqual([])
  })

  test.each<[RecordKind, string, string[]]>([
    ['outcome', '{}', ['missing_field /decisionId', 'missing_field /outcome']],
    ['outcome', '{"decisionId":"d","outcome":1,"observedAt":"later"}', ['bad_time /observedAt']],
    ['review', '{"decisionId":"d"}', ['missing_field /verdict']],
    ['review', '{"links":[],"verdict":"maybe"}', ['missing_field /decisionId', 'bad_value /verdict']],
    ['score', '{"decisionId":"d","name":"x"}', ['missing_field /value']],
    ['model.deployed', '{"eventType":"retired"}', ['missing_field /modelId', 'bad_value /eventType']],
    [
      'vault.sealed',
      '{"segment":1,"first":-1,"end":2,"digest":"xyz"}',
      ['bad_value /digest', 'wrong_type /first'],
    ],
    ['access', '{"result":"maybe"}', ['bad_value /result']],
  ])('%s refuses %s', (kind, text, errors) => {
    expect(errorsOf(normalize(kind, text)).toSorted()).toEqual(errors.toSorted())
  })

  test('the kind named inside the record must be its own and is not repeated', () => {
    expect(normalize('outcome', '{"kind":"outcome","decisionId":"d","outcome":1}').record).toEqual({
      decisionId: 'd',
      outcome: 1,
    })
    expect(decision('"kind":"mortgage"').record).toMatchObject({ metadata: { kind: 'mortgage' } })
  })
})

describe('laws', () => {
  const knownNames =
    'modelId model_id model input input_data output prediction context confidence status timestamp at ' +
    'timestampSource atAssumed coerced metadata links explanation token_usage userId jurisdiction tags riskTier ' +
    'kind emitter decision decisionId system actor error'
  const knownName = fc.constantFrom(...knownNames.split(' '))
  const part = fc.oneof(
    jsonValue,
    fc.constantFrom<JsonValue>('ok', 'high', '2026-01-10', 1767225600, 'm', 42, 777, 0.5, [], {}, '0.5', [
      '/userId',
    ]),
    fc.dictionary(
      fc.constantFrom(
        'id',
        'data',
        'hash',
        'result',
        'confidence',
        'version',
        'user_id',
        'top_features',
        'x',
      ),
      jsonValue,
    ),
  )
  const sent = fc
    .tuple(fc.array(fc.tuple(knownName, part), { maxLength: 8 }), jsonObject)
    .map(([known, unknown]) => ({ modelId: 'm', prediction: 1, ...unknown, ...Object.fromEntries(known) }))
  const kind = fc.constantFrom<RecordKind>(
    'decision',
    'decision',
    'outcome',
    'review',
    'model.deployed',
    'change',
  )

  test('normalising twice is normalising once', () => {
    fc.assert(
      fc.property(kind, sent, (kind, value) => {
        // 777 stands for numbers that only fit as text.
        const text = JSON.stringify(value).replaceAll(':777', ':12345678901234567890')
        const first = normalizeRecord(kind, readJson(text))
        if (first.errors.length > 0) return
        const second = normalizeRecord(kind, { value: first.record, coerced: [], faults: [] })
        expect(second).toEqual({ record: first.record, errors: [] })
      }),
      { numRuns: 3_000 },
    )
  })

  test('the order of names does not matter', () => {
    fc.assert(
      fc.property(kind, sent, (kind, value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed())
        const [a, b] = [value, reversed].map(
          (value) => normalizeRecord(kind, { value, coerced: [], faults: [] }).record,
        )
        expect(canonicalJson(b!)).toBe(canonicalJson(a!))
      }),
      { numRuns: 1_000 },
    )
  })

  test('every field we do not know is kept as it was sent', () => {
    fc.assert(
      fc.property(jsonObject, (unknown) => {
        const value = { ...unknown, modelId: 'm', prediction: 1 }
        const { record } = normalizeRecord('decision', { value, coerced: [], faults: [] })
        expect(canonicalJson(record['metadata'] ?? {})).toBe(canonicalJson(unknown))
      }),
    )
  })

  test('an accepted record is built in canonical order', () => {
    fc.assert(
      fc.property(sent, (value) => {
        const names = Object.keys(normalizeRecord('decision', { value, coerced: [], faults: [] }).record)
        expect(names).toEqual(names.toSorted())
      }),
    )
  })

  test('any value is answered with errors, never with an exception', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.oneof(jsonValue, sent), (kind, value) => {
        expect(Array.isArray(normalizeRecord(kind, { value, coerced: [], faults: [] }).errors)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('vectors', () => {
  interface Vector {
    readonly name: string
    readonly kind: RecordKind
    readonly text: string
  }
  const { valid, invalid } = JSON.parse(
    readFileSync(new URL('../vectors/records-normalized.json', import.meta.url), 'utf8'),
  ) as {
    valid: (Vector & { record: string; emitter?: object })[]
    invalid: (Vector & { errors: object[] })[]
  }

  test.each(valid)('$name', ({ kind, text, record, emitter }) => {
    const normalized = normalize(kind, text)
    expect(normalized.errors).toEqual([])
    expect(normalized.emitter).toEqual(emitter)
    expect(canonicalJson(normalized.record)).toBe(record)
  })

  test.each(invalid)('$name is refused', ({ kind, text, errors }) => {
    expect(normalize(kind, text).errors.map(({ code, path }) => ({ code, path }))).toEqual(errors)
  })
})
