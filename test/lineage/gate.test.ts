import type { CanonicalRecord } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { DatasetVersions } from '../../packages/server/src/lineage/dataset-versions.ts'
import { gate, type GateAnswer, type GateCheck } from '../../packages/server/src/lineage/gate.ts'
import type { LifecycleRecord } from '../../packages/server/src/lineage/lifecycle-record.ts'
import { versionsOf } from '../../packages/server/src/lineage/model-versions.ts'
import { event, recorded } from './events.ts'

const NOW = 100
const v1 = { modelVersion: '1' }
const auc = { metric: 'auc', value: 0.9, threshold: 0.8, passed: true }

const trained = (fields: CanonicalRecord = {}): LifecycleRecord =>
  event(1, 'training_completed', { ...v1, actor: 'ada', trainingDataRef: 'loans/7', ...fields })
const evaluated = (...results: CanonicalRecord[]): LifecycleRecord =>
  event(2, 'evaluation_completed', { ...v1, evaluationResults: results })
const approved = (fields: CanonicalRecord = { approver: 'grace' }): LifecycleRecord =>
  event(3, 'deployment_approved', { ...v1, ...fields })
const registered = (version = '7'): LifecycleRecord =>
  recorded(0, 'dataset.registered', { datasetId: 'loans', version })

interface Asked {
  environment?: string
  isWhole?: boolean
}

function judged(
  records: readonly LifecycleRecord[],
  { environment, isWhole = true }: Asked = {},
): GateAnswer {
  const [version] = versionsOf(
    records.filter(({ kind }) => kind.startsWith('model.')),
    [],
    new DatasetVersions(records),
    NOW,
  )
  return gate(version, environment, isWhole)
}

const failing = ({ reasons }: GateAnswer): GateCheck[] =>
  reasons.filter(({ outcome }) => outcome !== 'passed').map(({ check }) => check)

