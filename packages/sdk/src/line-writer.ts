/*
 * Writes records as lines of JSON, to a file or to standard output, instead of sending them.
 *
 * Invariants: a line is written whole before the next begins; what was taken from the queue stays in `#batch` until it is written.
 */
import { backoffMs } from './backoff.ts'
import type { Destination } from './destination.ts'
import { hostModule } from './host.ts'
import type { OnError } from './issue.ts'
import { Pause } from './pause.ts'
import type { Queue, Queued } from './queue.ts'
import type { Counts } from './stats.ts'
import { describedError } from './status.ts'

const BATCH_RECORDS = 100
const BATCH_CHARACTERS_MAX = 4 * 1024 * 1024

/** Writes text whole; durable, where that can be, when it resolves. */
export type Write = (text: string) => Promise<void>

export class LineWriter implements Destination {
  readonly #write: Write
  readonly #lineOf: (text: string) => Promise<string>
  readonly #queue: Queue
  readonly #counts: Counts
  readonly #onError: OnError
  readonly #pause = new Pause()
  #batch: Queued[] = []
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(
    write: Write,
    lineOf: (text: string) => Promise<string>,
    { queue, counts, onError }: { queue: Queue; counts: Counts; onError: OnError },
  ) {
    this.#write = write
    this.#lineOf = lineOf
    this.#queue = queue
    this.#counts = counts
    this.#onError = onError
  }

  get unsettled(): number {
    return this.#queue.length + this.#batch.length
  }

  get isBusy(): boolean {
    return this.#running !== undefined || this.unsettled > 0
  }

  run(): Promise<void> {
    if (this.unsettled === 0) return this.#running ?? Promise.resolve()
    this.#running ??= this.#writeAll()
    return this.#running
  }

  hurry(): void {
    this.#pause.hurry()
  }

  async stop(): Promise<Queued[]> {
    this.#isStopped = true
    this.#pause.hurry()
    await this.#running
    const left = [...this.#batch, ...this.#queue.clear()]
    this.#batch = []
    return left
  }

  async #writeAll(): Promise<void> {
    let failures = 0
    while (!this.#isStopped && this.unsettled > 0) {
      if (this.#batch.length === 0) this.#batch = this.#queue.take(BATCH_RECORDS, BATCH_CHARACTERS_MAX)
      try {
        const lines = await Promise.all(this.#batch.map(({ text }) => this.#lineOf(text)))
        // After a failure a line may be there in part: it ends where ours begins.
        await this.#write(`${failures > 0 ? '\n' : ''}${lines.join('\n')}\n`)
        this.#counts.recorded += this.#batch.length
        this.#batch = []
        failures = 0
      } catch (error) {
        failures += 1
        await this.#waitAfter(error, failures)
      }
    }
    this.#running = undefined
  }

  async #waitAfter(error: unknown, failures: number): Promise<void> {
    const retryInMs = backoffMs(failures - 1)
    this.#counts.retries += 1
    const message = `the records cannot be written (${describedError(error).message})`
    this.#onError({ code: 'unreachable', message, retryInMs })
    if (!this.#isStopped) await this.#pause.wait(retryInMs)
  }
}

/** Appends to a file that only its owner reads, and syncs it. @throws where the host has no files */
export function fileWrite(path: string): Write {
  return async (text) => {
    const files = hostModule('node:fs/promises')
    if (files === undefined) throw new Error('this host has no files')
    const file = await files.open(path, 'a', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
  }
}

/** The part of Node's, Bun's and Deno's `process` that is used here. */
interface HostOutput {
  stdout?: { write(text: string, done: (error?: Error | null) => void): boolean }
}

/** Standard output; the console where there is none. */
export const stdoutWrite: Write = (text) =>
  new Promise((resolve, reject) => {
    const { process } = globalThis as { process?: HostOutput }
    if (process?.stdout === undefined) {
      // oxlint-disable-next-line no-console -- the host has no other standard output, and asked for it
      console.log(text.trimEnd())
      resolve()
    } else process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
