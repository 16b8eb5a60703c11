/** What of a ledger lies elsewhere: months that left the index, and the copy under locks. */

/** The member `offsite` of `GET /ledgers/{name}/status`. */
export interface OffsiteCopy {
  /** Where it is, without credentials. */
  readonly store: string
  /** What the store said of itself; null until it answered. */
  readonly description: string | null
  readonly isWorm: boolean | null
  readonly lockDays: number
  /** Entries under the newest checkpoint that was copied. */
  readonly size: number
  readonly lagEntries: number
  readonly lastCopiedAt: string | null
  readonly locks: {
    readonly compliance: number
    readonly governance: number
    /** Found weaker than they are to be. */
    readonly weak: number
    readonly oldestCheckAt: string | null
  }
  readonly trouble: { readonly since: string; readonly message: string } | null
}

/** Whether a copy is under locks that hold, in words. */
export function wormText({ isWorm, description }: Pick<OffsiteCopy, 'isWorm' | 'description'>): string {
  if (isWorm === null) return 'the store has not answered yet'
  return isWorm ? `WORM, as the store says: ${description ?? ''}` : (description ?? 'the store is not WORM')
}

/** `GET /v1/tiers`. */
export interface Tiers {
  /** What is in the index; null for whoever does not see everybody's. */
  readonly hot: { readonly rows: number; readonly bytes: number } | null
  /** Null where months stay in the index. */
  readonly hotDays: number | null
  /** Null where months are never archived. */
  readonly warmDays: number | null
  readonly months: readonly TierMonth[]
  readonly restoration: {
    readonly from: string
    readonly to: string
    readonly state: 'running' | 'done' | 'failed'
    readonly bytes: number
    readonly done: number
  } | null
  /** Empty when there is none. */
  readonly trouble: string
}

export interface TierMonth {
  /** `2026-03`. */
  readonly month: string
  readonly tier: 'warm' | 'cold'
  readonly decisions: number
  readonly rows: number
  readonly bytes: number
  readonly restoredUntil: string | null
}

/** 2026-03 → Mar 2026. */
export function monthText(month: string): string {
  return new Date(`${month}-01T00:00:00Z`).toLocaleDateString('en-GB', {
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  })
}
