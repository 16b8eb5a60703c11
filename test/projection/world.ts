import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CanonicalRecord, Entry } from '@deponent/format'
import {
  type ChildProcess,
  type ChildProcesses,
  realChildProcesses,
} from '../../packages/server/src/platform/child-process.ts'
import {
  type EngineSettings,
  IndexEngine,
  type PositionStore,
  Projection,
  type ProjectionOptions,
  type ProjectionSource,
  type SealedField,
  type SourceEntry,
} from '../../packages/server/src/projection/index.ts'

export const T0 = Date.UTC(2026, 0, 10)

/** What a test says of an entry; everything else is made up. */
export interface Told {
  readonly kind?: string
  readonly system?: string
  readonly record?: CanonicalRecord | undefined
  /** Whom it is about, when it is about one. */
  readonly subject?: string
  readonly subjects?: readonly string[]
  readonly target?: { index: number; id: string }
  readonly emitter?: Entry['emitter']
  readonly receivedAt?: number
}

/** The entry id that a made-up entry of this index has. */
export function idOf(index: number): string {
  return `01970000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`
}

/** A ledger in memory. */
export class MemorySource implements ProjectionSource {
  readonly entries: SourceEntry[] = []
  reads = 0

  add(...told: Told[]): number {
    for (const { kind = 'decision', system = 'default', receivedAt, emitter, subject, ...rest } of told) {
      const index = this.entries.length
      const entry: Entry = {
        v: 1,
        id: idOf(index),
        kind,
        receivedAt: receivedAt ?? T0 + index,
        system: 's1',
        retention: 'unset',
        payload: { c: 1, root: '0'.repeat(64), leaves: 2 },
        ...(emitter ? { emitter } : {}),
      }
      this.entries.push({
        index,
        entry,
        systemName: system,
        ...(subject !== undefined && { subjects: [subject] }),
        ...rest,
      })
    }
    return this.entries.length
  }

  size(): number {
    return this.entries.length
  }

  async read(from: number, to: number): Promise<SourceEntry[]> {
    this.reads += 1
    return this.entries.slice(from, to)
  }
}

export class MemoryPositions implements PositionStore {
  position = 0
  readonly sealed: SealedField[] = []
  #id: string | undefined

  indexId(): string | undefined {
    return this.#id
  }

  beginIndex(id: string): void {
    this.#id = id
    this.position = 0
  }

  get(): number {
    return this.position
  }

  set(position: number): void {
    this.position = position
  }

  sealedFields(): SealedField[] {
    return [...this.sealed]
  }

  sealField(system: string, field: string): void {
    if (this.sealed.some((other) => other.system === system && other.field === field)) return
    this.sealed.push({ system, field })
  }

  version = 0

  rulesVersion(): number {
    return this.version
  }

  setRulesVersion(version: number): void {
    this.version = version
  }
}

/** Real child processes, which a test can also kill. */
export class WatchedProcesses implements ChildProcesses {
  readonly started: ChildProcess[] = []

  start(script: URL, environment: Readonly<Record<string, string>>): ChildProcess {
    const child = realChildProcesses.start(script, environment)
    this.started.push(child)
    return child
  }

  /** SIGKILL to the newest child, as the kernel does when memory is short; resolves when it is gone. */
  async killNewest(): Promise<void> {
    this.newest().kill()
    await this.newest().exited
  }

  newest(): ChildProcess {
    const child = this.started.at(-1)
    if (!child) throw new Error('nothing was started')
    return child
  }
}

/** A projection with its surroundings, which outlive it. */
export class World {
  readonly source = new MemorySource()
  readonly positions = new MemoryPositions()
  readonly processes = new WatchedProcesses()
  readonly sealedCalls: SealedField[] = []
  readonly directory = mkdtempSync(join(tmpdir(), 'deponent-index-'))
  #projection: Projection | undefined
  #engine: IndexEngine | undefined

  get projection(): Projection {
    if (!this.#projection) throw new Error('not started')
    return this.#projection
  }

  /** With an engine of its own unless one is given, which then is the giver's to stop. */
  async start(options: Partial<ProjectionOptions> & { settings?: EngineSettings } = {}): Promise<this> {
    const { settings, ...rest } = options
    if (!rest.engine) {
      this.#engine = await IndexEngine.start({
        directory: join(this.directory, 'index'),
        processes: this.processes,
        ...(settings ? { settings } : {}),
        ...(rest.clock ? { clock: rest.clock } : {}),
      })
    }
    this.#projection = await Projection.start({
      source: this.source,
      positions: this.positions,
      onFieldSealed: (system, field) => {
        this.sealedCalls.push({ system, field })
      },
      ...rest,
      engine: rest.engine ?? this.#engine!,
    })
    return this
  }

  /** Resolves when everything in the source is in the index. */
  async indexed(): Promise<void> {
    if (this.source.size() > 0) await this.projection.visible(this.source.size() - 1)
  }

  async stop(): Promise<void> {
    await this.#projection?.stop()
    this.#projection = undefined
    await this.#engine?.stop()
    this.#engine = undefined
  }

  async destroy(): Promise<void> {
    await this.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Parameters of a question. */
export function ask(parameters: Record<string, string> = {}): [string, string][] {
  return Object.entries(parameters)
}

/** A small decision. */
export function decision(record: CanonicalRecord, told: Omit<Told, 'record' | 'kind'> = {}): Told {
  return { ...told, record: { modelId: 'm', prediction: 'low', ...record } }
}
