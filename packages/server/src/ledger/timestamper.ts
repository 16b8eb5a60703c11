/** One RFC 3161 authority: asked when its interval is over and the ledger has grown since it was asked last. */
import {
  checkTimestamp,
  formatTimestampRequest,
  parseNote,
  TIMESTAMP_BYTES_MAX,
  TIMESTAMP_MEDIA,
  utf8,
} from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { HttpClient } from '../platform/http-client.ts'
import type { Random } from '../platform/random.ts'
import { reasonOf } from '../platform/failure.ts'
import { Backoff } from './backoff.ts'

const TIMEOUT_MS = 20_000

/** What is shown about an authority. */
export interface TimestampStatus {
  /** Its address, without what comes after the path. */
  authority: string
  /** Size of the largest checkpoint it stamped, as far as known. */
  size: number
  /** The time it gave last, in Unix ms; null before the first. */
  at: number | null
  error?: { code: string; message: string }
}

/** A token that is over the note text and signed by whom it names; whether that one is trusted is for readers to say. */
export interface Stamped {
  readonly token: Uint8Array
  readonly timeMs: number
}

interface TimestamperOptions {
  readonly url: string
  readonly everyMs: number
  readonly clock: Clock
  readonly random: Random
  readonly http: HttpClient
  readonly signal: AbortSignal
  /** Called when it is due again, or may be asked again after trouble. */
  onDue(): void
  onTrouble(message: string | undefined): void
}

export class Timestamper {
  readonly #options: TimestamperOptions
  readonly #backoff: Backoff
  #size = 0
  #at: number | null = null
  #isBusy = false
  #isResting = false
  #error: string | undefined

  constructor(options: TimestamperOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.random)
  }

  /** A stamp of an earlier life: the interval runs from then. */
  resume(size: number, atMs: number): void {
    const { clock, everyMs } = this.#options
    this.#size = size
    this.#at = atMs
    const left = Math.min(everyMs, atMs + everyMs - clock.now())
    if (left > 0) this.#restFor(left)
  }

  /** Whether a checkpoint of this size is to be stamped now. */
  wants(size: number): boolean {
    return !this.#isBusy && !this.#isResting && size > this.#size
  }

  /** Asks for a timestamp; undefined when there is none, and the authority is then left alone for a while. */
  async stamp(size: number, note: string): Promise<Stamped | undefined> {
    this.#isBusy = true
    try {
      const stamped = await this.#request(note)
      this.#size = size
      this.#at = stamped.timeMs
      this.#backoff.reset()
      this.#tell(undefined)
      this.#restFor(this.#options.everyMs)
      return stamped
    } catch (error) {
      if (this.#options.signal.aborted) return undefined
      this.#restFor(this.#backoff.nextMs())
      this.#tell(reasonOf(error))
      return undefined
    } finally {
      this.#isBusy = false
    }
  }

  status(): TimestampStatus {
    const { origin, pathname } = new URL(this.#options.url)
    const message = this.#error
    return {
      authority: `${origin}${pathname}`,
      size: this.#size,
      at: this.#at,
      ...(message !== undefined && { error: { code: 'timestamp_failed', message } }),
    }
  }

  async #request(note: string): Promise<Stamped> {
    const { http, url, signal } = this.#options
    const message = utf8(parseNote(note).text)
    const { status, contentType, body } = await http.post({
      url,
      body: formatTimestampRequest(message),
      contentType: TIMESTAMP_MEDIA.query,
      timeoutMs: TIMEOUT_MS,
      bytesMax: TIMESTAMP_BYTES_MAX,
      signal,
    })
    if (status !== 200) throw new Error(`the authority answered ${status}`)
    if (contentType !== TIMESTAMP_MEDIA.reply)
      throw new Error('the authority answered something else than a timestamp')
    return { token: body, timeMs: checkTimestamp(body, message).timeMs }
  }

  #restFor(ms: number): void {
    this.#isResting = true
    this.#options.clock.after(ms, () => {
      this.#isResting = false
      this.#options.onDue()
    })
  }

  #tell(message: string | undefined): void {
    const hasChanged = (this.#error === undefined) !== (message === undefined)
    this.#error = message
    if (hasChanged) this.#options.onTrouble(message)
  }
}
