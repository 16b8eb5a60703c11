/** What is recorded of a person beside requests: two ids that are one, restriction of processing, and what is right where a record is wrong. */
import { isoTime } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { RecordReader } from '../recording/reader.ts'
import type { PersonEntries } from './person-entries.ts'
import { type By, keep, type Kept } from './record-keeper.ts'
import { RightsRefused } from './refusal.ts'
import type { RightsRegister } from './rights-register.ts'
import { mustBeTheirs } from './theirs.ts'

export interface Restricting {
  readonly subject: string
  readonly ground?: string | undefined
  readonly reason: string
  readonly requestRef?: string | undefined
  /** Entry ids; all of the person when there are none. */
  readonly decisions: readonly string[]
  /** Lifted: when the person was told before; ms since the epoch. */
  readonly informedAt?: number | undefined
}

export interface Rectifying {
  readonly subject: string
  /** Entry id and index of the decision that is wrong. */
  readonly entry: Kept
  readonly values?: readonly { readonly pointer: string; readonly value?: unknown }[] | undefined
  readonly statement?: string | undefined
  readonly reason: string
  readonly requestRef?: string | undefined
}

export interface PersonDeskOptions {
  ledger: Pick<Ledger, 'find'>
  recorder: Pick<Recorder, 'record'>
  register: RightsRegister
  people: PersonEntries
  reader: Pick<RecordReader, 'one' | 'subjectHandle'>
  clock: Clock
}

export class PersonDesk {
  readonly #options: PersonDeskOptions

  constructor(options: PersonDeskOptions) {
    this.#options = options
  }

  /** Says that two ids are one person. What is asked of either is from then on asked of both. */
  async merge(from: string, into: string, reason: string, by: By): Promise<Kept> {
    const [first, second] = [await this.#personOf(from, '/from'), await this.#personOf(into, '/into')]
    const { reader, register } = this.#options
    const [a, b] = [reader.subjectHandle(first), reader.subjectHandle(second)]
    if (register.view().persons.sameAs(a).includes(b))
      throw new RightsRefused('already_merged', 'these are one person already')
    return keep(this.#options.recorder, 'subject.merged', { affectedSubjects: [first, second], reason }, by)
  }

  /** Undoes a merge. */
  async split(mergeId: string, reason: string, by: By): Promise<Kept> {
    const merge = this.#options.register.view().persons.merges.find(({ id }) => id === mergeId)
    if (!merge) throw new RightsRefused('not_found', 'no merge of this id stands', '/mergeId')
    const links = [{ rel: 'supersedes', id: mergeId }]
    return keep(this.#options.recorder, 'subject.split', { mergeId, reason, links }, by)
  }

  restrict(asked: Restricting, by: By): Promise<Kept> {
    return this.#mark('subject.restricted', asked, by)
  }

  /** Lifts a restriction; the person is told before (GDPR Art. 18(3)). */
  unrestrict(asked: Restricting, by: By): Promise<Kept> {
    if (asked.informedAt === undefined)
      throw new RightsRefused(
        'missing_field',
        'before a restriction is lifted the person is told (GDPR Art. 18(3)): say when',
        '/informedAt',
      )
    if (asked.informedAt > this.#options.clock.now())
      throw new RightsRefused('bad_value', 'the person was told at some time until now', '/informedAt')
    return this.#mark('subject.unrestricted', asked, by)
  }

  /** Records what is right. The record it corrects stays, restricted. */
  async rectify(asked: Rectifying, by: By): Promise<Kept> {
    const { entry, values, statement, subject, reason, requestRef } = asked
    const affectedUserId = await this.#personOf(subject, '/subject')
    await mustBeTheirs(this.#options, subject, entry.index, '/decision')
    return keep(
      this.#options.recorder,
      'rectification',
      { affectedUserId, values, statement, reason, requestRef, links: [{ rel: 'corrects', id: entry.id }] },
      by,
    )
  }

  async #mark(
    kind: 'subject.restricted' | 'subject.unrestricted',
    asked: Restricting,
    by: By,
  ): Promise<Kept> {
    const { subject, decisions, informedAt, ...rest } = asked
    const affectedUserId = await this.#personOf(subject, '/subject')
    for (const [i, id] of decisions.entries())
      await mustBeTheirs(this.#options, subject, await this.#options.ledger.find(id), `/decisions/${i}`)
    const record = {
      affectedUserId,
      ...rest,
      ...(decisions.length > 0 && { decisions }),
      ...(informedAt !== undefined && { informedAt: isoTime(informedAt) }),
    }
    return keep(this.#options.recorder, kind, record, by)
  }

  async #personOf(subject: string, field: string): Promise<string> {
    const { people } = this.#options
    const id = people.knows(people.handleOf(subject)) ? await people.idOf(subject) : undefined
    if (id === undefined) throw new RightsRefused('not_found', 'nobody of this id is known', field)
    return id
  }
}
