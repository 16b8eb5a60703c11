/** Which holds keep an erasure waiting. */
import { decodeEntry } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import { DEFAULT_SYSTEM } from '../recording/submission.ts'
import type { Systems } from '../recording/systems.ts'
import type { Vault } from '../vault/vault.ts'
import type { Erasure } from './erasure.ts'

/** An entry as far as a hold may ask after it. */
export interface HeldEntry {
  readonly index: number
  /** Name of its system. */
  readonly system: string
  /** Unix milliseconds. */
  readonly receivedAt: number
}

/** The holds of a ledger. */
export interface HeldBy {
  /** Whether there is any hold at all. */
  any(): boolean
  /** Ids of the holds over any of these entries, or over a person by one of their scopes (32 hex digits). */
  over(scopes: readonly string[], entries: readonly HeldEntry[]): string[]
}

/** Where nothing is ever held. */
export const NO_HOLDS: HeldBy = { any: () => false, over: () => [] }

/** Where the entries are that a hold may lie on. */
export interface HeldIn {
  ledger: Pick<Ledger, 'entryBytes'>
  systems: Systems
  vault: Vault
}

export async function blockedBy(
  { ledger, systems, vault }: HeldIn,
  holds: HeldBy,
  { plan, request }: Erasure,
): Promise<readonly string[]> {
  const entries: HeldEntry[] = []
  for await (const { index } of vault.sealedWith(new Set(plan?.numbers))) {
    const { receivedAt, system } = decodeEntry(await ledger.entryBytes(index))
    entries.push({ index, system: systems.nameOf(system) ?? DEFAULT_SYSTEM, receivedAt })
  }
  return holds.over(request?.scopes ?? [], entries)
}
