/** Every question this page asks the server, with how long its answer is good for. */
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import type {
  AggregateAnswer,
  Completeness,
  ConfidenceDistribution,
  Coverage,
  Emitters,
  DecisionDocument,
  DecisionPage,
  Overrides,
  LedgerStatus,
  Readiness,
  Systems,
  Timeline,
} from './api.ts'
import type { ListSearch } from './address.ts'
import { ApiError, getJson } from './client.ts'
import { filterQuery } from './filters.ts'
import type { Filters } from './filters.ts'
import { verifyDecision, verifyHead } from './proof/gather.ts'
import type { HeldDecision } from './proof/gather.ts'

/** The ledger of a server nobody configured; a server may hold others. */
export const DEFAULT_LEDGER = 'default'

const PAGE_ROWS = 200
const LIVE_MS = 4_000
const STATS_MS = 15_000
const MISTAKE = 400
const SERVER_FAULT = 500

/** Faults of the server or the way to it are tried again; refusals are not. */
function isWorthRetrying(failures: number, error: Error): boolean {
  const isRefusal = error instanceof ApiError && error.status >= MISTAKE && error.status < SERVER_FAULT
  return failures < 2 && !isRefusal
}

/** The cache of answers. */
export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: isWorthRetrying, staleTime: STATS_MS, refetchOnWindowFocus: false } },
})

/** A page of the list; the first one also says how many decisions match in all. */
export type ListPage = DecisionPage & { readonly total?: number | undefined }

/** The decisions a search describes, page by page as of one ledger size. */
export function decisionsQuery({ filters, order }: Pick<ListSearch, 'filters' | 'order'>) {
  return infiniteQueryOptions({
    queryKey: ['decisions', filters, order],
    queryFn: ({ pageParam, signal }) => fetchPage(filters, order, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }: ListPage) => next,
    // The list is a still picture of one ledger size: only the reader asks for a newer one.
    staleTime: Number.POSITIVE_INFINITY,
  })
}

async function fetchPage(
  filters: Filters,
  order: string,
  cursor: string,
  signal: AbortSignal,
): Promise<ListPage> {
  const query = filterQuery(filters)
  query.set('order', order)
  query.set('limit', String(PAGE_ROWS))
  if (cursor !== '') {
    query.set('cursor', cursor)
    return getJson<DecisionPage>(`/v1/decisions?${query}`, signal)
  }
  // Counted before the list is read, so that what arrives in between shows as new rather than not at all.
  const total = await fetchCount(filters, signal)
  return { ...(await getJson<DecisionPage>(`/v1/decisions?${query}`, signal)), total }
}

async function fetchCount(filters: Filters, signal: AbortSignal): Promise<number> {
  const query = filterQuery(filters)
  query.set('metrics', 'count')
  const { items } = await getJson<AggregateAnswer>(`/v1/aggregate?${query}`, signal)
  return Number(items[0]?.['count'] ?? 0)
}

/** How many decisions match now, asked again and again. */
export function liveCountQuery(filters: Filters) {
  return queryOptions({
    queryKey: ['count', filters],
    queryFn: ({ signal }) => fetchCount(filters, signal),
    refetchInterval: LIVE_MS,
    staleTime: 0,
  })
}

/** One decision. With a purpose the server records the reading and opens what this key may see. */
export function decisionQuery(id: string, purpose?: string) {
  return queryOptions({
    queryKey: ['decision', id, purpose ?? null],
    queryFn: ({ signal }) =>
      getJson<DecisionDocument>(
        `/v1/decisions/${encodeURIComponent(id)}`,
        signal,
        purpose === undefined ? undefined : { 'Deponent-Purpose': purpose },
      ),
    // Each opening is recorded, so it happens exactly when the reader asks, and what was opened never lingers.
    ...(purpose !== undefined && { staleTime: Number.POSITIVE_INFINITY, gcTime: 0, retry: false }),
  })
}

/** What was recorded about a decision. */
export function timelineQuery(id: string) {
  return queryOptions({
    queryKey: ['timeline', id],
    queryFn: ({ signal }) => getJson<Timeline>(`/v1/decisions/${encodeURIComponent(id)}/timeline`, signal),
  })
}

/** The check of a decision in this browser; while no checkpoint covers it, tried again as the server asks. */
export function verificationQuery(decision: HeldDecision) {
  return queryOptions({
    queryKey: ['verification', decision.ledger, decision.id],
    queryFn: ({ signal }) => verifyDecision(decision, signal),
    staleTime: 0,
    gcTime: 0,
    refetchInterval: ({ state: { data } }) => (data?.phase === 'pending' ? data.retryAfterMs : false),
  })
}

/** The check of the newest checkpoint in this browser. */
export function headQuery(ledger: string) {
  return queryOptions({
    queryKey: ['head', ledger],
    queryFn: ({ signal }) => verifyHead(ledger, signal),
    refetchInterval: STATS_MS,
    staleTime: 0,
  })
}

/** Who outside knows of the ledger, as the server tells it. */
export function ledgerStatusQuery(ledger: string) {
  return queryOptions({
    queryKey: ['ledger-status', ledger],
    queryFn: ({ signal }) => getJson<LedgerStatus>(`/ledgers/${ledger}/status`, signal),
    refetchInterval: STATS_MS,
  })
}

/** The state of the server; needs no key. A server that is not ready says so with a 503 of the same shape. */
export const readinessQuery = queryOptions({
  queryKey: ['readiness'],
  queryFn: async ({ signal }): Promise<Readiness> => {
    try {
      return await getJson<Readiness>('/readyz', signal)
    } catch (error) {
      if (error instanceof ApiError && 'checks' in error.problem) return error.problem as unknown as Readiness
      throw error
    }
  },
  refetchInterval: 2_000,
  staleTime: 0,
})

function statsQuery<T>(path: string) {
  return queryOptions({
    queryKey: ['stats', path],
    queryFn: ({ signal }) => getJson<T>(path, signal),
    refetchInterval: STATS_MS,
    placeholderData: keepPreviousData,
  })
}

export const coverageQuery = statsQuery<Coverage>('/v1/stats/coverage')
export const emittersQuery = statsQuery<Emitters>('/v1/emitters')
export const systemsQuery = statsQuery<Systems>('/v1/systems')

/** How confident the decisions since a moment were. */
export function confidenceQuery(from: string | undefined) {
  return statsQuery<ConfidenceDistribution>(`/v1/stats/confidence${since(from)}`)
}

/** What the decisions since a moment lack. */
export function completenessQuery(from: string | undefined) {
  return statsQuery<Completeness>(`/v1/stats/completeness${since(from)}`)
}

/** How often humans looked at decisions since a moment, and decided otherwise. */
export function overridesQuery(from: string | undefined) {
  return statsQuery<Overrides>(`/v1/stats/overrides${since(from)}`)
}

function since(from: string | undefined): string {
  return from === undefined ? '' : `?${new URLSearchParams({ from })}`
}

/** Metrics of the decisions since a moment, by group. */
export function aggregateQuery(metrics: string, by: string, from: string | undefined) {
  const query = new URLSearchParams({ metrics, by, ...(from !== undefined && { from }) })
  return statsQuery<AggregateAnswer>(`/v1/aggregate?${query}`)
}
