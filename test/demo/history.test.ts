import { canonicalJson, completeness, normalizeRecord, readJson } from '@deponent/format'
import type { CanonicalRecord } from '@deponent/format'
import { describe, expect, it } from 'vitest'
import { history } from '../../packages/server/src/demo/history.ts'
import { textOf } from '../../packages/server/src/demo/demo-record.ts'
import type { DemoRecord } from '../../packages/server/src/demo/demo-record.ts'
import { score, scorerModels } from '../../packages/server/src/demo/scorer-model.ts'
import type { ScorerFeatures } from '../../packages/server/src/demo/scorer-model.ts'
import { outputOf } from '../../packages/server/src/demo/scorer-output.ts'
import { storyUpTo } from '../../packages/server/src/demo/story.ts'
import type { ScorerVersion } from '../../packages/server/src/demo/story.ts'

const DAY_MS = 86_400_000
const now = Date.UTC(2026, 10, 20, 13, 37)
const seed = 'a seed of the tests'
const records = [...history({ seed, now })]
const story = storyUpTo(now)

const decisions = records.filter(({ kind }) => kind === 'decision')
const scored = decisions.filter(
  ({ record }) =>
    record['system'] === 'credit-scorer' &&
    record['environment'] === 'production' &&
    record['status'] === 'ok',
)
const features = ({ record }: DemoRecord) => record['inputFeatures'] as unknown as ScorerFeatures

const share = (all: readonly DemoRecord[], yes: (item: DemoRecord) => boolean) =>
  all.filter(yes).length / all.length
const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
const inBroken = ({ at }: DemoRecord) => story.broken.deployedAt <= at && at < story.broken.rolledBackAt
const isApproved = ({ record }: DemoRecord) => record['prediction'] === 'approve'
const unsalaried = (item: DemoRecord) => features(item).employment !== 'salaried'

describe('the demo company', () => {
  it('has the same history, byte for byte, for the same seed and moment, and another for another seed', () => {
    const text = JSON.stringify(records)
    expect(JSON.stringify([...history({ seed, now })]) === text).toBe(true)
    const other = history({ seed: 'another', now })
    expect(JSON.stringify([...other].slice(100, 200))).not.toBe(JSON.stringify(records.slice(100, 200)))
  })

  it('tells half a year in the order of time, each record at its timestamp, nothing from the future', () => {
    expect(records.every(({ at }, i) => i === 0 || records[i - 1]!.at <= at)).toBe(true)
    expect(records[records.length - 1]!.at).toBeLessThan(now)
    expect(decisions[0]!.at).toBeLessThan(now - 181 * DAY_MS)
    for (const { at, record } of records) {
      const timestamp = textOf(record, 'timestamp')!
      const zoned = timestamp.endsWith('Z') ? timestamp : `${timestamp}Z`
      expect(Math.abs(Date.parse(zoned) - at)).toBeLessThan(1000)
    }
  })

  it('makes 20,000 to 35,000 decisions with three systems, growing, and few on Sundays', () => {
    expect(decisions.length).toBeGreaterThan(20_000)
    expect(decisions.length).toBeLessThan(35_000)
    expect(new Set(decisions.map(({ record }) => record['system'])).size).toBe(3)
    const middle = now - 91 * DAY_MS
    expect(share(decisions, ({ at }) => at > middle)).toBeGreaterThan(0.53)
    const onWeekday = (day: number) => decisions.filter(({ at }) => new Date(at).getUTCDay() === day).length
    expect(onWeekday(0)).toBeLessThan(onWeekday(1) / 2)
    const inHours = (from: number, to: number) =>
      share(decisions, ({ at }) => new Date(at).getUTCHours() >= from && new Date(at).getUTCHours() < to)
    expect(inHours(8, 20)).toBeGreaterThan(0.75)
    expect(inHours(0, 5)).toBeLessThan(0.05)
  })

  it('reports only what the format accepts without an error', () => {
    for (const { kind, record } of records) {
      const { errors } = normalizeRecord(kind, readJson(JSON.stringify(record)))
      if (errors.length > 0) expect.fail(`${kind}: ${JSON.stringify(errors)}`)
    }
  })

  it('knows each person as the same person in every record', () => {
    const known = new Map<unknown, string>()
    for (const item of scored) {
      const { affectedUserId, protectedAttributes } = item.record
      const { employment, housing } = features(item)
      const person = JSON.stringify({ protectedAttributes, employment, housing })
      expect(known.get(affectedUserId) ?? person).toBe(person)
      known.set(affectedUserId, person)
    }
    expect(known.size).toBeLessThan(scored.length)
  })

  it('gives every decision an id of its own', () => {
    const ids = decisions.map(({ record }) => record['decisionId'] ?? record['audit_id'])
    expect(new Set(ids).size).toBe(decisions.length)
  })

  it('speaks of decisions in later records only after they were made, in their system', () => {
    const made = new Map<unknown, unknown>()
    let spoken = 0
    for (const { kind, record } of records) {
      if (kind === 'decision') made.set(record['decisionId'], record['system'])
      else if (record['decisionId'] !== undefined) {
        expect(made.get(record['decisionId'])).toBe(record['system'])
        spoken += 1
      }
    }
    expect(spoken).toBeGreaterThan(4_000)
  })

  it('is complete in two systems and visibly not in the third', () => {
    const scores = new Map<unknown, number[]>()
    for (const { record } of decisions) {
      const canonical: CanonicalRecord = normalizeRecord('decision', readJson(JSON.stringify(record))).record
      const system = textOf(canonical, 'system')!
      scores.set(system, [...(scores.get(system)?.slice(-999) ?? []), completeness(canonical).score])
    }
    expect(mean(scores.get('credit-scorer')!)).toBeGreaterThan(0.98)
    expect(mean(scores.get('customer-assistant')!)).toBeGreaterThan(0.98)
    expect(mean(scores.get('cv-screener')!)).toBeLessThan(0.75)
  })
})

