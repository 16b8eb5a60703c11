/** Queues what people and recipients are told. Delivery is somebody else's: a queued notice is a record that waits. */
import { type CanonicalRecord, isoTime } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { StateStore } from '../platform/state-store.ts'
import type { RecordReader } from '../recording/reader.ts'
import type { Recorder } from '../recording/recorder.ts'
import { addMonths } from '../calendar/months.ts'
import { shownOf } from './copies.ts'
import type { CompletedErasure, DelayedErasure } from './erasures.ts'
import { keepAll } from './record-keeper.ts'

const BY_ITSELF = { id: 'server', name: 'server', role: 'recorder' } as const

export interface NoticesOptions {
  recorder: Pick<Recorder, 'record'>
  reader: Pick<RecordReader, 'one'>
  ledger: Pick<Ledger, 'entry'>
  store: StateStore
  ledgerName: string
}

interface Notice {
  /** What it is once for. */
  readonly name: string
  readonly notice: object
}

export class Notices {
  readonly #options: NoticesOptions

  constructor(options: NoticesOptions) {
    this.#options = options
    options.store.run(
      'CREATE TABLE IF NOT EXISTS notices_queued (ledger TEXT, name TEXT, PRIMARY KEY (ledger, name)) WITHOUT ROWID',
    )
  }

  /** The person learns within a month that their erasure waits, and why (GDPR Art. 12(4)); named by the reference of their request alone. */
  async delayed({ erasureId, holds, requestedAt, requestRef }: DelayedErasure): Promise<void> {
    const notice = {
      noticeType: 'erasure_delayed',
      recipient: { kind: 'subject' },
      erasureId,
      requestRef,
      dueAt: isoTime(addMonths(requestedAt, 1)),
      metadata: { holds },
    }
    await this.#queue([{ name: `${erasureId} delayed`, notice }])
  }

  /**
   * The person is told by reference alone: a notice that named them would bring back what was erased. Whoever got a copy is told that it
   * is to be erased (Art. 17(2), 19): by the look that gave it to them, not by what it held. `copies`: indices of such looks.
   */
  async completed(erasures: readonly CompletedErasure[], copies: readonly number[]): Promise<void> {
    const toPeople = erasures.map(({ completedAt, erasureId, requestRef }) => ({
      name: `${erasureId} completed`,
      notice: {
        noticeType: 'erasure_completed',
        recipient: { kind: 'subject' },
        erasureId,
        requestRef,
        dueAt: isoTime(addMonths(completedAt, 1)),
      },
    }))
    await this.#queue([...(await this.#toRecipients(erasures, copies)), ...toPeople])
  }

  async #toRecipients(erasures: readonly CompletedErasure[], copies: readonly number[]): Promise<Notice[]> {
    if (copies.length === 0) return []
    const { ledger, reader } = this.#options
    const entries = []
    for (const erasure of erasures)
      for (const index of erasure.indices)
        entries.push({ index, id: (await ledger.entry(index)).id, erasure })
    const shown = shownOf(entries)
    const found: Notice[] = []
    for (const index of copies) {
      const { entry, record } = await reader.one(index)
      const about = record && new Set(shown(record).map(({ erasure }) => erasure))
      for (const erasure of about ?? []) found.push(noticeTo(record!, entry.id, erasure))
    }
    return found
  }

  /** Queues those that were not yet. A crash between record and note costs a second notice, never one too few. */
  async #queue(notices: readonly Notice[]): Promise<void> {
    const { ledgerName, recorder, store } = this.#options
    const known = 'SELECT 1 FROM notices_queued WHERE ledger = ? AND name = ?'
    const fresh = notices.filter(({ name }) => store.get(known, ledgerName, name) === undefined)
    if (fresh.length === 0) return
    await keepAll(
      recorder,
      'notice',
      fresh.map(({ notice }) => ({ ...notice, status: 'queued' })),
      BY_ITSELF,
    )
    store.transaction(() => {
      const note = 'INSERT OR IGNORE INTO notices_queued (ledger, name) VALUES (?, ?)'
      for (const { name } of fresh) store.run(note, ledgerName, name)
    })
  }
}

function noticeTo(look: CanonicalRecord, accessId: string, erasure: CompletedErasure): Notice {
  const { completedAt, erasureId, setRoot } = erasure
  return {
    name: `${erasureId} ${accessId}`,
    notice: {
      noticeType: 'erasure_of_copies',
      recipient: look.recipient ?? look.actor ?? { kind: 'unknown' },
      accessId,
      erasureId,
      dueAt: isoTime(completedAt),
      metadata: { setRoot },
    },
  }
}
