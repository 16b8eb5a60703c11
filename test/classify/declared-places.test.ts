import {
  type CanonicalRecord,
  classificationOf,
  type JsonValue,
  normalizeRecord,
  readJson,
  type RecordKind,
  sealedPointers,
} from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { faultOf } from '../../packages/server/src/privacy/privacy-settings.ts'
import { SealedHistory } from '../../packages/server/src/privacy/sealed-history.ts'
import { Classifier } from '../../packages/server/src/vault/classify/classifier.ts'
import {
  type ClassificationPolicy,
  DEFAULT_CLASSIFICATION,
  type SystemRules,
} from '../../packages/server/src/vault/classify/policy.ts'

const KEY = new Uint8Array(32).fill(7)
type Fields = SystemRules['fields']

/** A record as it is kept after it was sent like this. */
function kept(
  sent: Record<string, JsonValue>,
  fields: Fields,
  { kind = 'decision', ...more }: Partial<ClassificationPolicy> & { kind?: RecordKind } = {},
): CanonicalRecord {
  const whole = kind === 'decision' ? { modelId: 'm', prediction: 'low', ...sent } : sent
  const { record, errors } = normalizeRecord(kind, readJson(JSON.stringify(whole)))
  expect(errors).toEqual([])
  const policy = { ...DEFAULT_CLASSIFICATION, ...more, systems: { credit: { fields } } }
  return new Classifier(KEY, policy).classify(kind, 'credit', record).record
}

function isKept(sent: Record<string, JsonValue>, fields: Fields): boolean {
  return JSON.stringify(kept(sent, fields)).includes('SECRET')
}

describe('what is declared to be left out is not kept', () => {
  test.each<[string, Record<string, JsonValue>, string]>([
    ['under a name that no kind has a field for', { ssn: 'SECRET' }, '/ssn'],
    ['below such a name', { customer: { ssn: ['SECRET'] } }, '/customer/ssn'],
    [
      'when its container is named in the other spelling',
      { input_features: { zip: 'SECRET' } },
      '/input_features/zip',
    ],
    ['when it is named in the other spelling', { userId: 'SECRET' }, '/user_id'],
    ['when it is named as a member of its block', { context: { userId: 'SECRET' } }, '/context/userId'],
    ['when the block is named', { context: { user_id: 'SECRET', more: 'SECRET' } }, '/context'],
    ['when it is named by an alias', { output: { a: 'SECRET' } }, '/output'],
    ['inside a field that is named by an alias', { output: { result: { a: 'SECRET' } } }, '/output/result/a'],
    [
      'in the only element of a list, which was sent without the list',
      { reasonCodes: { text: 'SECRET' } },
      '/reasonCodes/text',
    ],
    [
      'when its members are named in the other spelling',
      { inference: { weights_hash: 'SECRET' } },
      '/inference/weights_hash',
    ],
    ['when its value is no allowed one', { riskTier: 'SECRET' }, '/riskTier'],
    [
      'when its value is no allowed one and it was sent in the other spelling',
      { risk_tier: 'SECRET' },
      '/riskTier',
    ],
    ['of the two spellings it was sent in', { userId: 'SECRET-1', user_id: 'SECRET-2' }, '/userId'],
    ['of field and block', { userId: 'SECRET-1', context: { userId: 'SECRET-2' } }, '/userId'],
    [
      'when the name was taken in metadata',
      { userId: 'a', user_id: 'SECRET', metadata: { user_id: 'b' } },
      '/userId',
    ],
    [
      'of the two spellings of a member',
      { inference: { weightsHash: 'SECRET-1', weights_hash: 'SECRET-2' } },
      '/inference/weightsHash',
    ],
    [
      'when a name is written with combining marks',
      { inputFeatures: { ['Stra\u00dfe \u00e9'.normalize('NFD')]: 'SECRET' } },
      '/inputFeatures/Stra\u00dfe \u00e9',
    ],
    ['by a pattern in the other spelling', { user_id: 'SECRET' }, 'user_*'],
    ['by an alias for a pattern', { processingTimeMs: 1, input_data: 'SECRET' }, 'inputData'],
    [
      'by a pattern for the field, of the spelling that lost',
      { userId: 'SECRET-1', user_id: 'SECRET-2' },
      'userId',
    ],
    ['by a pattern with combining marks', { inputFeatures: { 'caf\u00e9': 'SECRET' } }, 'cafe\u0301'],
    ['by a pointer with a star', { user_id: 'SECRET' }, '/*'],
  ])('%s', (_, sent, key) => {
    expect(isKept(sent, {})).toBe(true)
    expect(isKept(sent, { [key]: 'drop' })).toBe(false)
    expect(isKept(sent, { [key]: 'pseudonymise' })).toBe(false)
  })

  test('in records about a decision, whose kinds have other names for their fields', () => {
    const sent = { decisionId: 'd', grounds: 'unfair', statement: 'SECRET-1', comment: 'SECRET-2' }
    const record = kept(sent, { '/statement': 'drop' }, { kind: 'contest' })
    expect(JSON.stringify(record)).not.toContain('SECRET')
  })

  test('and nothing else is left out', () => {
    const sent = { context: { userId: 'u', more: 'x' }, riskTier: 'odd', environment: 'odd', ssn: '1' }
    const record = kept(sent, { '/userId': 'drop', '/riskTier': 'drop', '/session_id': 'drop' })
    expect(record).toMatchObject({ metadata: { context: { more: 'x' }, environment: 'odd', ssn: '1' } })
    expect(classificationOf(record)!.dropped).toEqual(['/metadata/riskTier', '/userId'])
  })
})

