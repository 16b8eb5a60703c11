/** The policy a ledger begins with: least privilege for each role. */
import type { Action } from './action.ts'
import type { FieldClass } from './field-class.ts'
import type { Policy, Rule } from './policy.ts'
import type { Role } from './role.ts'

export const SMALL_CELLS_DEFAULT = 10
export const REVEAL_MINUTES_DEFAULT = 15

const ALL_BUT_SEALED: readonly FieldClass[] = ['plain', 'identifier', 'protected']

const rule = (
  role: Role,
  actions: readonly Action[],
  fields: readonly FieldClass[],
  purpose = false,
): Rule => ({ role, actions, fields, systems: null, purpose })

export const DEFAULT_POLICY: Policy = {
  version: 1,
  smallCells: SMALL_CELLS_DEFAULT,
  revealMinutes: REVEAL_MINUTES_DEFAULT,
  rules: [
    rule('writer', ['record', 'review'], ['plain']),
    // Sees whether the recorder works and how much goes through it, and nobody's decision.
    rule('operator', ['status', 'metrics', 'ledger', 'systems', 'models', 'settings', 'operate'], ['plain']),
    rule('operator', ['aggregate'], ['plain', 'protected']),
    // Judges single decisions; what nobody may decide by is covered.
    rule(
      'reviewer',
      ['list', 'read', 'prove', 'systems', 'models', 'aggregate', 'review'],
      ['plain', 'identifier'],
    ),
    rule('reviewer', ['reveal'], ['sealed'], true),
    rule('auditor', ['list', 'read', 'aggregate', 'sql', 'prove', 'export', 'lookup'], ALL_BUT_SEALED),
    rule(
      'auditor',
      ['status', 'ledger', 'systems', 'models', 'access', 'settings', 'erasures', 'holds'],
      ['plain'],
    ),
    rule('auditor', ['reveal', 'export'], [...ALL_BUT_SEALED, 'sealed'], true),
    rule('privacy_officer', ['list', 'read', 'aggregate', 'prove', 'export', 'lookup'], ALL_BUT_SEALED),
    rule(
      'privacy_officer',
      ['systems', 'models', 'access', 'own_access', 'status', 'settings', 'privacy'],
      ['plain'],
    ),
    rule('privacy_officer', ['erase', 'erasures', 'retention'], ['plain']),
    rule('privacy_officer', ['reveal', 'export'], [...ALL_BUT_SEALED, 'sealed'], true),
    rule('privacy_officer', ['persons', 'rights', 'holds', 'hold'], ['plain']),
    rule('privacy_officer', ['own_export'], [...ALL_BUT_SEALED, 'sealed'], true),
    // An authority says each time what for, and reads what its keys are made for.
    rule('authority', ['list', 'read', 'aggregate', 'export', 'lookup'], ALL_BUT_SEALED, true),
    rule('authority', ['reveal', 'export'], [...ALL_BUT_SEALED, 'sealed'], true),
    rule('authority', ['prove', 'ledger', 'status', 'systems', 'models'], ['plain']),
    // Manages; sees no content.
    rule(
      'admin',
      [
        'keys',
        'policy',
        'privacy',
        'retention',
        'ledgers',
        'operate',
        'settings',
        'access',
        'status',
        'ledger',
        'metrics',
        'systems',
      ],
      ['plain'],
    ),
    rule('admin', ['holds', 'hold', 'erasures'], ['plain']),
    // Their own decisions only; how the key is made sees to that.
    rule('subject', ['list', 'read', 'prove', 'own_access'], ALL_BUT_SEALED),
    rule('subject', ['own_export'], [...ALL_BUT_SEALED, 'sealed']),
  ],
}
