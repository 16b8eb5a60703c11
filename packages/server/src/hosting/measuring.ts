/** The measuring of everything the ledgers of a server keep. */
import type { OpenDirectory } from '../directory.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { type Projection, UNRESTRICTED } from '../projection/index.ts'
import { sizesOf } from '../sizes/directory-sizes.ts'
import { SizeHistory } from '../sizes/history.ts'
import { type OtherLayer, StorageWatch } from '../sizes/storage-watch.ts'

export interface MeasuringParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly directory: Pick<OpenDirectory, 'path' | 'store'>
  elsewhere?(ledger: string): Promise<readonly OtherLayer[]>
  diagnose(message: string, details: Record<string, unknown>): void
}

interface Served {
  readonly name: string
  readonly projection: Pick<Projection, 'aggregate'>
}

/** `all` gives the ledgers that are served when it is asked. */
export function storageWatchOf(
  all: () => readonly Served[],
  { clock, diagnose, directory, disk, elsewhere }: MeasuringParts,
): StorageWatch {
  return new StorageWatch({
    clock,
    diagnose,
    history: new SizeHistory(directory.store),
    measure: () => sizesOf(disk, directory.path),
    ledgers: () => all().map(({ name }) => name),
    decisionsOf: async (ledger) => {
      const served = all().find(({ name }) => name === ledger)
      const answer = await served?.projection.aggregate([['metrics', 'count']], UNRESTRICTED)
      return Number(answer?.items[0]?.['count'] ?? 0)
    },
    ...(elsewhere && { elsewhere }),
  })
}