test('what is declared sealed is listed as sealed where it is kept', () => {
  const fields = { '/ssn': 'seal', '/riskTier': 'seal', '/user_id': 'seal' } as const
  const sent = { ssn: '1', risk_tier: 'odd', userId: 'a', context: { userId: 'b' } }
  expect(classificationOf(kept(sent, fields))!.sealed.toSorted()).toEqual([
    '/metadata/context/userId',
    '/metadata/risk_tier',
    '/metadata/ssn',
    '/userId',
  ])
})

test('a declaration that names metadata itself comes first there', () => {
  const fields = { '/riskTier': 'drop', '/metadata/riskTier': 'seal' } as const
  expect(kept({ riskTier: 'odd' }, fields)).toMatchObject({
    metadata: { riskTier: 'odd' },
    classification: { sealed: ['/metadata/riskTier'] },
  })
})

test('what is declared queryable opens nothing where metadata is declared sealed, and something where it is not', () => {
  const opened = (fields: Fields) =>
    !sealedPointers(kept({ riskTier: 'odd' }, fields, { mode: 'strict' }))('/metadata/riskTier')
  expect(opened({ '/riskTier': 'queryable' })).toBe(true)
  expect(opened({ '/riskTier': 'queryable', '/metadata': 'seal' })).toBe(false)
})

test('inputs that are not to be kept are not kept under another of their names', () => {
  const sent = {
    input: 'SECRET-1',
    inputData: 'SECRET-2',
    context: { ipAddress: 'SECRET-3' },
    ipAddress: '::2',
  }
  const record = kept(sent, {}, { includeInputs: false })
  expect(JSON.stringify(record)).not.toMatch(/SECRET-[12]/)
  expect(classificationOf(record)!.dropped).toEqual(['/input', '/metadata/inputData'])
  expect(JSON.stringify(record)).toContain('SECRET-3')
})

test('records that were made before are covered by it as well', () => {
  const history = (fields: Fields) =>
    new SealedHistory([], { ...DEFAULT_CLASSIFICATION, version: 2, systems: { credit: { fields } } })
  const sealed = history({ '/ssn': 'seal', '/user_id': 'seal', '/output/a': 'drop' })
  expect(sealed.sealedUntil('credit', '/metadata/ssn')).toBe(Number.MAX_SAFE_INTEGER)
  expect(sealed.sealedUntil('credit', '/metadata/user_id')).toBe(Number.MAX_SAFE_INTEGER)
  expect(sealed.sealedUntil('credit', '/userId')).toBe(Number.MAX_SAFE_INTEGER)
  expect(sealed.sealedUntil('credit', '/caseId')).toBe(0)
  const past = { mode: 'balanced', systems: {}, until: 5 } as const
  const later = new SealedHistory([past], {
    ...DEFAULT_CLASSIFICATION,
    systems: { credit: { fields: { '/output/a': 'drop' } } },
  })
  expect(later.sealedWithinUntil('credit', '/prediction')).toBe(5)
})

describe('a declaration is refused by its key', () => {
  test('when it would leave out, under another name, what is always kept', () => {
    expect(faultOf({ '/affected_user_id': 'drop' })).toMatchObject({ key: '/affected_user_id' })
    expect(faultOf({ '/model/id': 'pseudonymise' })?.error).toContain('/modelId')
    expect(faultOf({ '/affected_user_id': 'seal', '/model': 'drop' })).toBeUndefined()
  })

  test('when it says something else of the same field than another', () => {
    expect(faultOf({ '/userId': 'drop', '/user_id': 'seal' })?.error).toBe(
      '/user_id and /userId are one field, /userId: declare it once',
    )
    expect(faultOf({ '/userId': 'drop', '/user_id': 'drop' })).toBeUndefined()
  })
})
