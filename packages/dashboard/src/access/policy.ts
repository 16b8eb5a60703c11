/** The policy as a table: what each role may do, on which classes of fields, and where a purpose must be stated. */
import { timeText } from '../display.ts'
import { ACTIONS, FIELD_CLASSES, ROLE_NAMES, roleText } from '../session/shape.ts'
import type { Action, FieldClass, Role } from '../session/shape.ts'
import { spanText } from './identity.ts'

interface Span {
  readonly from?: number
  readonly to?: number
}

export interface Rule {
  readonly role: Role
  readonly actions: readonly Action[]
  readonly fields: readonly FieldClass[]
  readonly systems: readonly string[] | null
  readonly period?: Span
  readonly valid?: Span
  readonly purpose: boolean
}

export interface Policy {
  readonly version: number
  readonly rules: readonly Rule[]
  readonly smallCells: number
  readonly revealMinutes: number
  readonly changedAt?: string | null
  readonly changedBy?: { readonly name?: string; readonly role?: string } | null
}

/** What one role may do by one action. */
export interface Cell {
  /** Classes of fields that need no purpose. */
  readonly free: readonly FieldClass[]
  /** Those that need one and are not free as well. */
  readonly forPurpose: readonly FieldClass[]
  /** What narrows the rules that give it. */
  readonly limits: readonly string[]
}

/** Everything a table of rules gives a role by an action: rules add up, nothing takes away. */
export function cellOf(rules: readonly Rule[], role: Role, action: Action): Cell {
  const giving = rules.filter((rule) => rule.role === role && rule.actions.includes(action))
  const classesOf = (some: readonly Rule[]) => new Set(some.flatMap(({ fields }) => fields))
  const free = classesOf(giving.filter(({ purpose }) => !purpose))
  const forPurpose = classesOf(giving.filter(({ purpose }) => purpose))
  return {
    free: FIELD_CLASSES.filter((name) => free.has(name)),
    forPurpose: FIELD_CLASSES.filter((name) => forPurpose.has(name) && !free.has(name)),
    limits: [...new Set(giving.flatMap((rule) => limitsOf(rule)))],
  }
}

/** What narrows a rule, in words. */
export function limitsOf({ systems, period, valid }: Rule): readonly string[] {
  return [
    ...(systems === null ? [] : [`only ${systems.join(', ')}`]),
    ...(period === undefined ? [] : [`records ${spanText(period.from, period.to)}`]),
    ...(valid === undefined ? [] : [validText(valid)]),
  ]
}

function validText({ from, to }: Span): string {
  return [
    ...(from === undefined ? [] : [`from ${timeText(from)} on`]),
    ...(to === undefined ? [] : [`until ${timeText(to)}`]),
  ].join(', ')
}

export function isEmpty({ free, forPurpose }: Cell): boolean {
  return free.length + forPurpose.length === 0
}

/** A cell in words, for those who hear the table and for whoever rests on it. */
export function cellText(cell: Cell): string {
  const { free, forPurpose, limits } = cell
  if (isEmpty(cell)) return 'no'
  const parts = [
    ...(free.length > 0 ? [free.join(', ')] : []),
    ...(forPurpose.length > 0 ? [`${forPurpose.join(', ')} for a stated purpose`] : []),
  ]
  return [parts.join('; '), ...limits].join('; ')
}

/** Whether two cells give the same. */
export function sameCell(a: Cell, b: Cell): boolean {
  return JSON.stringify([a.free, a.forPurpose, a.limits]) === JSON.stringify([b.free, b.forPurpose, b.limits])
}

export interface Difference {
  readonly role: Role
  readonly action: Action
  readonly now: Cell
  readonly before: Cell
}

/** The cells in which two tables of rules differ. */
export function differences(now: readonly Rule[], before: readonly Rule[]): readonly Difference[] {
  return ROLE_NAMES.flatMap((role) =>
    ACTIONS.map((action) => ({
      role,
      action,
      now: cellOf(now, role, action),
      before: cellOf(before, role, action),
    })).filter(({ now, before }) => !sameCell(now, before)),
  )
}

/** What somebody should think about twice before such rules are put in force. */
export function warningsFor(rules: readonly Rule[]): readonly string[] {
  const mayAny = (action: Action) => rules.some(({ actions }) => actions.includes(action))
  // People state no purpose for what is about themselves.
  const openly = rules.filter(
    ({ fields, purpose, role }) => role !== 'subject' && fields.includes('sealed') && !purpose,
  )
  return [
    ...(mayAny('policy') ? [] : ['No role could change the policy any more, this change included.']),
    ...(mayAny('keys') ? [] : ['No role could make or revoke keys any more.']),
    ...(mayAny('access') ? [] : ['No role could see who looked at what.']),
    ...[...new Set(openly.map(({ role }) => role))].map(
      (role) => `${roleText(role)} would see sealed fields without a purpose.`,
    ),
  ]
}
