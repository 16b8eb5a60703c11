/** Receives requests of people and takes them to an answer. Every step is a record, durable before it counts. */
import { isoTime, toHex } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { RecordReader } from '../recording/reader.ts'
import { OneByOne } from './one-by-one.ts'
import type { PersonEntries } from './person-entries.ts'
import { type By, keep } from './record-keeper.ts'
import { RightsRefused } from './refusal.ts'
import { dueAtOf, extendedTo, mustBeExtensible, mustBePending, type PersonRequest } from './requests.ts'
import type { RightsRegister } from './rights-register.ts'
import { mustBeTheirs } from './theirs.ts'

/** How somebody made sure who asks. */
export interface IdentityCheck {
  readonly method: string
  readonly result: 'confirmed' | 'failed'
  readonly at?: number | undefined
}

export interface NewRequest {
  readonly requestType: string
  /** Subject id or handle. */
  readonly subject: string
  readonly receivedAt?: number | undefined
  readonly channel?: string | undefined
  readonly statement?: string | undefined
  readonly representative?: string | undefined
  readonly isMarketing?: boolean | undefined
  /** Entry ids, where it is about single decisions of the person. */
  readonly decisions?: readonly string[] | undefined
  readonly identityCheck?: IdentityCheck | undefined
}

export interface Answer {
  readonly outcome: 'granted' | 'partly_granted' | 'nothing_held'
  readonly words?: string | undefined
  readonly actions?: readonly string[] | undefined
}

export interface Refusal {
  /** The exception, to the letter: `gdpr_17_3_b`. */
  readonly ground: string
  readonly reason: string
  readonly assessment?: string | undefined
}

export interface RequestDeskOptions {
  ledger: Pick<Ledger, 'find'>
  reader: Pick<RecordReader, 'one'>
  recorder: Pick<Recorder, 'record'>
  register: RightsRegister
  people: PersonEntries
  clock: Clock
  random: Random
}

/** Rights whose answer is content, which leaves to whoever was checked to be the person. */
const ANSWERED_BY_CONTENT: ReadonlySet<string> = new Set(['access', 'portability'])

export class RequestDesk {
  readonly #options: RequestDeskOptions
  readonly #turns = new OneByOne()

  constructor(options: RequestDeskOptions) {
    this.#options = options
  }

  all(): PersonRequest[] {
    return [...this.#options.register.view().requests.values()]
  }

  /** @throws RightsRefused `not_found` */
  get(requestId: string): PersonRequest {
    const found = this.#options.register.view().requests.get(requestId)
    if (!found) throw new RightsRefused('not_found', 'no request with this id is known')
    return found
  }

  async receive(asked: NewRequest, by: By): Promise<PersonRequest> {
    const { clock, people, random } = this.#options
    const { subject, receivedAt, identityCheck, ...rest } = asked
    const now = clock.now()
    const requestedAt = receivedAt ?? now
    if (requestedAt > now)
      throw new RightsRefused('bad_value', 'a request came at some time until now', '/receivedAt')
    const affectedUserId = await people.idOf(subject)
    if (affectedUserId === undefined)
      throw new RightsRefused('not_found', 'nobody of this handle is known', '/subject')
    for (const [i, id] of (rest.decisions ?? []).entries())
      await mustBeTheirs(this.#options, subject, await this.#options.ledger.find(id), `/decisions/${i}`)
    const requestId = `r-${toHex(random.bytes(8))}`
    await this.#keep(
      {
        ...rest,
        requestId,
        affectedUserId,
        requestedAt: isoTime(requestedAt),
        dueAt: isoTime(dueAtOf(requestedAt)),
        status: 'open',
        ...(identityCheck && { identityCheck: checkOf(identityCheck, by, now) }),
      },
      by,
    )
    return this.get(requestId)
  }

  checkIdentity(requestId: string, check: IdentityCheck, by: By): Promise<PersonRequest> {
    return this.#next(requestId, by, (request, now) => {
      mustBePending(request)
      return { identityCheck: checkOf(check, by, now), status: request.state }
    })
  }

  extend(requestId: string, reason: string, by: By): Promise<PersonRequest> {
    return this.#next(requestId, by, (request, now) => {
      mustBeExtensible(request, now)
      const until = isoTime(extendedTo(request.receivedAt))
      return { status: 'extended', extendedTo: until, extensionReason: reason }
    })
  }

  answer(requestId: string, answer: Answer, by: By): Promise<PersonRequest> {
    return this.#next(requestId, by, (request, now) => {
      mustBePending(request)
      if (ANSWERED_BY_CONTENT.has(request.requestType)) mustBeConfirmed(request)
      const { actions, ...told } = answer
      return { status: 'answered', answeredAt: isoTime(now), answer: told, ...(actions && { actions }) }
    })
  }

  /** Refuses with the exception it rests on; the person is told how to complain (Art. 12(4)). */
  refuse(requestId: string, { ground, reason, assessment }: Refusal, by: By): Promise<PersonRequest> {
    return this.#next(requestId, by, (request, now) => {
      mustBePending(request)
      if (request.requestType === 'objection') mustBeWeighed(request, assessment)
      return {
        status: 'refused',
        answeredAt: isoTime(now),
        exceptionPinpoint: ground,
        refusalReason: reason,
        complaintInfoGiven: true,
        ...(assessment !== undefined && { assessment }),
      }
    })
  }

  #next(
    requestId: string,
    by: By,
    judge: (request: PersonRequest, now: number) => object,
  ): Promise<PersonRequest> {
    return this.#turns.run(async () => {
      const request = this.get(requestId)
      const more = judge(request, this.#options.clock.now())
      const { receivedAt, records, requestType } = request
      // Sealed with the keys of the step before: an erasure that takes the one takes the other.
      const links = [{ rel: 'supersedes', id: records.at(-1)!.id }]
      await this.#keep({ requestId, requestType, requestedAt: isoTime(receivedAt), ...more, links }, by)
      return this.get(requestId)
    })
  }

  #keep(record: object, by: By): Promise<unknown> {
    return keep(this.#options.recorder, 'request', record, by)
  }
}

function checkOf({ method, result, at }: IdentityCheck, by: By, now: number): object {
  return { method, result, at: isoTime(at ?? now), by: by.id }
}

/** @throws RightsRefused unless an objection was weighed, as one to direct marketing never is */
function mustBeWeighed({ isMarketing }: PersonRequest, assessment: string | undefined): void {
  if (isMarketing)
    throw new RightsRefused(
      'absolute_right',
      'an objection to direct marketing is not weighed (GDPR Art. 21(3))',
    )
  if (assessment === undefined)
    throw new RightsRefused(
      'missing_field',
      'an objection is refused on compelling grounds that were assessed (GDPR Art. 21(1))',
      '/assessment',
    )
}

/** @throws RightsRefused unless the person was checked to be who they say */
export function mustBeConfirmed({ identity }: PersonRequest): void {
  if (identity !== 'confirmed')
    throw new RightsRefused(
      'identity_unchecked',
      'content leaves after the identity of whoever asks was confirmed: record the check first',
    )
}
