/**
 * Who may do what: one table of rules, and the one place that evaluates it. What no rule allows is denied.
 *
 * A rule gives a role some actions on some classes of fields, in some systems, on records of some period, while the rule is valid,
 * with or without a stated purpose. Several roles add up: what any of them may, their holder may. Nothing takes a right away.
 */
import type { Action } from './action.ts'
import type { FieldClass } from './field-class.ts'
import type { Role } from './role.ts'

/** Milliseconds since the epoch, `to` excluded; a missing end is open. */
export interface Span {
  readonly from?: number
  readonly to?: number
}

export interface Rule {
  readonly role: Role
  readonly actions: readonly Action[]
  readonly fields: readonly FieldClass[]
  /** Names of systems; null for every one, also those that come later. */
  readonly systems: readonly string[] | null
  /** Records of this time only, by their own `at`. */
  readonly period?: Span
  /** When the rule holds at all. */
  readonly valid?: Span
  /** Whether a purpose must be stated each time. */
  readonly purpose: boolean
}

export interface Policy {
  /** Counts up by one with each change. */
  readonly version: number
  readonly rules: readonly Rule[]
  /** Least decisions of a group that is shown to who may not see single decisions. */
  readonly smallCells: number
  /** How long what was revealed stays open, in minutes. */
  readonly revealMinutes: number
}

/** What of a policy its holder brings along: roles, and how far the key narrows them. */
export interface Holder {
  readonly roles: readonly Role[]
  readonly systems: readonly string[] | null
  readonly period: Span
  /** Handle of the one person the holder may read about: themselves. */
  readonly subject?: string
}

/** A part of the records: those of some systems, of some time. */
export interface Box {
  readonly systems?: readonly string[]
  readonly from?: number
  readonly to?: number
}

/** What one rule gives one holder. */
interface Grant {
  readonly box: Box
  readonly fields: ReadonlySet<FieldClass>
  readonly purpose: boolean
}

/** What a record is to the policy. */
export interface Place {
  readonly system: string
  /** Its own time, ms since the epoch. */
  readonly at: number
  /** Handles of the people it is about. */
  readonly subjects?: readonly string[]
}

/** What somebody may do by one action. */
export class Permit {
  readonly action: Action
  /** Handle of the one person it is about; undefined for everybody. */
  readonly subject: string | undefined
  readonly #grants: readonly Grant[]

  constructor(action: Action, grants: readonly Grant[], subject: string | undefined) {
    this.action = action
    this.#grants = grants
    this.subject = subject
  }

  /** Whether everything it gives is given for a stated purpose only. */
  get isForPurposes(): boolean {
    return this.#grants.length > 0 && this.#grants.every(({ purpose }) => purpose)
  }

  /** The parts of the records in which fields of all these classes may be used. Empty where there are none. */
  boxes(classes: Iterable<FieldClass>, hasPurpose: boolean): Box[] {
    const wanted = [...classes]
    return this.#usable(hasPurpose)
      .filter(({ fields }) => wanted.every((name) => fields.has(name)))
      .map(({ box }) => box)
  }