describe('the gate', () => {
  test('lets pass what is evaluated, approved by another than its builder, and trained on registered data', () => {
    const records = [trained(), evaluated(auc), approved(), registered()]
    const answer = judged(records)
    expect([answer.verdict, failing(answer)]).toEqual(['passed', []])
    expect(new Set(answer.reasons.flatMap(({ entries }) => entries))).toEqual(
      new Set(records.map(({ id }) => id)),
    )
  })

  test('fails what nothing is recorded of', () => {
    expect(judged([])).toMatchObject({
      verdict: 'failed',
      reasons: [{ check: 'declared', outcome: 'failed' }],
    })
  })

  test.each<[string, LifecycleRecord[], GateCheck[]]>([
    ['no evaluation', [trained(), approved(), registered()], ['evaluation_passed']],
    [
      'an evaluation without results',
      [trained(), evaluated(), approved(), registered()],
      ['evaluation_passed'],
    ],
    [
      'a metric that did not pass',
      [trained(), evaluated(auc, { metric: 'parity', passed: false }), approved(), registered()],
      ['evaluation_passed'],
    ],
    [
      'a metric that says neither',
      [trained(), evaluated({ metric: 'auc', value: 0.9 }), approved(), registered()],
      ['evaluation_passed'],
    ],
    [
      'a group in which it did not pass',
      [trained(), evaluated(auc, { ...auc, group: 'young', passed: false }), approved(), registered()],
      ['evaluation_passed'],
    ],
    ['no approval', [trained(), evaluated(auc), registered()], ['approved', 'approver_is_not_builder']],
    [
      'an approval of nobody',
      [trained(), evaluated(auc), approved({}), registered()],
      ['approved', 'approver_is_not_builder'],
    ],
    [
      'an approval of its builder, however spelled',
      [trained(), evaluated(auc), approved({ approver: { id: ' ADA ', name: 'Ada L.' } }), registered()],
      ['approver_is_not_builder'],
    ],
    [
      'no builder',
      [trained({ actor: '' }), evaluated(auc), approved(), registered()],
      ['approver_is_not_builder'],
    ],
    ['data that nobody registered', [trained(), evaluated(auc), approved()], ['datasets_registered']],
    [
      'data registered in another version',
      [trained(), evaluated(auc), approved(), registered('6')],
      ['datasets_registered'],
    ],
    [
      'no training data',
      [event(1, 'training_completed', { ...v1, actor: 'ada' }), evaluated(auc), approved()],
      ['datasets_registered'],
    ],
    [
      'a recall',
      [trained(), evaluated(auc), approved(), registered(), event(4, 'recall', v1)],
      ['not_withdrawn'],
    ],
    [
      'a recall of the model that names no version',
      [trained(), evaluated(auc), approved(), registered(), event(4, 'recall', {})],
      ['not_withdrawn'],
    ],
    [
      'an approval of its builder by another of their names',
      [
        trained({ actor: { id: 'u1', email: 'ada@example.org' } }),
        evaluated(auc),
        approved({ approver: { email: 'Ada@example.org' } }),
        registered(),
      ],
      ['approver_is_not_builder'],
    ],
    [
      'an approval of its builder by a word that is one of their names',
      [
        trained({ actor: { id: 'u1', email: 'ada@example.org' } }),
        evaluated(auc),
        approved({ approver: 'ada@example.org' }),
        registered(),
      ],
      ['approver_is_not_builder'],
    ],
    [
      'a builder and an approver who are named by nothing in common',
      [
        trained({ actor: { id: 'u1' } }),
        evaluated(auc),
        approved({ approver: { email: 'ada@example.org' } }),
        registered(),
      ],
      ['approver_is_not_builder'],
    ],
  ])('fails with %s', (_, records, checks) => {
    const answer = judged(records)
    expect([answer.verdict, failing(answer)]).toEqual(['failed', checks])
  })

  test('takes people of one name and two ids for two', () => {
    const [one, other] = ['u1', 'u2'].map((id) => ({ id, name: 'Ada' }))
    const records = [trained({ actor: one! }), evaluated(auc), approved({ approver: other! }), registered()]
    expect(judged(records).verdict).toBe('passed')
  })

  test('lets pass a version that was built after its model was recalled', () => {
    const records = [trained(), evaluated(auc), approved(), registered(), event(0, 'recall', {})]
    expect(judged(records).verdict).toBe('passed')
  })

  test('goes by the last result of each metric', () => {
    const again = event(4, 'evaluation_completed', { ...v1, evaluationResults: [auc] })
    const records = [trained(), evaluated({ ...auc, passed: false }), again, approved(), registered()]
    expect(judged(records).verdict).toBe('passed')
  })

  test('counts approvals for the environment asked about, and those for any', () => {
    const records = [trained(), evaluated(auc), registered()]
    const staging = approved({ approver: 'grace', environment: 'staging' })
    expect(judged([...records, staging], { environment: 'production' }).verdict).toBe('failed')
    expect(judged([...records, staging], { environment: 'staging' }).verdict).toBe('passed')
    expect(judged([...records, approved()], { environment: 'production' }).verdict).toBe('passed')
  })

  test('says for which environment an approval is where none was asked about', () => {
    const staging = approved({ approver: 'grace', environment: 'staging' })
    const { reasons } = judged([trained(), evaluated(auc), registered(), staging])
    expect(reasons.find(({ check }) => check === 'approved')?.message).toBe('approved by grace for staging')
  })

  test('is incomplete where something may not be seen, and never passes then', () => {
    const records = [trained(), evaluated(auc), approved(), registered()]
    expect(judged(records, { isWhole: false }).verdict).toBe('incomplete')
    expect(judged(records.slice(1), { isWhole: false }).verdict).toBe('incomplete')
    const covered = judged([trained({ actor: { sealed: true } }), ...records.slice(1)])
    expect([covered.verdict, failing(covered)]).toEqual(['incomplete', ['approver_is_not_builder']])
  })
})
