import { type CanonicalRecord, classificationOf, isAltered, sealedPointers } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Classifier } from '../../packages/server/src/vault/classify/classifier.ts'
import { FieldRules } from '../../packages/server/src/vault/classify/field-rules.ts'
import {
  type ClassificationPolicy,
  DEFAULT_CLASSIFICATION,
  type SystemRules,
  TREATMENTS,
} from '../../packages/server/src/vault/classify/policy.ts'
import { POINTERS_LISTED_MAX, shortenedSeals } from '../../packages/server/src/vault/classify/shortened.ts'
import { jsonValue } from '../format/arbitrary-json.ts'

const KEY = new Uint8Array(32).fill(7)

function classified(
  record: CanonicalRecord,
  policy: Partial<ClassificationPolicy> & Partial<SystemRules> = {},
  kind = 'decision',
): CanonicalRecord {
  const { fields, ...rest } = policy
  const whole = { ...DEFAULT_CLASSIFICATION, ...rest, ...(fields && { systems: { credit: { fields } } }) }
  return new Classifier(KEY, whole).classify(kind, 'credit', record).record
}

const DECISION: CanonicalRecord = {
  decisionId: 'loan-1',
  modelId: 'm',
  userId: 'user-7',
  prediction: 'low',
  affectedUserId: 'person-1',
  inputFeatures: {
    race: 'Other',
    sex: 'f',
    age: 41,
    zip: '10115',
    contact: 'ada@example.com',
    phone: '030 1234567',
  },
  messages: [{ role: 'user', content: 'write to ada@example.com' }],
}

describe('by default', () => {
  test('a record in which nothing is found stays as it is, byte for byte', () => {
    const record = { modelId: 'm', prediction: 'low', inputFeatures: { race: 'Other', income: 1200 } }
    expect(classified(record)).toBe(record)
  })

  test('what is found by form or name is sealed and nothing is replaced or left out', () => {
    const { classification, ...rest } = classified(DECISION)
    expect(rest).toEqual(DECISION)
    expect(classification).toEqual({ policy: 1, sealed: ['/inputFeatures/contact', '/inputFeatures/phone'] })
  })

  test('an id that is a mail address is sealed in whichever field it stands', () => {
    const mail = 'ada@example.com'
    const ids = {
      decisionId: mail,
      caseId: mail,
      traceId: mail,
      sessionId: mail,
      userId: mail,
      humanReviewerId: mail,
    }
    const said = classificationOf(classified({ ...DECISION, ...ids, prediction: { to: [mail] } }))!
    for (const name of [...Object.keys(ids), 'prediction']) expect(said.sealed).toContain(`/${name}`)
  })

  test('a feature whose very name is a mail address is sealed', () => {
    expect(
      classificationOf(classified({ ...DECISION, inputFeatures: { 'ada@example.com': 5 } }))!.sealed,
    ).toEqual(['/inputFeatures/ada@example.com'])
  })

  test('a version is not taken for an address', () => {
    expect(
      classified({ modelId: 'm', prediction: 'x', inputFeatures: { firmware_version: '10.2.33.4' } }),
    ).not.toHaveProperty('classification')
  })
})

