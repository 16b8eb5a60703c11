import type { JsonObject } from '@deponent/format'
import { completeness, normalizeRecord, PROFILES } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kindOf } from '../../packages/format/src/records/kinds/index.ts'

const BASE = { modelId: 'm', prediction: 'high' }

describe('the profile of a decision', () => {
  test.each<[JsonObject, string]>([
    [{}, 'core/1'],
    [{ riskTier: 'low' }, 'low/1'],
    [{ riskTier: 'medium' }, 'medium/1'],
    [{ riskTier: 'high' }, 'high/1'],
    [{ riskTier: 'critical' }, 'critical/1'],
    [{ consequenceLevel: 'informational' }, 'low/1'],
    [{ consequenceLevel: 'material' }, 'medium/1'],
    [{ consequenceLevel: 'significant' }, 'high/1'],
    [{ riskTier: 'low', consequenceLevel: 'significant' }, 'high/1'],
    [{ riskTier: 'critical', consequenceLevel: 'informational' }, 'critical/1'],
    [{ riskTier: 'constructor' }, 'core/1'],
  ])('%j is measured against %s', (fields, profile) => {
    expect(completeness({ ...BASE, ...fields }).profile).toBe(profile)
  })

  test('may be named by the caller', () => {
    expect(completeness(BASE, 'aia-12-3/1')).toEqual({
      profile: 'aia-12-3/1',
      score: 0,
      missing: ['usePeriod', 'referenceDatabase', 'input', 'humanReviewerId', 'timestamp'],
    })
    expect(completeness(BASE, 'no such profile').profile).toBe('core/1')
  })
})

describe('completeness', () => {
  test('is the share of the fields asked for, and names the others', () => {
    const record = {
      ...BASE,
      riskTier: 'low',
      decisionId: 'd',
      timestamp: '2026-01-10T00:00:00.000Z',
      inputHash: 'h',
    }
    expect(completeness(record)).toEqual({
      profile: 'low/1',
      score: 0.625,
      missing: ['system', 'environment', 'modelVersion'],
    })
  })

  test.each(['input', 'inputFeatures', 'messages', 'inputHash'])('%s counts as the input', (field) => {
    expect(completeness(BASE).missing).toContain('input')
    expect(completeness({ ...BASE, [field]: 'x' }).missing).not.toContain('input')
  })

  test('takes false and 0 for an answer, empty text, lists and objects for none', () => {
    const missing = (value: JsonObject[string]) =>
      completeness({ ...BASE, riskTier: 'critical', legalEffect: value }).missing.includes('legalEffect')
    expect([false, 0, true, 'x', [0], { a: null }].map(missing)).toEqual(Array(6).fill(false))
    expect([null, '', [], {}].map(missing)).toEqual(Array(4).fill(true))
  })

  test('heavier profiles ask for everything the lighter ones ask for', () => {
    const [low, medium, high, critical] = ['low/1', 'medium/1', 'high/1', 'critical/1'].map((name) =>
      PROFILES.get(name)!,
    )
    for (const [lighter, heavier] of [
      [low, medium],
      [medium, high],
      [high, critical],
    ]) {
      expect(heavier!.slice(0, lighter!.length)).toEqual(lighter)
    }
  })

  test('every field a profile asks for is a field of a decision', () => {
    const { slots } = kindOf('decision')
    const fields = [...PROFILES.values()].flat(2)
    expect(fields.filter((field) => !slots.has(field))).toEqual([])
  })

  test('a record that says everything has nothing missing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROFILES.keys()), fc.infiniteStream(fc.nat()), (name, picks) => {
        const full: JsonObject = {}
        for (const names of PROFILES.get(name)!) full[names[picks.next().value % names.length]!] = 'said'
        expect(completeness(full, name)).toEqual({ profile: name, score: 1, missing: [] })
      }),
    )
  })

  test('never refuses a record', () => {
    const { record, errors } = normalizeRecord('decision', {
      value: { ...BASE, riskTier: 'critical' },
      coerced: [],
      faults: [],
    })
    expect(errors).toEqual([])
    expect(completeness(record).score).toBeLessThan(0.2)
  })
})
