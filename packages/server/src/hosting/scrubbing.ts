import { parseCheckpoint, parseNote } from '@deponent/format'
import { Scrub } from '../check/scrub.ts'
import type { OpenDirectory } from '../directory.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Tenant } from '../tenant.ts'

export interface ScrubbingOptions {
  disk: Disk
  clock: Clock
  directory: OpenDirectory
  /** Days within which everything stored is read again. */
  scrubDays: number
  /** How many ledgers of this process are read again side by side. */
  sharers(): number
  diagnose(message: string, details?: Record<string, unknown>): void
}

/** The re-reading of everything a ledger keeps in the directory. */
export function scrubOf(tenant: Tenant, options: ScrubbingOptions): Scrub {
  const { disk, clock, scrubDays: days, sharers, diagnose } = options
  const { path, store } = options.directory
  const { name, ledger } = tenant
  return new Scrub({
    places: {
      disk,
      ledger: `${path}/ledgers/${name}`,
      vault: `${path}/vault/${name}`,
      keyring: `${path}/keyring`,
      name,
      ledgerId: ledgerIdOf(ledger.origin),
    },
    clock,
    store,
    days,
    sharers,
    head: () => ledger.checkpoint && parseCheckpoint(parseNote(ledger.checkpoint.note).text),
    onDamage: (damage) => {
      diagnose('stored bytes are damaged', { ledger: name, ...damage })
      tenant.damageFound(damage)
    },
    onTrouble: (reason) => diagnose('stored bytes could not be read again', { ledger: name, reason }),
  })
}