describe('a declaration', () => {
  test('comes before name and form', () => {
    const said = classificationOf(
      classified(DECISION, {
        fields: { '/inputFeatures/contact': 'queryable', phone: 'queryable', '/inputFeatures/zip': 'seal' },
      }),
    )!
    expect(said.sealed).toEqual(['/inputFeatures/zip'])
  })

  test('pseudonymises: the same value gives the same token everywhere, another key another one', () => {
    const fields = {
      '/userId': 'pseudonymise',
      '/inputFeatures/contact': 'pseudonymise',
      '/messages': 'pseudonymise',
    } as const
    const once = classified({ ...DECISION, userId: 'ada@example.com' }, { fields })
    expect(once['userId']).toMatch(/^pn_[\w-]{22}$/)
    expect((once['inputFeatures'] as CanonicalRecord)['contact']).toBe(once['userId'])
    expect(JSON.stringify(once['messages'])).not.toContain('ada')
    const policy = { ...DEFAULT_CLASSIFICATION, systems: { credit: { fields } } }
    const other = new Classifier(new Uint8Array(32), policy).classify('decision', 'credit', DECISION).record
    expect(other['userId']).not.toBe(classified(DECISION, { fields })['userId'])
    expect(classificationOf(once)).toMatchObject({
      pseudonymised: ['/inputFeatures/contact', '/messages/0/content', '/messages/0/role', '/userId'],
      sealed: ['/inputFeatures/phone'],
    })
  })

  test('drops, by pointer, by a pointer with stars and by a pattern for names, at any depth', () => {
    const record = classified(
      { ...DECISION, metadata: { a: { apiKey: 's3cret' }, list: [{ note: 'x' }, { note: 'y' }] } },
      { fields: { '/inputFeatures/contact': 'drop', '/metadata/list/*/note': 'drop', '*key': 'drop' } },
    )
    expect(JSON.stringify(record)).not.toMatch(/"ada@example\.com"|s3cret|"x"/)
    expect(record['metadata']).toEqual({ a: {}, list: [{}, {}] })
    expect(classificationOf(record)!.dropped).toEqual([
      '/inputFeatures/contact',
      '/metadata/a/apiKey',
      '/metadata/list/0/note',
      '/metadata/list/1/note',
    ])
  })

  test('never replaces or leaves out what finds, links or erases a record', () => {
    const record = classified(DECISION, { fields: { '*': 'drop' } })
    expect(record).toMatchObject({ decisionId: 'loan-1', modelId: 'm', affectedUserId: 'person-1' })
    expect(Object.keys(record).toSorted()).toEqual([
      'affectedUserId',
      'classification',
      'decisionId',
      'modelId',
    ])
    expect(classificationOf(record)!.sealed).toEqual(['/decisionId', '/modelId'])
  })

  test('seals what it is about wherever that lies, in fields no index has and at any depth', () => {
    const record = classified(
      {
        ...DECISION,
        explanation: { method: 'shap', factors: [{ feature: 'x', because: 'y' }] },
        metadata: { customer: { diagnosis: 'z', tier: 'gold' }, list: [{ note: 'a' }, { note: 'b' }] },
        inputFeatures: { long: 'x'.repeat(100), nested: { diagnosis: 'z' } },
      },
      {
        fields: {
          '/explanation/factors': 'seal',
          '/metadata/list/*/note': 'seal',
          diagnosis: 'seal',
          '/inputFeatures/long': 'seal',
        },
      },
    )
    expect(classificationOf(record)!.sealed).toEqual([
      '/explanation/factors',
      '/inputFeatures/long',
      '/inputFeatures/nested/diagnosis',
      '/metadata/customer/diagnosis',
      '/metadata/list/0/note',
      '/metadata/list/1/note',
    ])
  })

  test('opens what it is about in what is sealed, and seals again in that', () => {
    const metadata = { a: { b: { c: 1, d: 2 } }, e: 3 }
    const fields = { '/metadata': 'seal', '/metadata/a/b': 'queryable', '/metadata/a/b/c': 'seal' } as const
    const said = classificationOf(classified({ ...DECISION, metadata }, { fields }))!
    expect(said).toMatchObject({ queryable: ['/metadata/a/b'] })
    const isSealed = sealedPointers(classified({ ...DECISION, metadata }, { fields }))
    expect(['/metadata/e', '/metadata/a', '/metadata/a/b/c'].every(isSealed)).toBe(true)
    expect(isSealed('/metadata/a/b/d')).toBe(false)
  })

  test('of what a field stands in counts for the field, however it was written', () => {
    const { fields } = { fields: { 'input*': 'seal' } as const }
    const isSealed = sealedPointers(classified(DECISION, { fields }))
    expect(['/inputFeatures/race', '/inputFeatures/age'].every(isSealed)).toBe(true)
  })

  test('never seals times and links from whoever sees the record', () => {
    const record = { ...DECISION, timestamp: '2026-01-10T00:00:00Z', links: [{ type: 'about', target: 'd' }] }
    const { sealed } = classificationOf(classified(record, { fields: { '*': 'seal' } }))!
    expect(sealed).toContain('/messages')
    expect(sealed.filter((pointer) => /^\/(?:timestamp|links)/.test(pointer))).toEqual([])
  })

  test('that replaces values leaves names, and what they hold is sealed', () => {
    const prediction = { 'anna@example.com': 1 }
    const inputFeatures = { 'anna@example.com': 1 }
    const fields = { '/prediction': 'pseudonymise', '/inputFeatures': 'pseudonymise' } as const
    for (const policy of [{ fields }, { fields, mode: 'strict' as const }, { hashSensitiveData: true }]) {
      const isSealed = sealedPointers(classified({ ...DECISION, prediction, inputFeatures }, policy))
      expect(isSealed('/inputFeatures/anna@example.com')).toBe(true)
      expect(isSealed('/prediction')).toBe(true)
    }
  })

  test('that replaces values leaves the pseudonyms open to the index', () => {
    const fields = { '/userId': 'pseudonymise', '/inputFeatures/race': 'pseudonymise' } as const
    const isSealed = sealedPointers(classified(DECISION, { fields }))
    expect([isSealed('/userId'), isSealed('/inputFeatures/race')]).toEqual([false, false])
  })

  test('is about its own system alone', () => {
    const policy = {
      ...DEFAULT_CLASSIFICATION,
      systems: { credit: { fields: { '*': 'drop' } } },
    } as ClassificationPolicy
    expect(new Classifier(KEY, policy).classify('decision', 'hiring', DECISION).isAltered).toBe(false)
  })

  test('takes numbers whose text is gone off the list of numbers kept as text', () => {
    const record = {
      ...DECISION,
      inputFeatures: { big: '12345678901234567890', other: '98765432109876543210' },
      coerced: ['/inputFeatures/big', '/inputFeatures/other'],
    }
    expect(classified(record, { fields: { '/inputFeatures/big': 'drop' } })['coerced']).toEqual([
      '/inputFeatures/other',
    ])
  })
})

