/** Places holds, has them reviewed, and lets go of them when two people say so. */
import { isoTime, toHex } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { HoldScope } from './fact.ts'
import type { Hold, HoldGround } from './holds.ts'
import { OneByOne } from './one-by-one.ts'
import type { PersonEntries } from './person-entries.ts'
import { type By, keep } from './record-keeper.ts'
import { RightsRefused } from './refusal.ts'
import type { RightsRegister } from './rights-register.ts'

export interface NewHold {
  readonly ground: HoldGround
  readonly reason: string
  readonly owner: string
  /** ms since the epoch. */
  readonly reviewAt: number
  /** Subject ids or handles. */
  readonly subjects: readonly string[]
  readonly scope: HoldScope
}

export interface HoldDeskOptions {
  recorder: Pick<Recorder, 'record'>
  register: RightsRegister
  people: PersonEntries
  clock: Clock
  random: Random
  /** Somebody let go of something: what waited may go on. */
  onReleased(): void
}

export class HoldDesk {
  readonly #options: HoldDeskOptions
  readonly #turns = new OneByOne()

  constructor(options: HoldDeskOptions) {
    this.#options = options
  }

  all(): Hold[] {
    return [...this.#options.register.view().holds.values()]
  }

  /** @throws RightsRefused `not_found` */
  get(holdId: string): Hold {
    const found = this.#options.register.view().holds.get(holdId)
    if (!found) throw new RightsRefused('not_found', 'no hold with this id is known')
    return found
  }

  async place(asked: NewHold, by: By): Promise<Hold> {
    const { ground, reason, owner, reviewAt, scope, subjects } = asked
    this.#mustBeAhead(reviewAt)
    if (subjects.length === 0 && Object.keys(scope).length === 0)
      throw new RightsRefused(
        'missing_field',
        'a hold says which people, systems, times or decisions',
        '/scope',
      )
    const holdId = `h-${toHex(this.#options.random.bytes(8))}`
    const people = await Promise.all(subjects.map((subject) => this.#personOf(subject)))
    const record = { holdId, ground, reason, owner, reviewAt: isoTime(reviewAt), scope: writtenScope(scope) }
    await this.#keep('hold.placed', { ...record, ...(people.length > 0 && { affectedSubjects: people }) }, by)
    return this.get(holdId)
  }

  review(holdId: string, reviewAt: number, reason: string, by: By): Promise<Hold> {
    return this.#turns.run(async () => {
      const hold = this.#mustStand(holdId)
      this.#mustBeAhead(reviewAt)
      await this.#next(hold, 'hold.reviewed', { reviewAt: isoTime(reviewAt), reason }, by)
      return this.get(holdId)
    })
  }

  /** Asks for the release, or confirms what another identity asked for: then it is released, and what waited goes on. */
  async release(holdId: string, reason: string, by: By): Promise<Hold> {
    const hold = await this.#turns.run(() => this.#letGo(holdId, reason, by))
    if (hold.state === 'released') this.#options.onReleased()
    return hold
  }

  async #letGo(holdId: string, reason: string, by: By): Promise<Hold> {
    const hold = this.#mustStand(holdId)
    const [first] = hold.releasedBy
    if (first === by.id)
      throw new RightsRefused('second_person_required', 'another identity confirms the release')
    if (first === undefined) await this.#next(hold, 'hold.release_asked', { releasedBy: [by], reason }, by)
    else await this.#next(hold, 'hold.released', { releasedBy: [{ id: first }, by], reason }, by)
    return this.get(holdId)
  }

  #mustStand(holdId: string): Hold {
    const hold = this.get(holdId)
    if (hold.state === 'released') throw new RightsRefused('hold_released', 'this hold was released')
    return hold
  }

  #mustBeAhead(reviewAt: number): void {
    if (reviewAt <= this.#options.clock.now())
      throw new RightsRefused('bad_value', 'a review date lies ahead', '/reviewAt')
  }

  async #next(
    hold: Hold,
    kind: 'hold.reviewed' | 'hold.release_asked' | 'hold.released',
    more: object,
    by: By,
  ): Promise<void> {
    const { holdId, ground, records } = hold
    // Sealed with the keys of the step before, so that it need not say whom it is about.
    const links = [{ rel: 'supersedes', id: records.at(-1)!.id }]
    await this.#keep(kind, { holdId, ground, ...more, links }, by)
  }

  async #personOf(subject: string): Promise<string> {
    const id = await this.#options.people.idOf(subject)
    if (id !== undefined) return id
    throw new RightsRefused('not_found', 'nobody of this handle is known', '/scope/subjects')
  }

  #keep(kind: Parameters<typeof keep>[1], record: object, by: By): Promise<unknown> {
    return keep(this.#options.recorder, kind, record, by)
  }
}

function writtenScope({ from, to, ...rest }: HoldScope): object {
  return {
    ...rest,
    ...(from !== undefined && { from: isoTime(from) }),
    ...(to !== undefined && { to: isoTime(to) }),
  }
}
