// Invariants.
// 1. At most one child is alive at a time: a successor is started only after its predecessor's exit was seen.
// 2. `address` is set exactly while `state` is `ready`, and every start has its own key and generation.
// 3. A child that dies is started again, later each time it dies young, for as long as nobody calls `stop`.

import { resolve } from 'node:path'
import type { ChildProcess, ChildProcesses } from '../../platform/child-process.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import {
  type Engine,
  type EngineAddress,
  type EngineState,
  EngineStopped,
  type LostStatement,
} from './engine.ts'
import type { EngineLimits, StartLine } from './start-line.ts'

const BACKOFF_MS_MIN = 100
const BACKOFF_MS_MAX = 10_000
/** A child that lived this long did not die of its start. */
const GROWN_UP_MS = 30_000
/** Sessions of the child plus a few for compression, which shares the same threads. */
const LIBUV_THREADS = '12'

/** Beside this file: compiled in a release, source under tests (Node strips the types). */
const CHILD = new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url)

export interface SuperviseOptions {
  /** The engine's data directory. */
  readonly directory: string
  readonly limits: EngineLimits
  /** 32 bytes: what the engine writes to its directory is encrypted with it. */
  readonly sealKey?: Uint8Array | undefined
  readonly processes: ChildProcesses
  readonly clock: Clock
  readonly random: Random
}

/** The embedded engine: a child process that is watched and started again when it dies. */
export class SupervisedEngine implements Engine {
  readonly #options: SuperviseOptions
  #state: EngineState = 'starting'
  #address: EngineAddress | undefined
  #trouble = ''
  #child: ChildProcess | undefined
  #generation = 0
  #failures = 0
  #waiting: { resolve: (address: EngineAddress) => void; reject: (error: Error) => void }[] = []
  #watching: Promise<void> | undefined
  #wake = () => {}

  constructor(options: SuperviseOptions) {
    // The child runs in another working directory.
    this.#options = { ...options, directory: resolve(options.directory) }
  }

  get state(): EngineState {
    return this.#state
  }

  get address(): EngineAddress | undefined {
    return this.#address
  }

  get trouble(): string {
    return this.#trouble
  }

  /** The process id of the living child, for operators and tests. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts the first child and waits for it. @throws EngineStopped when the first child does not open its data. */
  async start(): Promise<void> {
    this.#watching ??= this.#watch()
    await this.whenReady()
  }

  whenReady(): Promise<EngineAddress> {
    if (this.#address) return Promise.resolve(this.#address)
    if (this.#state === 'stopped') return Promise.reject(new EngineStopped(this.#trouble))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** A child knows no query ids: the whole process goes, and the next one starts clean. */
  async abandon({ generation }: LostStatement): Promise<void> {
    const child = this.#child
    if (!child || generation !== this.#generation) return
    child.kill()
    await child.exited
  }

  async stop(): Promise<void> {
    this.#enter('stopped')
    const child = this.#child
    if (child) {
      child.closeInput()
      const cancel = this.#options.clock.after(5_000, () => child.kill())
      await child.exited
      cancel()
    }
    this.#wake()
    await this.#watching
  }

  #enter(state: EngineState, address?: EngineAddress): void {
    this.#state = state
    this.#address = address
    const waiting = this.#waiting
    if (address) {
      this.#waiting = []
      for (const { resolve } of waiting) resolve(address)
    } else if (state === 'stopped') {
      this.#waiting = []
      for (const { reject } of waiting) reject(new EngineStopped(this.#trouble))
    }
  }

  async #watch(): Promise<void> {
    while (this.#state !== 'stopped') {
      const startedMs = this.#options.clock.monotonicMs()
      await this.#liveOnce()
      if (this.#isStopped()) return
      // The very first child tells whether the directory and the installation are right: that is worth an error.
      if (this.#generation === 0) return this.#enter('stopped')
      this.#enter('restarting')
      const lived = this.#options.clock.monotonicMs() - startedMs
      this.#failures = lived >= GROWN_UP_MS ? 0 : this.#failures + 1
      await this.#pause(Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#failures))
    }
  }

  /** Waits, but not past a `stop`. */
  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
    this.#wake = () => {}
  }

  /** `stop` may be called while a child starts or dies. */
  #isStopped(): boolean {
    return this.#state === 'stopped'
  }

  /** The life of one child, from start to exit. */
  async #liveOnce(): Promise<void> {
    const { processes, random, directory, limits, sealKey } = this.#options
    const key = Buffer.from(random.bytes(24)).toString('base64url')
    const child = processes.start(CHILD, { TZ: 'UTC', UV_THREADPOOL_SIZE: LIBUV_THREADS })
    this.#child = child
    const seal = sealKey && { sealKey: Buffer.from(sealKey).toString('hex') }
    child.writeLine(JSON.stringify({ directory, key, limits, ...seal } satisfies StartLine))
    const port = Number(await child.readLine())
    if (Number.isInteger(port) && port > 0 && !this.#isStopped()) {
      this.#generation += 1
      this.#enter('ready', {
        generation: this.#generation,
        url: `http://127.0.0.1:${port}`,
        username: 'deponent',
        password: key,
      })
    }
    const { code, signal } = await child.exited
    this.#trouble = `index process ended (${signal ?? `exit ${code}`}) ${child.errorTail().trim()}`.trim()
    this.#child = undefined
  }
}