describe('strict', () => {
  test('seals everything that is not declared queryable', () => {
    const record = classified(DECISION, {
      mode: 'strict',
      fields: { '/inputFeatures/age': 'queryable', '/modelId': 'queryable' },
    })
    const isSealed = sealedPointers(record)
    expect(classificationOf(record)).toMatchObject({
      sealed: [''],
      queryable: ['/inputFeatures/age', '/modelId'],
    })
    expect(['/userId', '/prediction', '/inputFeatures/race', '/status'].every(isSealed)).toBe(true)
    expect(['/inputFeatures/age', '/modelId'].some(isSealed)).toBe(false)
  })

  test('opens no more than was declared, however much that is', () => {
    const names = Array.from({ length: POINTERS_LISTED_MAX + 50 }, (_, i) => `f${i}`)
    const record = classified(
      {
        modelId: 'm',
        prediction: 'x',
        inputFeatures: Object.fromEntries([...names, 'other'].map((name) => [name, 1])),
      },
      {
        mode: 'strict',
        fields: Object.fromEntries(names.map((name) => [`/inputFeatures/${name}`, 'queryable' as const])),
      },
    )
    const isSealed = sealedPointers(record)
    expect(isSealed('/inputFeatures/other')).toBe(true)
    expect(names.filter((name) => !isSealed(`/inputFeatures/${name}`))).toHaveLength(POINTERS_LISTED_MAX)
  })

  test('of one system leaves the others balanced', () => {
    const policy = {
      ...DEFAULT_CLASSIFICATION,
      systems: { credit: { mode: 'strict', fields: {} } },
    } as ClassificationPolicy
    const classifier = new Classifier(KEY, policy)
    const record = { modelId: 'm', prediction: 'low' }
    expect(classificationOf(classifier.classify('decision', 'credit', record).record)!.sealed).toEqual([''])
    expect(classifier.classify('decision', 'hiring', record).record).toBe(record)
  })
})

describe('what is kept at all', () => {
  const whole = { ...DECISION, explanation: { reasoning: 'why' }, input: 'text', latencyMs: 3 }
  test.each([
    ['decision', {}, ['explanation', 'input', 'inputFeatures', 'messages']],
    ['detailed', {}, ['input', 'messages']],
    ['debug', {}, []],
    ['debug', { includeInputs: false }, ['input', 'inputFeatures', 'messages']],
    ['debug', { includeOutputs: false }, ['explanation', 'messages', 'prediction']],
  ] as const)('at level %s with %j leaves out %j', (capture, switches, left) => {
    const record = classified(whole, { capture, ...switches })
    expect(
      Object.keys(whole)
        .filter((name) => !(name in record))
        .toSorted(),
    ).toEqual(left)
    expect(classificationOf(record)?.dropped ?? []).toEqual(left.map((name) => `/${name}`))
  })

  test('with sensitive data hashed holds tokens where something was found', () => {
    const record = classified(DECISION, { hashSensitiveData: true })
    const { contact, phone, age } = record['inputFeatures'] as Record<string, unknown>
    expect([contact, phone, age]).toEqual([expect.stringMatching(/^pn_/), expect.stringMatching(/^pn_/), 41])
    expect(isAltered(classificationOf(record)!)).toBe(true)
  })
})

describe('shortened lists', () => {
  test('seal more, and open less', () => {
    const many = Array.from({ length: 300 }, (_, i) => `/metadata/a/x${i}`)
    const { sealed, queryable } = shortenedSeals(['/metadata', ...many], ['/metadata/a', '/metadata/b'])
    expect({ sealed, queryable }).toEqual({
      sealed: ['/metadata', '/metadata/a'],
      queryable: ['/metadata/b'],
    })
  })

  test('take as little as they may from a record of very many fields', () => {
    const inputFeatures = Object.fromEntries(Array.from({ length: 150_000 }, (_, i) => [`f${i}`, 1]))
    const record = classified({ modelId: 'm', inputFeatures }, { fields: { 'f*': 'seal' } })
    expect(classificationOf(record)!.sealed).toEqual(['/inputFeatures'])
  })
})

