import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'

/** A ledger within a data directory. */
export interface Place {
  disk: Disk
  /** The data directory. */
  directory: string
  ledger: string
  origin: string
}

/** A ledger that was attacked, or may be, and where the signer keeps its own state. */
export interface Attacked extends Place {
  signerDirectory: string
  random: Random
}
