import { queryOptions } from '@tanstack/react-query'
import { getJson, send } from '../client.ts'
import { reloadPeople } from '../privacy/acts.ts'
import { currentLedger } from '../session/state.ts'
import { isUnderWay } from './erasure.ts'
import type { Erasure, ErasureReceipt } from './erasure.ts'
import { verifyErasure } from './gather-erasure.ts'

const UNDER_WAY_MS = 2_000

/** Erasures that were asked for, the latest first. */
export function erasuresQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'erasures'],
    queryFn: ({ signal }) =>
      getJson<{ readonly items: readonly Erasure[] }>('/v1/erasures', { ledger, signal }),
    refetchInterval: ({ state: { data } }) => (data?.items.some(isUnderWay) === true ? UNDER_WAY_MS : false),
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