describe('a record made to be slow', () => {
  test('by the names of its fields costs no more than another', () => {
    const name = `${'token'.repeat(204)}x`
    const metadata = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`${name}${i}`, 1]))
    const fields = { '*token*token*e': 'drop', '*t*k*y': 'drop' } as const
    expect(classified({ modelId: 'm', prediction: 'x', metadata }, { fields })['metadata']).toEqual(metadata)
  })

  test('by numbers kept as text, each of which is left out, costs no more than another', () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `n${i}`)
    const record = {
      modelId: 'm',
      prediction: 'x',
      inputFeatures: Object.fromEntries(names.map((name) => [name, '12345678901234567890'])),
      coerced: names.map((name) => `/inputFeatures/${name}`),
    }
    expect(classified(record, { fields: { '/inputFeatures/*': 'drop' } })).not.toHaveProperty('coerced')
  })
})

describe('a pattern for names', () => {
  test('means what it would mean as a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'A'), maxLength: 8 })
    const patterns = fc
      .array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 }), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('*'))
      .filter((pattern) => pattern !== '')
    fc.assert(
      fc.property(letters, patterns, (name, pattern) => {
        const rules = new FieldRules({ fields: { [pattern]: 'seal' } }, 'balanced')
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(name)
        expect(rules.own(`/${name}`, name) === 'seal').toBe(expected)
      }),
    )
  })
})

describe('whatever is declared', () => {
  const policies = fc.record({
    mode: fc.constantFrom('balanced', 'strict'),
    capture: fc.constantFrom('decision', 'detailed', 'debug'),
    includeInputs: fc.boolean(),
    includeOutputs: fc.boolean(),
    hashSensitiveData: fc.boolean(),
    fields: fc.dictionary(
      fc.constantFrom(
        '*',
        '/userId',
        '/inputFeatures',
        '/inputFeatures/*',
        '/prediction/a',
        'a*',
        '/metadata/x',
      ),
      fc.constantFrom(...TREATMENTS),
    ),
  }) as fc.Arbitrary<Partial<ClassificationPolicy> & Partial<SystemRules>>
  const records = fc
    .record({
      inputFeatures: fc.dictionary(fc.string(), jsonValue),
      metadata: jsonValue,
      prediction: jsonValue,
      userId: fc.string(),
    })
    .map((more) => ({ modelId: 'm', decisionId: 'd', ...more }))

  test('a record given is not changed, the lists are bounded, and a second time gives the same', () => {
    fc.assert(
      fc.property(records, policies, (record, policy) => {
        const before = JSON.stringify(record)
        const once = classified(record, policy)
        expect(JSON.stringify(record)).toBe(before)
        expect(classified(record, policy)).toEqual(once)
        const said = classificationOf(once)
        for (const list of [said?.sealed, said?.queryable, said?.dropped, said?.pseudonymised])
          expect(list?.length ?? 0).toBeLessThanOrEqual(POINTERS_LISTED_MAX)
      }),
    )
  })

  test('a mail address in a short feature is never both in clear and open to the index', () => {
    fc.assert(
      fc.property(policies, fc.string({ maxLength: 20 }), (policy, name) => {
        const { fields, ...rest } = policy
        const declared = Object.fromEntries(
          Object.entries(fields ?? {}).filter(([, treatment]) => treatment !== 'queryable'),
        )
        const record = classified(
          { modelId: 'm', prediction: 'x', inputFeatures: { [name]: 'ada@example.com' } },
          { ...rest, fields: declared },
        )
        const isSealed = sealedPointers(record)
        const pointer = `/inputFeatures/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
        const value = (record['inputFeatures'] as CanonicalRecord | undefined)?.[name]
        expect(value === 'ada@example.com' && !isSealed(pointer)).toBe(false)
      }),
    )
  })
})

test('what is told of fields met are names and numbers', () => {
  const classifier = new Classifier(KEY, DEFAULT_CLASSIFICATION)
  for (let i = 0; i < 3; i += 1)
    classifier.classify('decision', 'credit', {
      ...DECISION,
      inputFeatures: { contact: 'ada@example.com', age: 1, 'bo@example.com': 1 },
    })
  const met = classifier.met().filter(({ pointer }) => pointer.startsWith('/inputFeatures'))
  expect(met).toEqual([
    { system: 'credit', pointer: '/inputFeatures/contact', class: 'sealed', why: 'mail', count: 3 },
    { system: 'credit', pointer: '/inputFeatures/*', class: 'sealed', why: 'name', count: 3 },
    { system: 'credit', pointer: '/inputFeatures/age', class: 'queryable', why: 'default', count: 3 },
  ])
  expect(classifier.met()).toEqual([])
})
