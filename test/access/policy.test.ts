import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ACTION_NAMES, type Action } from '../../packages/server/src/access/action.ts'
import { DEFAULT_POLICY } from '../../packages/server/src/access/default-policy.ts'
import { FIELD_CLASSES, fieldClassOf } from '../../packages/server/src/access/field-class.ts'
import {
  type Box,
  type Holder,
  isCovered,
  permitOf,
  type Place,
  type Rule,
} from '../../packages/server/src/access/policy.ts'
import { policySchema } from '../../packages/server/src/access/policy-reading.ts'
import { type Role, ROLES } from '../../packages/server/src/access/role.ts'

const holder = (roles: readonly Role[], narrower: Partial<Holder> = {}): Holder => ({
  roles,
  systems: null,
  period: {},
  ...narrower,
})
const classes = (roles: readonly Role[], action: Action, place: Place, hasPurpose = false): string[] =>
  [...(permitOf(DEFAULT_POLICY, holder(roles), action, 0)?.fieldsOf(place, hasPurpose) ?? [])].toSorted()
const somewhere: Place = { system: 'credit', at: 1_000 }

const systems = fc.option(fc.subarray(['a', 'b', 'c'], { minLength: 1 }), { nil: null })
const span = fc.record(
  { from: fc.integer({ min: 0, max: 9 }), to: fc.integer({ min: 0, max: 9 }) },
  { requiredKeys: [] },
)
const rule: fc.Arbitrary<Rule> = fc.record({
  role: fc.constantFrom(...ROLES),
  actions: fc.subarray([...ACTION_NAMES], { minLength: 1 }),
  fields: fc.subarray([...FIELD_CLASSES], { minLength: 1 }),
  systems,
  period: span,
  purpose: fc.boolean(),
})
const someone: fc.Arbitrary<Holder> = fc.record({
  roles: fc.subarray([...ROLES], { minLength: 1 }),
  systems,
  period: span,
})
const place: fc.Arbitrary<Place> = fc.record({
  system: fc.constantFrom('a', 'b', 'c'),
  at: fc.integer({ min: 0, max: 9 }),
})
const isIn = (value: number, { from = -Infinity, to = Infinity }: { from?: number; to?: number }): boolean =>
  value >= from && value < to

