/**
 * The rules a ledger begins with, so that the page can say what was changed. A test holds them against the server's.
 */
import type { Action, FieldClass, Role } from '../session/shape.ts'
import type { Rule } from './policy.ts'

export const SMALL_CELLS_DEFAULT = 10
export const REVEAL_MINUTES_DEFAULT = 15

const ALL_BUT_SEALED: readonly FieldClass[] = ['plain', 'identifier', 'protected']
const ALL: readonly FieldClass[] = [...ALL_BUT_SEALED, 'sealed']

const rule = (
  role: Role,
  actions: readonly Action[],
  fields: readonly FieldClass[],
  purpose = false,
): Rule => ({ role, actions, fields, systems: null, purpose })

export const DEFAULT_RULES: readonly Rule[] = [
  rule('writer', ['record', 'review'], ['plain']),
  rule('operator', ['status', 'metrics', 'ledger', 'systems', 'models', 'settings', 'operate'], ['plain']),
  rule('operator', ['aggregate'], ['plain', 'protected']),
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
  rule('auditor', ['reveal', 'export'], ALL, true),
  rule('privacy_officer', ['list', 'read', 'aggregate', 'prove', 'export', 'lookup'], ALL_BUT_SEALED),
  rule(
    'privacy_officer',
    ['systems', 'models', 'access', 'own_access', 'status', 'settings', 'privacy'],
    ['plain'],
  ),
  rule('privacy_officer', ['erase', 'erasures', 'retention'], ['plain']),
  rule('privacy_officer', ['reveal', 'export'], ALL, true),
  rule('privacy_officer', ['persons', 'rights', 'holds', 'hold'], ['plain']),
  rule('privacy_officer', ['own_export'], ALL, true),
  rule('authority', ['list', 'read', 'aggregate', 'export', 'lookup'], ALL_BUT_SEALED, true),
  rule('authority', ['reveal', 'export'], ALL, true),
  rule('authority', ['prove', 'ledger', 'status', 'systems', 'models'], ['plain']),
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
  rule('subject', ['list', 'read', 'prove', 'own_access'], ALL_BUT_SEALED),
  rule('subject', ['own_export'], ALL),
]