  /** Classes that may be used wherever anything may. */
  fieldsEverywhere(hasPurpose: boolean): Set<FieldClass> {
    return commonFields(this.#usable(hasPurpose))
  }

  /** Classes that may be used in all of these boxes of `boxes`. */
  fieldsIn(boxes: readonly Box[], hasPurpose: boolean): Set<FieldClass> {
    const grants = this.#usable(hasPurpose).filter(({ box }) => boxes.includes(box))
    return commonFields(grants)
  }

  /** Classes of fields that may be used somewhere. */
  fieldsSomewhere(hasPurpose: boolean): Set<FieldClass> {
    return new Set(this.#usable(hasPurpose).flatMap(({ fields }) => [...fields]))
  }

  /** Classes of the fields of one record that may be seen; empty when the record may not. */
  fieldsOf(place: Place, hasPurpose: boolean): Set<FieldClass> {
    if (this.subject !== undefined && !place.subjects?.includes(this.subject)) return new Set()
    const covering = this.#usable(hasPurpose).filter(({ box }) => covers(box, place))
    return new Set(covering.flatMap(({ fields }) => [...fields]))
  }

  /** Whether it reaches any records of a system. */
  touchesSystem(system: string): boolean {
    return this.systems?.includes(system) ?? true
  }

  /** The systems of which it reaches any records, in order of their names; undefined for all. */
  get systems(): readonly string[] | undefined {
    const named = new Set<string>()
    for (const {
      box: { systems },
    } of this.#grants) {
      if (systems === undefined) return undefined
      for (const system of systems) named.add(system)
    }
    return [...named].toSorted()
  }

  /** Whether it reaches all records of a system, of all times: what numbers about a whole system speak of. */
  reachesSystem(system: string): boolean {
    if (this.subject !== undefined) return false
    return this.#grants.some(
      ({ box: { systems, from, to } }) =>
        from === undefined && to === undefined && (systems === undefined || systems.includes(system)),
    )
  }

  /** Whether it reaches every record there is. */
  get isWhole(): boolean {
    return this.subject === undefined && this.#grants.some(({ box }) => isWhole(box))
  }

  #usable(hasPurpose: boolean): readonly Grant[] {
    return hasPurpose ? this.#grants : this.#grants.filter(({ purpose }) => !purpose)
  }
}

function commonFields([first, ...others]: readonly Grant[]): Set<FieldClass> {
  if (!first) return new Set()
  return new Set([...first.fields].filter((name) => others.every(({ fields }) => fields.has(name))))
}

/** What a holder may do by an action now; undefined when nothing. */
export function permitOf(
  policy: Pick<Policy, 'rules'>,
  holder: Holder,
  action: Action,
  now: number,
): Permit | undefined {
  const grants = policy.rules
    .filter(
      ({ role, actions, valid }) =>
        holder.roles.includes(role) && actions.includes(action) && isWithin(valid, now),
    )
    .flatMap((rule) => {
      const box = narrowed(rule, holder)
      return box ? [{ box, fields: new Set(rule.fields), purpose: rule.purpose }] : []
    })
  return grants.length > 0 ? new Permit(action, grants, holder.subject) : undefined
}

/** What is left of a rule for the holder of a narrower key; undefined when nothing is. */
function narrowed(rule: Rule, holder: Holder): Box | undefined {
  const systems = common(rule.systems, holder.systems)
  const from = Math.max(rule.period?.from ?? -Infinity, holder.period.from ?? -Infinity)
  const to = Math.min(rule.period?.to ?? Infinity, holder.period.to ?? Infinity)
  if (systems?.length === 0 || from >= to) return undefined
  return {
    ...(systems && { systems }),
    ...(from !== -Infinity && { from }),
    ...(to !== Infinity && { to }),
  }
}

function common(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | undefined {
  if (a === null) return b ?? undefined
  return b === null ? a : a.filter((system) => b.includes(system))
}

function isWithin(span: Span | undefined, moment: number): boolean {
  return moment >= (span?.from ?? -Infinity) && moment < (span?.to ?? Infinity)
}

function covers({ systems, from, to }: Box, place: Place): boolean {
  return (
    (systems === undefined || systems.includes(place.system)) &&
    isWithin({ ...(from !== undefined && { from }), ...(to !== undefined && { to }) }, place.at)
  )
}

function isWhole({ systems, from, to }: Box): boolean {
  return systems === undefined && from === undefined && to === undefined
}

/** Whether every record of `inner` lies in one of `outer`. */
export function isCovered(inner: Box, outer: readonly Box[]): boolean {
  return outer.some(
    ({ systems, from, to }) =>
      (systems === undefined || (inner.systems?.every((system) => systems.includes(system)) ?? false)) &&
      (from ?? -Infinity) <= (inner.from ?? -Infinity) &&
      (to ?? Infinity) >= (inner.to ?? Infinity),
  )
}
