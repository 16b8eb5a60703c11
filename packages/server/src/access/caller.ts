/** Somebody at the door of a ledger, and what they may do there. */
import type { Action } from './action.ts'
import type { Actor } from './actor.ts'
import type { AccessControl, KeyHolder } from './access-control.ts'
import { holderOf } from './identity.ts'
import { type Holder, isCovered, type Permit, permitOf } from './policy.ts'
import { type Role, ROLES } from './role.ts'

export interface Caller {
  readonly id: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly systems: readonly string[] | null
  /** The only purposes that may be stated; null for any. */
  readonly purposes: readonly string[] | null
  /** Handle of the person a key of the role `subject` belongs to. */
  readonly subject?: string
  readonly emitter?: string
  /** The id of the key, and until when it opens anything; null for always. */
  readonly keyId: string
  readonly expiresAt: number | null
  /** What may be done by an action now; undefined when nothing. */
  permit(action: Action): Permit | undefined
  /** Who it is, in the role that allows an action. */
  actor(action: Action): Actor
  /** Least decisions of a group that an action may show; undefined where every group may be shown, single decisions too. */
  smallCells(action: Action, hasPurpose: boolean): number | undefined
  /** `name`: the emitter a record is numbered by or speaks of; undefined for a record without one. */
  mayRecordFor(name: string | undefined): boolean
}

export const ADMIN_TOKEN_ID = 'first-start'

/** What makes a caller of a holder. */
interface Person extends Holder {
  readonly id: string
  readonly name: string
  readonly keyId: string
  readonly expiresAt: number | null
  readonly purposes: readonly string[] | null
  readonly emitter?: string
}

/** The holder of a key. */
export function callerOf(control: AccessControl, { identity, key }: KeyHolder, now: () => number): Caller {
  const { id, name, purposes, emitter } = identity
  const person = {
    ...holderOf(identity),
    id,
    name,
    purposes,
    keyId: key.id,
    expiresAt: key.expiresAt,
    ...(emitter !== undefined && { emitter }),
  }
  return new KnownCaller(control, person, now)
}

/** The admin token of first start: every role until another identity of the ledger holds admin, then admin only. */
export function adminTokenOf(control: AccessControl, now: () => number): Caller {
  const roles = control.hasAdmin() ? (['admin'] as const) : ROLES.filter((role) => role !== 'subject')
  const person = {
    id: ADMIN_TOKEN_ID,
    name: 'admin token',
    roles,
    systems: null,
    period: {},
    keyId: ADMIN_TOKEN_ID,
    expiresAt: null,
    purposes: null,
  }
  return new KnownCaller(control, person, now)
}

class KnownCaller implements Caller {
  readonly #control: AccessControl
  readonly #person: Person
  readonly #now: () => number

  constructor(control: AccessControl, person: Person, now: () => number) {
    this.#control = control
    this.#person = person
    this.#now = now
  }

  get id(): string {
    return this.#person.id
  }

  get name(): string {
    return this.#person.name
  }

  get roles(): readonly Role[] {
    return this.#person.roles
  }

  get systems(): readonly string[] | null {
    return this.#person.systems
  }

  get purposes(): readonly string[] | null {
    return this.#person.purposes
  }

  get subject(): string | undefined {
    return this.#person.subject
  }

  get emitter(): string | undefined {
    return this.#person.emitter
  }

  get keyId(): string {
    return this.#person.keyId
  }

  get expiresAt(): number | null {
    return this.#person.expiresAt
  }

  permit(action: Action): Permit | undefined {
    return permitOf(this.#control.policy, this.#person, action, this.#now())
  }

  actor(action: Action): Actor {
    const { id, name, roles } = this.#person
    const role = roles.find((one) =>
      permitOf(this.#control.policy, { ...this.#person, roles: [one] }, action, this.#now()),
    )
    return { id, name, role: role ?? roles[0] ?? 'none' }
  }

  smallCells(action: Action, hasPurpose: boolean): number | undefined {
    const single = this.permit('list')?.boxes(['plain'], hasPurpose) ?? []
    const groups = this.permit(action)?.boxes(['plain'], hasPurpose) ?? []
    return groups.every((box) => isCovered(box, single)) ? undefined : this.#control.policy.smallCells
  }

  mayRecordFor(name: string | undefined): boolean {
    const own = this.#person.emitter
    if (own !== undefined) return name === own
    return name === undefined || this.#control.speakerOf(name) === undefined
  }
}
