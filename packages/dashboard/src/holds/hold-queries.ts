import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { getJson } from '../client.ts'
import { act } from '../privacy/acts.ts'
import type { Step } from '../privacy/history.tsx'
import { currentLedger, standingPurpose } from '../session/state.ts'
import type { Hold } from './hold.ts'

export interface HoldPage {
  readonly items: readonly Hold[]
  readonly next: string | null
  readonly standing: number
  readonly pastReview: number
}

/** Holds, those that stand first. */
export function holdsQuery(state: string) {
  const ledger = currentLedger()
  return infiniteQueryOptions({
    queryKey: [ledger, 'holds', 'list', state],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({
        ...(state !== '' && { state }),
        ...(pageParam !== '' && { cursor: pageParam }),
      })
      return getJson<HoldPage>(`/v1/holds?${query}`, { ledger, signal })
    },
    initialPageParam: '',
    getNextPageParam: ({ next }: HoldPage) => next,
    placeholderData: keepPreviousData,
  })
}

/** One hold with what was recorded of it, words for a stated purpose. */
export function holdQuery(id: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'holds', 'one', id, standingPurpose() ?? ''],
    queryFn: ({ signal }) =>
      getJson<Hold & { readonly history: readonly Step[] }>(`/v1/holds/${encodeURIComponent(id)}`, {
        ledger,
        signal,
      }),
  })
}

/** Places a hold; answers what whoever placed it should know. */
export async function placeHold(hold: object): Promise<Hold & { readonly warnings: readonly string[] }> {
  return act('/v1/holds', hold)
}

export function reviewHold(id: string, reviewOn: string, reason: string): Promise<unknown> {
  return act(`/v1/holds/${encodeURIComponent(id)}/review`, { reviewAt: `${reviewOn}T00:00:00Z`, reason })
}

/** Asks for the release, or confirms what somebody else asked for. */
export function releaseHold(id: string, reason: string): Promise<unknown> {
  return act(`/v1/holds/${encodeURIComponent(id)}/release`, { reason })
}
