import { describe, expect, test } from 'vitest'
import { assessModel, notInForce, usesToCount } from '../../packages/server/src/lineage/assess-models.ts'
import { assessSystems, declaredSystems } from '../../packages/server/src/lineage/assess-systems.ts'
import { DatasetVersions } from '../../packages/server/src/lineage/dataset-versions.ts'
import type { LifecycleRecord } from '../../packages/server/src/lineage/lifecycle-record.ts'
import { type KnownVersion, LineageBuilder } from '../../packages/server/src/lineage/lineage-graph.ts'
import { type Use, versionsOf } from '../../packages/server/src/lineage/model-versions.ts'
import { event, recorded } from './events.ts'

const NOW = 100
const registered = (datasetId: string, version: string, more: object = {}): LifecycleRecord =>
  recorded(1, 'dataset.registered', { datasetId, version, ...more })
const made = (datasetId: string, version: string, ...inputs: string[]): LifecycleRecord =>
  recorded(2, 'dataset.transformed', { datasetId, version, inputs })
const use = (modelVersion: string, decisions: number, more: Partial<Use> = {}): Use => ({
  system: 'credit',
  modelId: 'm',
  modelVersion,
  environment: 'production',
  decisions,
  firstAt: 20,
  lastAt: 30,
  ...more,
})

describe('what names data', () => {
  const datasets = new DatasetVersions([
    registered('loans', '7', { digest: 'sha256:ab' }),
    registered('a/b', '1'),
  ])

  test.each([
    ['loans', { datasetId: 'loans' }],
    ['loans/7', { datasetId: 'loans', version: '7' }],
    ['loans@7', { datasetId: 'loans', version: '7' }],
    ['a/b', { datasetId: 'a/b' }],
    ['a/b/1', { datasetId: 'a/b', version: '1' }],
    ['new@2', { datasetId: 'new', version: '2' }],
    [
      { datasetId: 'loans', version: '7', digest: 'x' },
      { datasetId: 'loans', version: '7', digest: 'x' },
    ],
    [{ id: 'loans' }, { datasetId: 'loans' }],
  ])('%j is read as %j', (named, reference) => {
    expect(datasets.named(named)).toEqual([reference])
  })

  test('is nothing where it is covered', () => {
    expect(datasets.named({ sealed: true })).toEqual([])
  })

  test('has the last of its registrations beside it, not all of many thousand', () => {
    const daily = Array.from({ length: 1_000 }, (_, i) => registered('daily', `${i}`))
    const { registrations } = new DatasetVersions(daily).of({ datasetId: 'daily' })
    expect(registrations).toEqual(daily.slice(-100).map(({ id }) => id))
  })

  test('means other data where digests are stated and differ', () => {
    const [same, other] = ['sha256:ab', 'sha256:cd'].map((digest) =>
      datasets.of({ datasetId: 'loans', version: '7', digest }),
    )
    expect([same!.registrations.length, other!.registrations.length]).toEqual([1, 0])
  })
})

describe('a lineage', () => {
  const records = [
    registered('accounts', '1'),
    registered('loans', '7'),
    made('loans', '7', 'accounts/1'),
    made('loans', '8', 'loans/7', 'payroll/1'),
  ]
  const events = [
    event(3, 'training_completed', { modelVersion: '1', trainingDataRef: 'loans/7' }),
    event(4, 'training_completed', { modelVersion: '2', trainingDataRef: 'loans/8' }),
  ]
  const datasets = new DatasetVersions(records)
  const known = (uses: Use[] = []): KnownVersion[] =>
    versionsOf(events, uses, datasets, NOW).map((version, i) => ({
      modelId: 'm',
      version,
      trainings: [{ entry: events[i]!.id, data: datasets.named(events[i]!.record['trainingDataRef']) }],
    }))
  const idsOf = (build: (builder: LineageBuilder) => void): string[] => {
    const builder = new LineageBuilder(datasets, known([use('1', 3), use('2', 4)]))
    build(builder)
    return builder
      .graph()
      .nodes.map(({ id }) => id)
      .toSorted()
  }

  test('leads from data to all that was made of them, and no further', () => {
    expect(idsOf((builder) => builder.addDataset({ datasetId: 'payroll', version: '1' }))).toEqual([
      'dataset:accounts@1',
      'dataset:loans@7',
      'dataset:loans@8',
      'dataset:payroll@1',
      'decisions:m@2',
      'version:m@2',
    ])
  })

  test('leads through several transformations', () => {
    const ids = idsOf((builder) => builder.addDataset({ datasetId: 'accounts', version: '1' }))
    expect(ids).toEqual(
      expect.arrayContaining(['version:m@1', 'version:m@2', 'decisions:m@1', 'decisions:m@2']),
    )
  })

  test('names the entries that bear each step out', () => {
    const builder = new LineageBuilder(datasets, known())
    builder.addVersion(known()[0]!, true)
    expect(builder.graph().edges).toEqual([
      { from: 'dataset:accounts@1', to: 'dataset:loans@7', type: 'transformed', entries: [records[2]!.id] },
      { from: 'dataset:loans@7', to: 'version:m@1', type: 'trained', entries: [events[0]!.id] },
    ])
  })

  test('ends where data are made of each other, and says when there is more than it holds', () => {
    const circle = new DatasetVersions([made('a', '1', 'b/1'), made('b', '1', 'a/1')])
    const round = new LineageBuilder(circle, [])
    round.addDataset({ datasetId: 'a', version: '1' })
    expect(round.graph().nodes).toHaveLength(2)
    const inputs = Array.from({ length: 600 }, (_, i) => `source-${i}/1`)
    const many = new LineageBuilder(new DatasetVersions([made('big', '1', ...inputs)]), [])
    many.addDataset({ datasetId: 'big', version: '1' })
    expect([many.graph().nodes.length, many.graph().isCut]).toEqual([500, true])
  })
})

