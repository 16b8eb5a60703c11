/** The measuring of everything the ledgers of a server keep. */
import type { OpenDirectory } from '../directory.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { type Projection, UNRESTRICTED } from '../projection/index.ts'
import { DECISIONS } from '../projection/schema.ts'
import { bytesIn, rowsIn, type TierMonth } from '../projection/tiers/tier-month.ts'
import { sizesOf } from '../sizes/directory-sizes.ts'
import { SizeHistory } from '../sizes/history.ts'
import { type OtherLayer, StorageWatch } from '../sizes/storage-watch.ts'

export interface MeasuringParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly directory: Pick<OpenDirectory, 'path' | 'store'>
  diagnose(message: string, details: Record<string, unknown>): void
}

interface Served {
  readonly name: string
  readonly projection: Pick<Projection, 'aggregate' | 'tiers'>
}

/** `all` gives the ledgers that are served when it is asked. */
export function storageWatchOf(
  all: () => readonly Served[],
  { clock, diagnose, directory, disk }: MeasuringParts,
): StorageWatch {
  const served = (ledger: string): Served | undefined => all().find(({ name }) => name === ledger)
  return new StorageWatch({
    clock,
    diagnose,
    history: new SizeHistory(directory.store),
    measure: () => sizesOf(disk, directory.path),
    ledgers: () => all().map(({ name }) => name),
    decisionsOf: async (ledger) => {
      const { projection } = served(ledger)!
      const answer = await projection.aggregate([['metrics', 'count']], UNRESTRICTED)
      const archived = monthsOf(projection).filter(isCold)
      return Number(answer.items[0]?.['count'] ?? 0) + rowsOf(archived, DECISIONS.name)
    },
    elsewhere: (ledger) => tiersIn(monthsOf(served(ledger)!.projection)),
  })
}

function monthsOf(projection: Pick<Projection, 'tiers'>): readonly TierMonth[] {
  return projection.tiers()?.months() ?? []
}

/** What of an index lies in files, warm and cold, as layers; none where there is nothing. */
function tiersIn(months: readonly TierMonth[]): OtherLayer[] {
  const layer = (tier: 'warm' | 'cold', of: readonly TierMonth[]): OtherLayer[] =>
    of.length === 0
      ? []
      : [
          {
            name: tier,
            tier,
            stay: tier,
            bytes: of.reduce((sum, month) => sum + bytesIn(month), 0),
            files: of.reduce(
              (sum, { archives, files }) => sum + (tier === 'cold' ? archives : files).length,
              0,
            ),
            entries: rowsOf(of),
          },
        ]
  return [
    ...layer(
      'warm',
      months.filter((month) => !isCold(month)),
    ),
    ...layer('cold', months.filter(isCold)),
  ]
}

function isCold({ state }: TierMonth): boolean {
  return state === 'archived'
}

function rowsOf(months: readonly TierMonth[], table?: string): number {
  return months.reduce((sum, month) => sum + rowsIn(month, table), 0)
}
