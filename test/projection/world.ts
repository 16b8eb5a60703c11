import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CanonicalRecord, Entry, JsonValue } from '@deponent/format'
import { realChildProcesses } from '../../packages/server/src/platform/child-process.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { SupervisedEngine } from '../../packages/server/src/projection/engine/supervise.ts'
import { DEFAULT_SETTINGS } from '../../packages/server/src/projection/settings.ts'
import type {
  PositionStore,
  ProjectionSource,
  SealedField,
  SourceEntry,
} from '../../packages/server/src/projection/source.ts'

/** A ledger of made-up entries, in memory. */
export class MemorySource implements ProjectionSource {
  readonly entries: SourceEntry[] = []

  size(): number {
    return this.entries.length
  }

  async read(from: number, to: number): Promise<SourceEntry[]> {
    return this.entries.slice(from, to)
  }
}

export class MemoryPositions implements PositionStore {
  position = 0
  readonly sealed: SealedField[] = []

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
}
