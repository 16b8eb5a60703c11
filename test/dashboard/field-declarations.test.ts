import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  classCounts,
  declaredWith,
  detectedText,
  differencesIn,
  fieldFilterIn,
  fieldWhy,
  filtered,
  MET_CLASSES as SHOWN_CLASSES,
  problemOfKey,
  treatmentsFor,
  TREATMENTS as SHOWN_TREATMENTS,
  whyText,
} from '../../packages/dashboard/src/fields/field.ts'
import type { Field } from '../../packages/dashboard/src/fields/field.ts'
import { fieldsSchema } from '../../packages/server/src/privacy/privacy-settings.ts'
import { MET_CLASSES } from '../../packages/server/src/vault/classify/fields-met.ts'
import { KEPT_FIELDS, TREATMENTS } from '../../packages/server/src/vault/classify/policy.ts'

const field = (more: Partial<Field> = {}): Field => ({
  pointer: '/inputFeatures/income',
  class: 'queryable',
  why: 'default',
  met: 10,
  detected: {},
  ...more,
})

describe('what may be declared', () => {
  test('is what the server takes, for each field it keeps as it is and for others', () => {
    expect(SHOWN_TREATMENTS).toEqual(TREATMENTS)
    expect(SHOWN_CLASSES).toEqual(MET_CLASSES)
    for (const key of [
      ...[...KEPT_FIELDS].map((name) => `/${name}`),
      '/userId',
      '/inputFeatures/zip',
      '*token*',
    ])
      for (const treatment of TREATMENTS) {
        const isTaken = fieldsSchema.safeParse({ [key]: treatment }).success
        expect(treatmentsFor(key).includes(treatment), `${key} ${treatment}`).toBe(isTaken)
      }
  })

  test('is refused here for the same keys as there', () => {
    for (const key of ['', '/a~b', '/a~1b', 'a/b', '*a*b*c*', '*a*', '/messages/*/content'])
      expect(problemOfKey(key) === undefined, key).toBe(fieldsSchema.safeParse({ [key]: 'seal' }).success)
  })
})

describe('choices that are not saved', () => {
  const treatment = fc.constantFrom(...TREATMENTS)
  const key = fc.constantFrom('/a', '/b', '/c', '*d*')
  const declared = fc.dictionary(key, treatment)
  const chosen = fc.dictionary(key, fc.oneof(treatment, fc.constant('' as const)))

  test('differ from what is in force exactly where they change it', () => {
    fc.assert(
      fc.property(declared, chosen, (before, choices) => {
        const after = declaredWith(before, choices)
        const changed = differencesIn(before, choices)
        for (const { key: name, before: was, after: is } of changed) {
          expect(was).toBe(before[name])
          expect(is).toBe(after[name])
        }
        const named = new Set(changed.map(({ key: name }) => name))
        for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
          expect(named.has(name)).toBe(before[name] !== after[name])
      }),
    )
  })

  test('that were taken back leave nothing to save', () => {
    expect(differencesIn({ '/a': 'seal' }, { '/a': 'seal', '/b': '' })).toEqual([])
    expect(differencesIn({ '/a': 'seal' }, { '/a': '' })).toEqual([
      { key: '/a', before: 'seal', after: undefined },
    ])
  })
})

describe('a field', () => {
  test('says why it has its class, with the detector by its name', () => {
    expect(whyText('detector mail')).toBe('every value met was found by the detector mail')
    expect(fieldWhy(field({ detected: { phone: 4 } }))).toContain('kept out of the index')
    expect(fieldWhy(field())).toBe('nothing says otherwise')
  })

  test('lists what was found in it, the most first', () => {
    expect(detectedText(field({ detected: { phone: 4, mail: 1_200 } }))).toEqual(['mail 1,200', 'phone 4'])
  })

  test('is found by a part of its name, by why, and by its class', () => {
    const fields = [field(), field({ pointer: '/userId', class: 'sealed', why: 'detector mail' })]
    expect(filtered(fields, fieldFilterIn({ q: 'INCOME' }))).toEqual([fields[0]])
    expect(filtered(fields, fieldFilterIn({ q: 'detector mail' }))).toEqual([fields[1]])
    expect(filtered(fields, fieldFilterIn({ class: 'sealed' }))).toEqual([fields[1]])
    expect(filtered(fields, fieldFilterIn({ class: 'no such class' }))).toEqual(fields)
    expect(classCounts(fields).map(({ count }) => count)).toEqual([1, 1, 0, 0])
  })
})
