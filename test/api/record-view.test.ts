import { type CanonicalRecord, sealedPointers } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recordView, type Seeing } from '../../packages/server/src/api/record-view.ts'
import { SealedHistory } from '../../packages/server/src/privacy/sealed-history.ts'
import {
  DEFAULT_CLASSIFICATION,
  type Mode,
  type SystemRules,
} from '../../packages/server/src/vault/classify/policy.ts'

const SEALED = { sealed: true }
const SEEING: Seeing = {
  classes: new Set(['plain', 'identifier', 'protected', 'sealed'] as const),
  sealedFeatures: new Set<string>(),
}

const RECORD: CanonicalRecord = {
  modelId: 'm',
  prediction: { name: 'Ada', risk: 'low' },
  inputFeatures: { city: 'Oslo', income: 3 },
  explanation: { method: 'shap', factors: [{ feature: 'income', why: 'low' }, { feature: 'zip' }] },
  timestamp: '2026-01-10T00:00:00Z',
}

/** As seen at index 10 by what was declared at index 20. */
function declaredLater(fields: SystemRules['fields'], mode: Mode = 'balanced'): Seeing {
  const history = new SealedHistory([{ mode: 'balanced', systems: {}, until: 20 }], {
    ...DEFAULT_CLASSIFICATION,
    version: 2,
    mode,
    systems: { credit: { fields } },
  })
  return { ...SEEING, declared: { place: history.placeIn('credit')!, index: 10 } }
}

describe('what a record says is sealed', () => {
  const said = (sealed: string[], queryable: string[] = []): CanonicalRecord => ({
    ...RECORD,
    classification: { policy: 2, sealed, queryable },
  })

  test('is covered wherever it stands, and nothing beside it', () => {
    const view = recordView(
      'decision',
      said(['/explanation/factors', '/inputFeatures/city', '/prediction/name']),
      SEEING,
    )
    expect(view).toMatchObject({
      prediction: { name: SEALED, risk: 'low' },
      inputFeatures: { city: SEALED, income: 3 },
      explanation: { method: 'shap', factors: SEALED },
    })
    expect(recordView('decision', said(['/explanation/factors/0/why']), SEEING)['explanation']).toEqual({
      method: 'shap',
      factors: [{ feature: 'income', why: SEALED }, { feature: 'zip' }],
    })
  })

  test('is covered as one with all it holds, but for what is declared open in it', () => {
    const view = recordView('decision', said([''], ['/explanation/method', '/inputFeatures/income']), SEEING)
    expect(view).toEqual({
      modelId: SEALED,
      prediction: SEALED,
      inputFeatures: { city: SEALED, income: 3 },
      explanation: { method: 'shap', factors: SEALED },
      timestamp: RECORD['timestamp'],
      classification: said([''], ['/explanation/method', '/inputFeatures/income'])['classification'],
    })
  })

  test('is shown where it is revealed, alone or with what it stands in', () => {
    const record = said(['/explanation/factors/0/why', '/prediction/name'])
    const one = recordView('decision', record, { ...SEEING, revealed: ['/explanation'] })
    expect(one).toMatchObject({ explanation: RECORD['explanation'], prediction: { name: SEALED } })
    expect(
      recordView('decision', record, { ...SEEING, revealed: ['/prediction/name'] })['prediction'],
    ).toEqual(RECORD['prediction'])
    expect(recordView('decision', record, { ...SEEING, revealed: 'all' })).toEqual(record)
  })

  test('is never seen at the pointer it stands at, whatever the record', () => {
    const names = fc.constantFrom('a', 'b', 'c')
    const values = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constant('in clear'),
        fc.dictionary(names, tie('value'), { maxKeys: 3 }),
        fc.array(tie('value'), { maxLength: 2 }),
      ),
    })).value as fc.Arbitrary<CanonicalRecord[string]>
    const pointers = fc.array(
      fc
        .array(fc.constantFrom('prediction', 'a', 'b', 'c', '0', '1'), { maxLength: 3 })
        .map((tokens) => tokens.map((token) => `/${token}`).join('')),
      { maxLength: 4 },
    )
    const leaves = (value: unknown, pointer: string): string[] =>
      value === 'in clear'
        ? [pointer]
        : typeof value === 'object' && value !== null
          ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, `${pointer}/${name}`))
          : []
    fc.assert(
      fc.property(values, pointers, pointers, (prediction, sealed, queryable) => {
        const record: CanonicalRecord = { prediction, classification: { policy: 2, sealed, queryable } }
        const isSealed = sealedPointers(record)
        const shown = leaves(recordView('decision', record, SEEING)['prediction'], '/prediction')
        const open = leaves(prediction, '/prediction').filter((pointer) => !isSealed(pointer))
        expect(shown).toEqual(open)
      }),
    )
  })
})

describe('what was declared sealed after the record was made', () => {
  test('is covered wherever it stands, by its pointer, with stars, or by its name', () => {
    expect(
      recordView('decision', RECORD, declaredLater({ '/explanation/factors': 'seal' }))['explanation'],
    ).toEqual({
      method: 'shap',
      factors: SEALED,
    })
    expect(
      recordView('decision', RECORD, declaredLater({ '/explanation/factors/*/why': 'seal' })),
    ).toMatchObject({
      explanation: { factors: [{ feature: 'income', why: SEALED }, { feature: 'zip' }] },
    })
    expect(recordView('decision', RECORD, declaredLater({ '*name*': 'seal', city: 'drop' }))).toMatchObject({
      prediction: { name: SEALED, risk: 'low' },
      inputFeatures: { city: SEALED, income: 3 },
    })
  })

  test('is covered where it is replaced from then on, and not in records of since then', () => {
    const seeing = declaredLater({ '/inputFeatures/city': 'pseudonymise' })
    expect(recordView('decision', RECORD, seeing)['inputFeatures']).toEqual({ city: SEALED, income: 3 })
    const since = { ...seeing, declared: { ...seeing.declared!, index: 20 } }
    expect(recordView('decision', RECORD, since)['inputFeatures']).toEqual(RECORD['inputFeatures'])
  })

  test('is everything but times and what is declared open when the system became strict', () => {
    expect(
      recordView(
        'decision',
        RECORD,
        declaredLater({ '/explanation/factors/*/feature': 'queryable' }, 'strict'),
      ),
    ).toEqual({
      modelId: SEALED,
      prediction: SEALED,
      inputFeatures: { city: SEALED, income: SEALED },
      explanation: { method: SEALED, factors: [{ feature: 'income', why: SEALED }, { feature: 'zip' }] },
      timestamp: RECORD['timestamp'],
    })
  })
})

test('free text is covered without a purpose, in reviews, contests, errors and explanations too', () => {
  const word = 'she said so herself'
  const view = recordView(
    'explanation',
    {
      comment: word,
      grounds: word,
      error: { type: 'timeout', message: word },
      explanation: { method: 'm', reasoning: word, counterfactual: [{ from: 3, to: 5, note: word }] },
      counterfactual: word,
    },
    SEEING,
  )
  expect(JSON.stringify(view)).not.toContain(word)
  expect(view).toMatchObject({
    error: { type: 'timeout' },
    explanation: { method: 'm', counterfactual: [{ from: 3, to: 5 }] },
  })
})
