/** What is stored, by layer: how much of it there is, and how long it stays. */

/** What is priced apart: the disk of the server, what lies warm and cold in a store of objects, and a copy elsewhere. */
export const TIERS = ['hot', 'warm', 'cold', 'offsite'] as const

export type Tier = (typeof TIERS)[number]

/**
 * How long what one record adds to a layer stays there. `always`: for ever. `content`: as long as the content of records is kept.
 * `hot`, `warm`, `cold`: while the record is of that age. `fixed`: records add nothing.
 */
export type Stay = 'always' | 'content' | 'hot' | 'warm' | 'cold' | 'fixed'

export interface Layer {
  readonly name: string
  readonly tier: Tier
  readonly stay: Stay
  /** Lengths of its files, or objects, added up. */
  readonly bytes: number
  /** How many entries of the ledger these bytes are of; 0 where that cannot be told yet. */
  readonly entries: number
}
