/*
 * One request to the server, and what it came to.
 */
import { answerOf } from './answer.ts'
import type { Answer } from './answer.ts'
import { coded } from './coding.ts'
import type { OnError } from './issue.ts'
import { Seen } from './seen.ts'
import type { Spool } from './spool.ts'

export interface RequestsOptions {
  /** The server's address, without a slash at its end. */
  url: string
  key: string
  compress: boolean
  fetch: typeof fetch
  onError: OnError
  /** Told the key that the server seals to. */
  spool?: Spool
}

type Body = string | Uint8Array<ArrayBuffer>

export class Requests {
  readonly #options: RequestsOptions
  readonly #seen: Seen

  constructor(options: RequestsOptions) {
    this.#options = options
    this.#seen = new Seen(options.onError)
  }

  /** Sends lines of JSON; one attempt of at most `timeoutMs`. */
  async lines(path: string, text: string, more: Record<string, string>, timeoutMs: number): Promise<Answer> {
    const { body, coding } = await coded(text, this.#options.compress)
    return this.send(path, body, { 'content-type': 'application/x-ndjson', ...coding, ...more }, timeoutMs)
  }

  /** Sends a body as it is; `more` says of what kind it is. */
  async send(path: string, body: Body, more: Record<string, string>, timeoutMs: number): Promise<Answer> {
    const { key, url, spool } = this.#options
    const headers = { authorization: `Bearer ${key}`, ...this.#seen.headers(), ...more }
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await this.#options.fetch(`${url}${path}`, { method: 'POST', headers, body, signal })
      this.#seen.take(response.headers.get('deponent-checkpoint'))
      spool?.learn(response.headers.get('deponent-sealing-key'))
      return answerOf(response.status, await response.text(), response.headers.get('retry-after'), Date.now())
    } catch (error) {
      return { outcome: 'retry', message: `the server cannot be reached (${String(error)})` }
    }
  }
}