describe('a policy', () => {
  test('shows a class of fields exactly where a rule of the role, narrowed by the key, gives it', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 8 }),
        someone,
        place,
        fc.constantFrom(...ACTION_NAMES),
        fc.boolean(),
        (rules, who, where, action, hasPurpose) => {
          const expected = new Set(
            rules
              .filter(
                (one) =>
                  who.roles.includes(one.role) &&
                  one.actions.includes(action) &&
                  (!one.purpose || hasPurpose) &&
                  [one.systems, who.systems].every(
                    (names) => names === null || names.includes(where.system),
                  ) &&
                  [one.period ?? {}, who.period].every((period) => isIn(where.at, period)),
              )
              .flatMap(({ fields }) => fields),
          )
          const permit = permitOf({ rules }, who, action, 0)
          expect(permit?.fieldsOf(where, hasPurpose) ?? new Set()).toEqual(expected)
        },
      ),
    )
  })

  test('lets a question reach exactly the records in which all the classes it names may be seen', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 8 }),
        someone,
        place,
        fc.subarray([...FIELD_CLASSES], { minLength: 1 }),
        (rules, who, where, wanted) => {
          const permit = permitOf({ rules }, who, 'list', 0)
          const boxes = permit?.boxes(wanted, true) ?? []
          const reaches = boxes.some(
            (box) => (box.systems?.includes(where.system) ?? true) && isIn(where.at, box),
          )
          const byOneRule = rules.some((one) => {
            const alone = permitOf({ rules: [one] }, who, 'list', 0)
            return alone !== undefined && wanted.every((name) => alone.fieldsOf(where, true).has(name))
          })
          expect(reaches).toBe(byOneRule)
        },
      ),
    )
  })

  test('without a rule denies, whatever the role', () => {
    for (const action of ACTION_NAMES)
      for (const role of ROLES) expect(permitOf({ rules: [] }, holder([role]), action, 0)).toBeUndefined()
  })

  test('gives more to two roles than to one, never less', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 8 }),
        fc.constantFrom(...ROLES),
        fc.constantFrom(...ROLES),
        place,
        (rules, one, other, where) => {
          const alone = permitOf({ rules }, holder([one]), 'read', 0)?.fieldsOf(where, true) ?? new Set()
          const both =
            permitOf({ rules }, holder([one, other]), 'read', 0)?.fieldsOf(where, true) ?? new Set()
          expect([...alone].every((name) => both.has(name))).toBe(true)
        },
      ),
    )
  })

  test('holds only while its rules are valid', () => {
    const rules: Rule[] = [
      {
        role: 'auditor',
        actions: ['read'],
        fields: ['plain'],
        systems: null,
        valid: { from: 10, to: 20 },
        purpose: false,
      },
    ]
    const at = (now: number) => permitOf({ rules }, holder(['auditor']), 'read', now) !== undefined
    expect([9, 10, 19, 20].map(at)).toEqual([false, true, true, false])
  })

  test('shows a person only what is about them', () => {
    const permit = permitOf(DEFAULT_POLICY, holder(['subject'], { subject: 'me' }), 'read', 0)!
    expect(permit.fieldsOf({ ...somewhere, subjects: ['me'] }, false).size).toBeGreaterThan(0)
    expect(permit.fieldsOf({ ...somewhere, subjects: ['you'] }, true).size).toBe(0)
    expect(permit.fieldsOf(somewhere, true).size).toBe(0)
    expect(permit.isWhole).toBe(false)
  })

  test('covers a box exactly when every record of it lies in the boxes that cover', () => {
    const box: fc.Arbitrary<Box> = fc.record(
      {
        systems: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
        from: fc.integer({ min: 0, max: 9 }),
        to: fc.integer({ min: 0, max: 9 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(box, box, place, (inner, outer, where) => {
        const lies = (one: Box) => (one.systems?.includes(where.system) ?? true) && isIn(where.at, one)
        if (isCovered(inner, [outer]) && lies(inner)) expect(lies(outer)).toBe(true)
      }),
    )
  })
})

describe('the policy a ledger begins with', () => {
  test('is one that could be sent', () => {
    expect(policySchema.parse(DEFAULT_POLICY)).toEqual(DEFAULT_POLICY)
  })

  test('gives sealed fields to nobody without a purpose, but for people’s own export', () => {
    for (const role of ROLES)
      for (const action of ACTION_NAMES)
        expect([role, action, classes([role], action, somewhere).includes('sealed')]).toEqual([
          role,
          action,
          role === 'subject' && action === 'own_export',
        ])
  })

  test('shows single decisions to neither writer, operator nor admin', () => {
    for (const role of ['writer', 'operator', 'admin'] as const)
      for (const action of ['list', 'read', 'reveal', 'export', 'sql', 'lookup'] as const)
        expect(permitOf(DEFAULT_POLICY, holder([role]), action, 0)).toBeUndefined()
  })

  test('covers protected attributes from whoever reviews', () => {
    expect(classes(['reviewer'], 'read', somewhere, true)).toEqual(['identifier', 'plain'])
    expect(classes(['auditor'], 'read', somewhere)).toEqual(['identifier', 'plain', 'protected'])
  })

  test('lets an authority read nothing without saying what for', () => {
    for (const action of ['list', 'read', 'aggregate', 'export', 'reveal', 'lookup'] as const)
      expect(permitOf(DEFAULT_POLICY, holder(['authority']), action, 0)?.isForPurposes).toBe(true)
  })

  test('lets nobody but an admin make keys or change it', () => {
    for (const role of ROLES)
      for (const action of ['keys', 'policy', 'ledgers'] as const)
        expect(permitOf(DEFAULT_POLICY, holder([role]), action, 0) !== undefined).toBe(role === 'admin')
  })
})

describe('the class of a field', () => {
  test.each([
    ['feature.race', 'protected'],
    ['feature.applicantAge', 'protected'],
    ['feature.AGE_GROUP', 'protected'],
    ['feature.ages', 'protected'],
    ['feature.page', 'plain'],
    ['feature.wageBracket', 'plain'],
    ['feature.income', 'plain'],
    ['protectedAttributes', 'protected'],
    ['userId', 'identifier'],
    ['subject', 'identifier'],
    ['modelId', 'plain'],
    ['__proto__', 'plain'],
  ])('of %s is %s', (name, expected) => {
    expect(fieldClassOf(name)).toBe(expected)
  })
})
