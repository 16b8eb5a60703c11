/**
 * Heads that emitters state with their batches. Each is compared with the records at once; what is recorded of them is the latest of
 * each emitter and epoch, once a minute and when the server stops. A head that differs is recorded at once.
 */
import { type HeadJudgement, toHex } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Emitters } from './emitters.ts'
import type { OwnRecord } from './own-record.ts'

const RECORD_EVERY_MS = 60_000

/** What `Deponent-Emitter-Head` says. */
export interface StatedHead {
  /** Name of the emitter. */
  emitter: string
  epoch: number
  seq: number
  /** 32 bytes. */
  head: Uint8Array
}

export interface StatedHeadsOptions {
  emitters: Emitters
  clock: Clock
  record(records: readonly OwnRecord[]): Promise<unknown>
}

export class StatedHeads {
  readonly #options: StatedHeadsOptions
  readonly #unrecorded = new Map<string, StatedHead & { judgement: HeadJudgement }>()
  #isDue = false

  constructor(options: StatedHeadsOptions) {
    this.#options = options
  }

  /** Takes a head stated by the emitter with this slug, after the records it came with. */
  async stated(stated: StatedHead, slug: string): Promise<void> {
    const { emitter, epoch, seq, head } = stated
    const judgement = this.#options.emitters.compare(slug, epoch, seq, head)
    const key = `${emitter} ${epoch}`
    const known = this.#unrecorded.get(key)
    if (judgement === 'differs') {
      await this.#options.record([heartbeatOf({ ...stated, judgement })])
      return
    }
    if (!known || known.seq <= seq) this.#unrecorded.set(key, { ...stated, judgement })
    this.#schedule()
  }

  async flush(): Promise<void> {
    const heads = [...this.#unrecorded.values()]
    this.#unrecorded.clear()
    if (heads.length > 0) await this.#options.record(heads.map(heartbeatOf))
  }

  #schedule(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#options.clock.after(RECORD_EVERY_MS, () => {
      this.#isDue = false
      // What cannot be recorded now is stated again with the next batch; the ledger says itself why it takes nothing.
      this.flush().catch(() => undefined)
    })
  }
}

function heartbeatOf({
  emitter,
  epoch,
  seq,
  head,
  judgement,
}: StatedHead & { judgement: string }): OwnRecord {
  const record = { emitterId: emitter, epoch, seq, head: toHex(head), judgement, basis: 'observed' }
  return { kind: 'emitter.heartbeat', record }
}
