import { type ChildProcesses, realChildProcesses } from '../../platform/child-process.ts'
import { type Clock, realClock } from '../../platform/clock.ts'
import { type Random, realRandom } from '../../platform/random.ts'
import { DEFAULT_SETTINGS, type EngineSettings } from '../settings.ts'
import { IndexClient } from './client.ts'
import type { Engine } from './engine.ts'
import { ExternalEngine } from './external.ts'
import { SupervisedEngine } from './supervise.ts'

export interface IndexEngineOptions {
  /** Where the embedded engine keeps its data. */
  readonly directory: string
  /** 32 bytes: what the embedded engine writes there is encrypted with it; it lies there in the clear when absent. */
  readonly sealKey?: Uint8Array
  readonly settings?: EngineSettings
  readonly clock?: Clock
  readonly random?: Random
  readonly processes?: ChildProcesses
}

/** One engine for the indexes of every ledger; each of them has databases of its own in it. */
export class IndexEngine {
  readonly engine: Engine
  readonly #clock: Clock
  readonly #random: Random

  private constructor(options: IndexEngineOptions) {
    const { directory, settings = DEFAULT_SETTINGS, processes = realChildProcesses } = options
    const { sealKey, clock = realClock, random = realRandom } = options
    this.engine = settings.server
      ? new ExternalEngine(settings.server)
      : new SupervisedEngine({ directory, limits: settings.limits, sealKey, processes, clock, random })
    this.#clock = clock
    this.#random = random
  }

  /** @throws EngineStopped when the embedded engine does not open its data */
  static async start(options: IndexEngineOptions): Promise<IndexEngine> {
    const started = new IndexEngine(options)
    try {
      await started.engine.start()
      return started
    } catch (error) {
      await started.stop()
      throw error
    }
  }

  /** A way to speak to it, for one index: closing it ends nobody else's statements. */
  connect(): IndexClient {
    return new IndexClient(this.engine, this.#clock, this.#random)
  }

  /** Indexes that are still open are told that the engine is stopped. */
  stop(): Promise<void> {
    return this.engine.stop()
  }
}
