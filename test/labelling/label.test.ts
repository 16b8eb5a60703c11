import { describe, expect, test } from 'vitest'
import {
  type KnownReview,
  type Labelled,
  labelOf,
  warningsOf,
} from '../../packages/server/src/labelling/label.ts'
import { MirroredFeatures } from '../../packages/server/src/labelling/mirrored-features.ts'
import { leftOutOf } from '../../packages/server/src/labelling/purpose-limit.ts'

const DECIDED = Date.UTC(2026, 0, 10)
const DAY = 86_400_000
const known = (more: Partial<Labelled>): Labelled => ({ at: DECIDED, prediction: 'declined', ...more })
const outcome = (value: string | undefined, at = DECIDED + DAY, basis = 'observed') => ({
  id: 'o',
  value,
  at,
  receivedAt: at,
  basis,
})
const review = (more: Partial<KnownReview>): KnownReview => ({
  id: 'r',
  at: DECIDED + DAY,
  receivedAt: DECIDED + DAY,
  basis: 'observed',
  overridden: false,
  isInDecision: false,
  ...more,
})

describe('the label of a decision', () => {
  test('is its outcome before anything a reviewer thought', () => {
    const both = known({ outcome: outcome('repaid'), observed: review({ humanDecision: 'approved' }) })
    expect(labelOf(both)).toEqual({ value: 'repaid', from: 'outcome', why: 'latest_outcome' })
  })

  test('is what the reviewer decided where no outcome is known, observed before asserted', () => {
    const asserted = review({ basis: 'asserted', humanDecision: 'kept' })
    const both = known({ observed: review({ humanDecision: 'approved' }), asserted })
    expect(labelOf(both)).toEqual({ value: 'approved', from: 'observed_review', why: 'human_decision' })
    expect(labelOf(known({ asserted }))).toMatchObject({ value: 'kept', from: 'asserted_review' })
  })

  test('is the prediction where a reviewer agreed, and that is warned of', () => {
    const agreed = known({ observed: review({ verdict: 'agree' }) })
    const label = labelOf(agreed)
    expect(label).toEqual({ value: 'declined', from: 'observed_review', why: 'prediction_upheld' })
    expect(warningsOf(agreed, label)).toEqual(['label_is_prediction'])
  })

  test.each([
    ['nobody said anything', known({})],
    ['the outcome is sealed', known({ outcome: outcome(undefined) })],
    ['a reviewer overrode without saying what instead', known({ observed: review({ overridden: true }) })],
    ['a reviewer escalated', known({ observed: review({ verdict: 'escalate' }) })],
    [
      'a reviewer agreed to a prediction that is sealed',
      known({ prediction: undefined, observed: review({ verdict: 'agree' }) }),
    ],
  ])('is none where %s', (_, one) => {
    expect(labelOf(one)).toBeUndefined()
  })

  test('that was known before the decision is warned of', () => {
    const early = known({ outcome: outcome('repaid', DECIDED - 1) })
    expect(warningsOf(early, labelOf(early))).toEqual(['outcome_before_decision'])
    const same = known({ outcome: outcome('repaid', DECIDED) })
    expect(warningsOf(same, labelOf(same))).toEqual([])
  })

  test('that rests on the word of somebody is warned of', () => {
    const told = known({ asserted: review({ basis: 'asserted', humanDecision: 'approved' }) })
    expect(warningsOf(told, labelOf(told))).toEqual(['label_is_asserted'])
    const said = known({ outcome: outcome('repaid', DECIDED + 1, 'asserted') })
    expect(warningsOf(said, labelOf(said))).toEqual(['label_is_asserted'])
  })
})

describe('whether a decision may be used for a purpose', () => {
  const use = { purpose: 'Retraining', compatible: ['credit scoring'], takesUnstated: false }
  const free = { isRestricted: false, isPastRetention: false }

  test.each([
    [{ purpose: 'retraining ' }, undefined],
    [{ purpose: 'Credit Scoring' }, undefined],
    [{ purpose: 'marketing' }, 'other_purpose'],
    [{}, 'purpose_unstated'],
    [{ purpose: 'retraining', lawfulBasis: 'consent' }, 'consent_missing'],
    [{ purpose: 'retraining', lawfulBasis: 'gdpr_6_1_a', consentGiven: false }, 'consent_missing'],
    [{ purpose: 'retraining', lawfulBasis: 'Art. 6(1)(a)', consentGiven: true }, undefined],
    [
      { purpose: 'credit scoring', lawfulBasis: 'consent', consentGiven: true },
      'consent_for_another_purpose',
    ],
    [{ purpose: 'retraining', consentGiven: false }, 'consent_missing'],
    [{ purpose: 'retraining', consentGiven: false, lawfulBasis: 'gdpr_6_1_b' }, undefined],
  ])('%j: %s', (record, why) => {
    expect(leftOutOf(record, use, free)).toBe(why)
  })

  test('is no while it is restricted, or there for a hold only, whatever it was made for', () => {
    const record = { purpose: 'retraining' }
    expect(leftOutOf(record, use, { ...free, isRestricted: true })).toBe('restricted')
    expect(leftOutOf(record, use, { ...free, isPastRetention: true })).toBe('past_retention')
  })

  test('that none states is yes only where somebody answers for that, and no where it rests on consent', () => {
    const taking = { ...use, takesUnstated: true }
    expect(leftOutOf({}, taking, free)).toBeUndefined()
    expect(leftOutOf({ lawfulBasis: 'consent', consentGiven: true }, taking, free)).toBe('purpose_unstated')
  })
})

describe('features that are the label under another name', () => {
  test('are those equal to it in every record, once there are enough and the label varies', () => {
    const found = new MirroredFeatures()
    for (let i = 0; i < 20; i += 1) found.add({ copy: i % 2, other: 1, late: 0 }, i % 2)
    expect(found.names()).toEqual(['copy'])
    found.add({ copy: 1 }, 0)
    expect(found.names()).toEqual([])
    const constant = new MirroredFeatures()
    for (let i = 0; i < 50; i += 1) constant.add({ one: 1 }, 1)
    expect(constant.names()).toEqual([])
  })
})