describe('the scorer', () => {
  it('can be computed again from what it recorded', () => {
    for (const item of scored) {
      const { record } = item
      const again = score(scorerModels[record['modelVersion'] as ScorerVersion], features(item))
      expect([record['confidence'], record['prediction']]).toEqual([
        again.probability,
        again.approved ? 'approve' : 'decline',
      ])
    }
  })

  it('scores the same by weights that were written and read again, reasons included', () => {
    for (const model of Object.values(scorerModels)) {
      const read = readJson(canonicalJson({ ...model })).value as unknown as typeof model
      for (const item of scored.slice(0, 2_000)) {
        expect(outputOf(score(read, features(item)))).toEqual(outputOf(score(model, features(item))))
      }
    }
  })

  it('explains itself by contributions that add up to its score', () => {
    for (const { record } of scored) {
      const { topFeatures } = record['explanation'] as {
        topFeatures: { feature: string; importance: number }[]
      }
      const logOdds = topFeatures.reduce((sum, { importance }) => sum + importance, 0)
      expect(1 / (1 + Math.exp(-logOdds))).toBeCloseTo(Number(record['confidence']), 4)
    }
  })

  it('learns later how loans ended, and is about right', () => {
    const outcomes = new Map(
      records
        .filter(({ kind }) => kind === 'outcome')
        .map(({ record }) => [record['decisionId'], record['outcome']]),
    )
    // Loans old enough for every end to be known; younger ones show their defaults first.
    const ended = scored.filter(
      ({ at, record }) => at < now - 95 * DAY_MS && outcomes.has(record['decisionId']),
    )
    expect(ended.length).toBeGreaterThan(1_500)
    const repaid = share(ended, ({ record }) => outcomes.get(record['decisionId']) === 1)
    expect(Math.abs(repaid - mean(ended.map(({ record }) => Number(record['confidence']))))).toBeLessThan(
      0.05,
    )
  })
})

describe('the deployment that goes wrong', () => {
  const reviews = new Map(
    records
      .filter(({ kind }) => kind === 'review')
      .map(({ record }) => [record['decisionId'], record['verdict']]),
  )
  const overrideRate = (items: readonly DemoRecord[]) => {
    const reviewed = items.filter(({ record }) => reviews.has(record['decisionId']))
    return share(reviewed, ({ record }) => reviews.get(record['decisionId']) !== 'agree')
  }
  const before = scored.filter(({ at }) => at < story.broken.deployedAt)
  const broken = scored.filter(inBroken)
  const after = scored.filter(({ at }) => at >= story.broken.rolledBackAt)

  it('runs nine days as 4.2.0, and nowhere else', () => {
    expect(story.broken.rolledBackAt - story.broken.deployedAt).toBe(9 * DAY_MS)
    expect(new Set(broken.map(({ record }) => record['modelVersion']))).toEqual(new Set(['4.2.0']))
    expect([...before, ...after].some(({ record }) => record['modelVersion'] === '4.2.0')).toBe(false)
    expect(records.filter(({ kind }) => kind === 'model.rollback').map(({ at }) => at)).toEqual([
      story.broken.rolledBackAt,
    ])
  })

  it('collapses the approvals of people without a salary, and of nobody else', () => {
    expect(share(before.filter(unsalaried), isApproved)).toBeGreaterThan(0.65)
    expect(share(broken.filter(unsalaried), isApproved)).toBeLessThan(0.15)
    expect(share(after.filter(unsalaried), isApproved)).toBeGreaterThan(0.65)
    const salaried = (item: DemoRecord) => !unsalaried(item)
    expect(share(broken.filter(salaried), isApproved)).toBeGreaterThan(0.75)
  })

  it('shows in the confidence and in the overrides', () => {
    const confidence = (items: readonly DemoRecord[]) =>
      mean(items.map(({ record }) => Number(record['confidence'])))
    expect(confidence(before) - confidence(broken)).toBeGreaterThan(0.12)
    expect(Math.abs(confidence(before) - confidence(after))).toBeLessThan(0.03)
    expect(overrideRate(before)).toBeLessThan(0.12)
    expect(overrideRate(broken)).toBeGreaterThan(0.3)
    expect(overrideRate(after)).toBeLessThan(0.12)
  })

  it('leaves its cause in the records: an income of 0', () => {
    const withoutIncome = (item: DemoRecord) => features(item).monthlyIncome === 0
    expect([...before, ...after].some(withoutIncome)).toBe(false)
    expect(share(broken.filter(unsalaried), withoutIncome)).toBeGreaterThan(0.85)
  })
})
