import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ApiError, getJson } from '../client.ts'
import { STATS_MS } from '../query-client.ts'
import { currentLedger } from '../session/state.ts'
import type { Bill } from './bill.ts'
import type { OffsiteCopy, Tiers } from './elsewhere.ts'
import type { RetentionInForce, RetentionPlan, RetentionRun } from './kept.ts'
import type { Stored } from './stored.ts'

/** What a server answers that has it, and null of one that has no such thing. */
async function unlessAbsent<T>(
  path: string,
  asked: { ledger: string; signal: AbortSignal },
): Promise<T | null> {
  try {
    return await getJson<T>(path, asked)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

function storageQuery<T>(path: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'storage', path],
    queryFn: ({ signal }) => unlessAbsent<T>(path, { ledger, signal }),
    refetchInterval: STATS_MS * 4,
    placeholderData: keepPreviousData,
  })
}

export const storedQuery = () => storageQuery<Stored>('/v1/storage')
export const tiersQuery = () => storageQuery<Tiers>('/v1/tiers')
export const retentionQuery = () => storageQuery<RetentionInForce>('/v1/retention')
export const planQuery = () => storageQuery<RetentionPlan>('/v1/retention/plan')
export const runsQuery = () => storageQuery<{ readonly items: readonly RetentionRun[] }>('/v1/retention/runs')

/** The copy under locks; its `offsite` is null where none is configured. */
export const copyQuery = () =>
  storageQuery<{ readonly offsite?: OffsiteCopy | null }>(`/ledgers/${currentLedger()}/status`)

export interface Scenario {
  readonly decisionsPerDay: number
  readonly years: number
}

/** A bill by what is configured: the ages at which records leave the index, and the copy. */
export function billQuery({ decisionsPerDay, years }: Scenario) {
  return storageQuery<Bill>(`/v1/storage/cost?decisionsPerDay=${decisionsPerDay}&years=${years}`)
}
