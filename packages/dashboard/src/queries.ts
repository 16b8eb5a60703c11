/**
 * Every question this page asks the server, with how long its answer is good for. What is kept is kept under the name of its ledger, and
 * the ledger a question is about is settled when the question is put together: an answer of one is never taken for another's.
 */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type {
  AggregateAnswer,
  Completeness,
  ConfidenceDistribution,
  Coverage,
  Emitters,
  DecisionPage,
  DecisionDocument,
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
import { STATS_MS } from './query-client.ts'
import { currentLedger, may, standingPurpose } from './session/state.ts'

const PAGE_ROWS = 200
const LIVE_MS = 4_000

/** A page of the list; the first one also says how many decisions match in all. */
export type ListPage = DecisionPage & { readonly total?: number | undefined }

/** The decisions a search describes, page by page as of one ledger size. */
export function decisionsQuery({ filters, order }: Pick<ListSearch, 'filters' | 'order'>) {
  const ledger = currentLedger()
  return infiniteQueryOptions({
    queryKey: [ledger, 'decisions', filters, order],
    queryFn: ({ pageParam, signal }) => fetchPage({ filters, order }, pageParam, { ledger, signal }),
    initialPageParam: '',
    getNextPageParam: ({ next }: ListPage) => next,
    // The list is a still picture of one ledger size: only the reader asks for a newer one.
    staleTime: Number.POSITIVE_INFINITY,
  })
}

interface Asked {
  readonly ledger: string
  readonly signal: AbortSignal
}

async function fetchPage(
  { filters, order }: Pick<ListSearch, 'filters' | 'order'>,
  cursor: string,
  asked: Asked,
): Promise<ListPage> {
  const query = filterQuery(filters)
  query.set('order', order)
  query.set('limit', String(PAGE_ROWS))
  if (cursor !== '') {
    query.set('cursor', cursor)
    return getJson<DecisionPage>(`/v1/decisions?${query}`, asked)
  }
  // Counted before the list is read, so that what arrives in between shows as new rather than not at all.
  const total = may('aggregate') ? await fetchCount(filters, asked) : undefined
  return { ...(await getJson<DecisionPage>(`/v1/decisions?${query}`, asked)), total }
}

async function fetchCount(filters: Filters, asked: Asked): Promise<number> {
  const query = filterQuery(filters)
  query.set('metrics', 'count')
  const { items } = await getJson<AggregateAnswer>(`/v1/aggregate?${query}`, asked)
  return Number(items[0]?.['count'] ?? 0)
}

/** How many decisions match now, asked again and again. */
export function liveCountQuery(filters: Filters) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'count', filters],
    queryFn: ({ signal }) => fetchCount(filters, { ledger, signal }),
    refetchInterval: LIVE_MS,
    staleTime: 0,
  })
}

/** One decision, with its sealed fields covered also where everything is read for a stated purpose. */
export function decisionQuery(id: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'decision', id],
    queryFn: ({ signal }) =>
      getJson<DecisionDocument>(`${pathOf(id)}${coveredUnlessAsked()}`, { ledger, signal }),
  })
}

/** A stated purpose opens everything unless fields are named: here none are. */
function coveredUnlessAsked(): string {
  return standingPurpose() === undefined ? '' : '?reveal='
}

function pathOf(id: string): string {
  return `/v1/decisions/${encodeURIComponent(id)}`
}

/** What was recorded about a decision. */
export function timelineQuery(id: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'timeline', id],
    queryFn: ({ signal }) => getJson<Timeline>(`${pathOf(id)}/timeline`, { ledger, signal }),
  })
}

/** The check of a decision in this browser; while no checkpoint covers it, tried again as the server asks. */
export function verificationQuery(decision: HeldDecision) {
  return queryOptions({
    queryKey: [decision.ledger, 'verification', decision.id],
    queryFn: ({ signal }) => verifyDecision(decision, signal),
    staleTime: 0,
    gcTime: 0,
    refetchInterval: ({ state: { data } }) => (data?.phase === 'pending' ? data.retryAfterMs : false),
  })
}

/** The check of the newest checkpoint in this browser. */
export function headQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'head'],
    queryFn: ({ signal }) => verifyHead(ledger, signal),
    refetchInterval: STATS_MS,
    staleTime: 0,
  })
}

/** Who outside knows of the ledger, as the server tells it. */
export function ledgerStatusQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'ledger-status'],
    queryFn: ({ signal }) => getJson<LedgerStatus>(`/ledgers/${ledger}/status`, { ledger, signal }),
    refetchInterval: STATS_MS,
  })
}

/** The state of the server; needs no key. A server that is not ready says so with a 503 of the same shape. */
export function readinessQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'readiness'],
    queryFn: async ({ signal }): Promise<Readiness> => {
      try {
        return await getJson<Readiness>('/readyz', { signal })
      } catch (error) {
        if (error instanceof ApiError && 'checks' in error.problem)
          return error.problem as unknown as Readiness
        throw error
      }
    },
    refetchInterval: 2_000,
    staleTime: 0,
  })
}

function statsQuery<T>(path: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'stats', path],
    queryFn: ({ signal }) => getJson<T>(path, { ledger, signal }),
    refetchInterval: STATS_MS,
    placeholderData: keepPreviousData,
  })
}

export const coverageQuery = () => statsQuery<Coverage>('/v1/stats/coverage')
export const emittersQuery = () => statsQuery<Emitters>('/v1/emitters')

/** The systems, where the reader may see them. */
export function systemsQuery() {
  return { ...statsQuery<Systems>('/v1/systems'), enabled: may('systems') }
}

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
