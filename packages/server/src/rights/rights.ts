/** The rights of the people recorded, and what stands in their way: one per ledger, above recording and beside erasure. */
import type { Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { StateStore } from '../platform/state-store.ts'
import type { ReadEntry, RecordReader } from '../recording/reader.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Systems } from '../recording/systems.ts'
import type { Vault } from '../vault/vault.ts'
import {
  type CompletedErasure,
  type DelayedErasure,
  type Erasures,
  type HoldsAndNotices,
  NO_ERASURES,
  type PendingErasure,
} from './erasures.ts'
import { concernedBy } from './concerned.ts'
import { type CopiedEntry, recipientIn, shownOf } from './copies.ts'
import { HoldDesk } from './hold-desk.ts'
import { blocks, type HeldEntry, type Hold, isPastReview } from './holds.ts'
import { Notices } from './notices.ts'
import { PersonDesk } from './person-desk.ts'
import { PersonEntries } from './person-entries.ts'
import type { RestrictedBy } from './persons.ts'
import { RequestDesk } from './request-desk.ts'
import { isOverdue, type PersonRequest } from './requests.ts'
import type { RightsRegister } from './rights-register.ts'

export interface RightsOptions {
  ledger: Ledger
  vault: Vault
  recorder: Recorder
  reader: RecordReader
  systems: Systems
  register: RightsRegister
  clock: Clock
  random: Random
  store: StateStore
  ledgerName: string
}

/** Why processing of something is restricted: by a record, or because an erasure waits for a hold. */
export type Restricted = RestrictedBy | 'erasure_waits'

/** What holds for a person beside their records. */
export interface Standing {
  readonly restrictedBy: readonly Restricted[]
  readonly requests: readonly PersonRequest[]
  readonly holds: readonly Hold[]
  readonly erasures: readonly PendingErasure[]
  readonly merges: readonly { readonly id: string; readonly at: number }[]
}

export class Rights implements HoldsAndNotices {
  readonly requests: RequestDesk
  readonly holds: HoldDesk
  readonly persons: PersonDesk
  /** All that is sealed for a person. */
  readonly entries: PersonEntries
  readonly #options: RightsOptions
  readonly #notices: Notices
  #erasures: Erasures = NO_ERASURES

  constructor(options: RightsOptions) {
    this.#options = options
    this.entries = new PersonEntries(options)
    const given = { ...options, people: this.entries }
    this.requests = new RequestDesk(given)
    this.persons = new PersonDesk(given)
    this.holds = new HoldDesk({ ...given, onReleased: () => this.#erasures.resume() })
    this.#notices = new Notices(given)
  }

  /** Says which erasures wait here and go on when holds are released. */
  attach(erasures: Erasures): void {
    this.#erasures = erasures
  }

  get erasures(): Erasures {
    return this.#erasures
  }

  /** Handles of the person of a subject id or handle, the one that was asked for first. */
  scopesOf(subject: string): readonly string[] {
    return this.#options.register.view().persons.sameAs(this.entries.handleOf(subject))
  }

  /** Handles of whoever is the same person as the one of this handle, itself first. */
  sameAs(handle: string): readonly string[] {
    return this.#options.register.view().persons.sameAs(handle)
  }

  /** What holds for a person; `entries` are all that is kept of them. */
  standingOf(subject: string, entries: readonly Omit<HeldEntry, 'people'>[]): Standing {
    const { holds, persons, requests } = this.#options.register.view()
    const scopes = this.scopesOf(subject)
    const isTheirs = (handle: string): boolean => scopes.includes(handle)
    return {
      restrictedBy: this.#restricted(scopes, undefined),
      requests: [...requests.values()].filter((request) => isTheirs(request.subject)),
      holds: this.holdsOver(
        scopes,
        entries.map((entry) => ({ ...entry, people: scopes })),
      ).map((id) => holds.get(id)!),
      erasures: this.#erasures.pendingOver(scopes),
      merges: persons.merges
        .filter(({ handles }) => handles.some(isTheirs))
        .map(({ id, at }) => ({ id, at })),
    }
  }

  /** Who outside got copies of any of these entries, in words, each once. */
  async recipientsOf(entries: readonly CopiedEntry[]): Promise<string[]> {
    const { reader, register } = this.#options
    const shown = shownOf(entries)
    const found = new Set<string>()
    for (const index of register.view().copies) {
      const { record } = await reader.one(index)
      if (record && shown(record).length > 0) found.add(recipientIn(record))
    }
    return [...found]
  }

  /**
   * Why processing of what an entry says by itself is restricted; empty when it is not. An erasure that a hold stops restricts all of
   * the person.
   */
  restrictionOf({ entry, subjects }: Pick<ReadEntry, 'entry' | 'subjects'>): Restricted[] {
    return this.#restricted(subjects, entry.id)
  }

  /** Why processing of an entry is restricted by itself or by what it is about: a review of a restricted decision is. */
  async restrictionOver(read: ReadEntry): Promise<Restricted[]> {
    const found = new Set(this.restrictionOf(read))
    if (!this.restrictsAnything) return [...found]
    for await (const about of concernedBy(read, this.#options.reader))
      for (const reason of this.restrictionOf(about)) found.add(reason)
    return [...found]
  }

  /** Entry ids of what corrects an entry, oldest first. */
  correctionsOf(entryId: string): readonly string[] {
    return this.#options.register.view().persons.correctionsOf(entryId)
  }

  /** Handles of all people whose processing is restricted. */
  restrictedHandles(): string[] {
    const { persons } = this.#options.register.view()
    const held = this.#erasures.heldScopes().flatMap((scope) => persons.sameAs(scope))
    return [...new Set([...persons.restricted, ...held])]
  }

  get hasHolds(): boolean {
    return this.holds.all().some(({ state }) => state !== 'released')
  }

  holdsOver(scopes: readonly string[], entries: readonly HeldEntry[]): string[] {
    const { register, systems } = this.#options
    const { holds, persons } = register.view()
    const people = [...new Set(scopes.flatMap((scope) => persons.sameAs(scope)))]
    const nameOf = (system: string): string => systems.nameOf(system) ?? system
    const concerned = entries.map((entry) => ({
      ...entry,
      people: entry.people.flatMap((handle) => persons.sameAs(handle)),
    }))
    return [...holds.values()]
      .filter((hold) => blocks(hold, people, concerned, nameOf))
      .map(({ holdId }) => holdId)
  }

  delayed(erasure: DelayedErasure): Promise<void> {
    return this.#notices.delayed(erasure)
  }

  forget(indices: readonly number[]): void {
    this.#options.register.forget(indices)
  }

  told(erasures: readonly CompletedErasure[]): Promise<void> {
    return this.#notices.completed(erasures, this.#options.register.view().copies)
  }

  /** Requests that are due no more without an answer, and holds nobody reviewed in time. */
  attention(): { requestsOpen: number; requestsOverdue: number; holds: number; holdsPastReview: number } {
    const now = this.#options.clock.now()
    const requests = this.requests.all()
    const holds = this.holds.all().filter(({ state }) => state !== 'released')
    return {
      requestsOpen: requests.filter(({ closedAt }) => closedAt === undefined).length,
      requestsOverdue: requests.filter((request) => isOverdue(request, now)).length,
      holds: holds.length,
      holdsPastReview: holds.filter((hold) => isPastReview(hold, now)).length,
    }
  }

  /** Whether processing of anything is restricted. */
  get restrictsAnything(): boolean {
    return this.#options.register.view().persons.restrictsAnything || this.#erasures.heldScopes().length > 0
  }

  #restricted(handles: readonly string[], entryId: string | undefined): Restricted[] {
    const { persons } = this.#options.register.view()
    const held = new Set(this.#erasures.heldScopes())
    const waits =
      held.size > 0 && handles.flatMap((handle) => persons.sameAs(handle)).some((one) => held.has(one))
    return [...persons.restrictionOf(handles, entryId), ...(waits ? (['erasure_waits'] as const) : [])]
  }
}
