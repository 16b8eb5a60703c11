import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { getJson } from '../client.ts'
import { currentLedger } from '../session/state.ts'
import type { LookPage } from './look.ts'
import { lookQuery } from './look-filters.ts'
import type { LookFilters } from './look-filters.ts'

const PAGE_LOOKS = 200

/** Looks, newest first. Asking is a look itself, so nothing here asks by itself again and again. */
export function looksQuery(filters: LookFilters) {
  const ledger = currentLedger()
  return infiniteQueryOptions({
    queryKey: [ledger, 'looks', filters],
    queryFn: ({ pageParam, signal }) => {
      const query = lookQuery(filters)
      query.set('limit', String(PAGE_LOOKS))
      if (pageParam !== '') query.set('cursor', pageParam)
      return getJson<LookPage>(`/v1/access?${query}`, { ledger, signal })
    },
    initialPageParam: '',
    getNextPageParam: ({ next }: LookPage) => next,
    staleTime: 0,
    refetchOnMount: true,
  })
}

/** Who saw one decision. */
export function seenQuery(id: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'seen', id],
    queryFn: ({ signal }) =>
      getJson<LookPage>(`/v1/decisions/${encodeURIComponent(id)}/access`, { ledger, signal }),
  })
}