/** Counts how often the records it is given are looked at. */
function counting(): { counted: (one: LifecycleRecord) => LifecycleRecord; looks: () => number } {
  let looks = 0
  const counted = ({ record, ...rest }: LifecycleRecord): LifecycleRecord => ({
    ...rest,
    get record() {
      looks += 1
      return record
    },
  })
  return { counted, looks: () => looks }
}

describe('a lineage of everything', () => {
  test('looks at each data set few times, however many there are', () => {
    const count = 400
    const { counted, looks } = counting()
    const declared = Array.from({ length: count }, (_, i) =>
      counted(i % 2 === 0 ? registered(`d${i}`, '1') : made(`d${i}`, '1', `d${i - 1}/1`)),
    )
    const datasets = new DatasetVersions(declared)
    const builder = new LineageBuilder(datasets, [])
    for (const dataset of datasets.all()) builder.addDataset(dataset)
    expect(builder.graph().edges).toHaveLength(count / 2)
    expect(looks()).toBeLessThan(50 * count)
  })

  test('looks at each record few times, however many versions were trained on data of which there are many', () => {
    const count = 400
    const { counted, looks } = counting()
    const daily = Array.from({ length: count }, (_, i) => counted(registered('daily', `${i}`)))
    const trained = Array.from({ length: count }, (_, i) =>
      counted(event(i, 'training_completed', { modelVersion: `${i}`, trainingDataRef: 'daily' })),
    )
    expect(versionsOf(trained, [], new DatasetVersions(daily), NOW)).toHaveLength(count)
    expect(looks()).toBeLessThan(50 * count)
  })

  test('ends where it is cut, however long the way data went', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => made(`d${i + 1}`, '1', `d${i}/1`))
    const builder = new LineageBuilder(new DatasetVersions(chain), [])
    builder.addDataset({ datasetId: 'd0', version: '1' })
    expect([builder.graph().nodes.length, builder.graph().isCut]).toEqual([500, true])
  })
})

describe('an assessment', () => {
  const datasets = new DatasetVersions([])
  const assessed = (records: LifecycleRecord[], uses: Use[]) => {
    const model = { modelId: 'm', records, uses, versions: versionsOf(records, uses, datasets, NOW) }
    return { codes: assessModel(model, NOW).map(({ code }) => code), counted: usesToCount(model) }
  }
  const deployed = (at: number, modelVersion: string, more: object = {}): LifecycleRecord =>
    event(at, 'deployed', { modelVersion, approver: 'grace', ...more })

  test('finds nothing where every decision is of a version in force and approved', () => {
    expect(assessed([deployed(10, '1')], [use('1', 5)])).toEqual({ codes: [], counted: [] })
  })

  test('finds models, versions and approvals that nobody recorded, and versions nobody uses', () => {
    expect(assessed([], [use('1', 5)]).codes).toEqual(['model_undeclared'])
    expect(assessed([deployed(10, '1')], [use('1', 5), use('2', 1), use('', 1)]).codes).toEqual([
      'version_not_stated',
      'version_undeclared',
    ])
    const unapproved = event(10, 'deployed', { modelVersion: '1' })
    expect(assessed([unapproved], []).codes).toEqual(['version_unapproved', 'version_unused'])
    expect(assessed([deployed(10, '1'), event(11, 'deprecated', {})], [use('1', 5)]).codes).toEqual([
      'event_without_version',
    ])
  })

  test('has decisions counted where some may have been made while their version was not in force', () => {
    const records = [deployed(10, '1'), deployed(25, '2')]
    const { counted } = assessed(records, [use('1', 5), use('2', 5, { firstAt: 26 })])
    expect(counted).toMatchObject([{ use: { modelVersion: '1' }, periods: [{ from: 10, to: 25 }] }])
    expect(notInForce(counted[0]!, 2).message).toMatch(/^2 of 5 decisions/)
    expect(notInForce(counted[0]!, null).message).toMatch(/^some decisions/)
  })

  test('takes what names no environment for production, on either side', () => {
    expect(assessed([deployed(10, '1')], [use('1', 5, { environment: '' })]).counted).toEqual([])
    expect(assessed([deployed(10, '1')], [use('1', 5, { environment: 'shadow' })]).counted).toHaveLength(1)
  })

  test('does not take for a declaration what says no more than that there is a system', () => {
    const own = recorded(1, 'system.declared', { name: 'credit', slug: 's1', basis: 'observed' })
    const codes = (...records: LifecycleRecord[]): string[] =>
      assessSystems([use('1', 1)], declaredSystems(records)).map(({ code }) => code)
    expect(codes(own)).toEqual(['system_undeclared'])
    const declared = recorded(2, 'system.declared', { system: 'credit', owner: 'grace' })
    expect(codes(own, declared)).toEqual(['system_without_tier'])
    const changed = recorded(3, 'system.changed', { system: 'credit', riskTier: 'high' })
    expect(codes(own, declared, changed)).toEqual([])
  })
})
