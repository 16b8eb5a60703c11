/** Queues what people and recipients are told. Delivery is somebody else's: a queued notice is a record that waits. */
import { isoTime } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { RecordReader } from '../recording/reader.ts'
import type { Recorder } from '../recording/recorder.ts'
import { addMonths } from './calendar.ts'
import { copyOf } from './copies.ts'
import type { CompletedErasure, DelayedErasure } from './erasures.ts'
import type { PersonEntries } from './person-entries.ts'
import { keep } from './record-keeper.ts'

const BY_ITSELF = { id: 'server', name: 'server', role: 'recorder' } as const

export interface NoticesOptions {
  recorder: Pick<Recorder, 'record'>
  reader: Pick<RecordReader, 'one'>
  people: PersonEntries
  clock: Clock
}

export class Notices {
  readonly #options: NoticesOptions

  constructor(options: NoticesOptions) {
    this.#options = options
  }

  /** The person learns within a month that their erasure waits, and why (GDPR Art. 12(4)). */
  async delayed({ erasureId, holds, requestedAt, requestRef, subject }: DelayedErasure): Promise<void> {
    const affectedUserId = await this.#options.people.idOf(subject)
    await this.#queue({
      noticeType: 'erasure_delayed',
      affectedUserId,
      recipient: { kind: 'subject' },
      erasureId,
      requestRef,
      dueAt: isoTime(addMonths(requestedAt, 1)),
      metadata: { holds },
    })
  }

  /** The person, by reference alone: a notice that named them would bring back what was erased. */
  async completed({ completedAt, erasureId, requestRef }: CompletedErasure): Promise<void> {
    await this.#queue({
      noticeType: 'erasure_completed',
      recipient: { kind: 'subject' },
      erasureId,
      requestRef,
      dueAt: isoTime(addMonths(completedAt, 1)),
    })
  }

  /** Whoever got a copy is told that it is to be erased (Art. 17(2), 19): by the look that gave it to them, not by what it held. */
  async recipients(erasure: CompletedErasure, copies: readonly number[]): Promise<void> {
    const { completedAt, entries, erasureId, setRoot } = erasure
    const isCopy = copyOf(entries)
    for (const index of copies) {
      const { entry, record } = await this.#options.reader.one(index)
      if (!record || !isCopy(record)) continue
      await this.#queue({
        noticeType: 'erasure_of_copies',
        recipient: record.recipient ?? record.actor ?? { kind: 'unknown' },
        accessId: entry.id,
        erasureId,
        dueAt: isoTime(completedAt),
        metadata: { setRoot },
      })
    }
  }

  async #queue(notice: object): Promise<void> {
    await keep(this.#options.recorder, 'notice', { ...notice, status: 'queued' }, BY_ITSELF)
  }
}
