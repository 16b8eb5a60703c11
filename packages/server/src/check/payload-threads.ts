/** Where payloads are opened: in this thread, or spread over others, which is where the time of a check goes. */
import { moduleBeside, WorkerThread } from '../platform/worker.ts'
import { type Opening, type OpeningKeys, openPayload, type SealedPayload } from './payload-opening.ts'

/** Batches that each thread has before it or in hand, so that none waits for the one who reads. */
const BATCHES_EACH = 2

/** About as many payloads are opened in the time that a thread takes to start. */
const ENTRIES_A_THREAD = 2_048

export interface PayloadThreads {
  /** How many batches may be on their way at once. */
  readonly width: number
  /** What came of each payload, in the order given. */
  open(batch: readonly SealedPayload[]): Promise<Opening[]>
  close(): Promise<void>
}

/** How many of the `available` threads the payloads of so many entries are worth. */
export function threadsFor(entries: number, available: number): number {
  return Math.min(available, Math.floor(entries / ENTRIES_A_THREAD))
}

/** Opens payloads in `threads` threads besides this one; in this one when there are fewer than 2. */
export function payloadThreads(keys: OpeningKeys, threads: number): PayloadThreads {
  return threads > 1 ? new OtherThreads(keys, threads) : new ThisThread(keys)
}

class ThisThread implements PayloadThreads {
  readonly width = 1
  readonly #keys: OpeningKeys

  constructor(keys: OpeningKeys) {
    this.#keys = keys
  }

  open(batch: readonly SealedPayload[]): Promise<Opening[]> {
    return Promise.resolve(batch.map((payload) => openPayload(this.#keys, payload)))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

class OtherThreads implements PayloadThreads {
  readonly width: number
  readonly #workers: readonly WorkerThread<readonly SealedPayload[], Opening[]>[]
  #next = 0

  constructor(keys: OpeningKeys, threads: number) {
    const module = moduleBeside(import.meta.url, 'payload-worker')
    this.#workers = Array.from({ length: threads }, () => new WorkerThread(module, keys))
    this.width = threads * BATCHES_EACH
  }

  open(batch: readonly SealedPayload[]): Promise<Opening[]> {
    const worker = this.#workers[this.#next % this.#workers.length]!
    this.#next += 1
    // A frame is a part of its segment, and a message takes along the whole buffer of what is in it.
    const payloads = batch.map(({ frame, ...rest }) => ({ ...rest, frame: new Uint8Array(frame) }))
    const frames = payloads.map(({ frame }) => frame.buffer)
    const openings = worker.ask(payloads, frames)
    // A failure is met when the batch is taken; until then nobody listens.
    openings.catch(() => undefined)
    return openings
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()))
  }
}
