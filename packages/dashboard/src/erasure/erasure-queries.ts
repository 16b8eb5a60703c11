import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { getJson, send } from '../client.ts'
import { reloadPeople } from '../privacy/acts.ts'
import { currentLedger } from '../session/state.ts'
import { isUnderWay } from './erasure.ts'
import type { Erasure, ErasureReceipt } from './erasure.ts'
import { verifyErasure } from './gather-erasure.ts'

const UNDER_WAY_MS = 2_000

export interface ErasurePage {
  readonly items: readonly Erasure[]
  readonly next: string | null
  /** How many of all are not completed. */
  readonly pending: number
}

/** Erasures that were asked for, the latest first; `entry`: the one recorded in the entry of this id. */
export function erasuresQuery(entry: string | undefined) {
  const ledger = currentLedger()
  return infiniteQueryOptions({
    queryKey: [ledger, 'erasures', 'list', entry ?? ''],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({
        ...(entry !== undefined && { entry }),
        ...(pageParam !== '' && { cursor: pageParam }),
      })
      return getJson<ErasurePage>(`/v1/erasures?${query}`, { ledger, signal })
    },
    initialPageParam: '',
    getNextPageParam: ({ next }: ErasurePage) => next,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ items }) => items.some(isUnderWay)) === true ? UNDER_WAY_MS : false,
  })
}

export function erasureQuery(id: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'erasures', id],
    queryFn: ({ signal }) => getJson<Erasure>(`/v1/erasures/${encodeURIComponent(id)}`, { ledger, signal }),
    refetchInterval: ({ state: { data } }) => (data !== undefined && isUnderWay(data) ? UNDER_WAY_MS : false),
  })
}

/** Agrees to an erasure that somebody else asked for. */
export async function approveErasure(id: string): Promise<void> {
  await send(`/v1/erasures/${encodeURIComponent(id)}/approve`, { method: 'POST' })
  await reloadPeople()
}

/** The check of a receipt in this browser. Its evidence is an export and recorded, so it is taken once. */
export function receiptCheckQuery(receipt: ErasureReceipt) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'receipt-check', receipt.erasureId],
    queryFn: ({ signal }) => verifyErasure(ledger, receipt, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchInterval: ({ state: { data } }) => (data?.phase === 'pending' ? data.retryAfterMs : false),
  })
}
