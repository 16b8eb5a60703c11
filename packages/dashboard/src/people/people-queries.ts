/** What is asked and done about people. Asking is a look and recorded, so nothing here asks by itself again and again. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { DecisionPage } from '../api.ts'
import { getJson, sendJson } from '../client.ts'
import type { OwnLook } from '../own/words.ts'
import { outdatePeople } from '../privacy/acts.ts'
import type { Step } from '../privacy/history.tsx'
import { currentLedger, currentSession, may, standingPurpose } from '../session/state.ts'
import type { Person } from './person.ts'
import type { PersonRequest } from './request.ts'

const PAGE = 100

export interface RequestPage {
  readonly items: readonly PersonRequest[]
  readonly next: string | null
  readonly open: number
  readonly overdue: number
}

export type RequestFilters = Readonly<Record<string, string>>

const REQUEST_FILTERS = ['state', 'requestType', 'overdue']

/** The filters of the list of requests that are in an address. */
export function requestFiltersIn(search: Readonly<Record<string, string>>): RequestFilters {
  return Object.fromEntries(
    REQUEST_FILTERS.flatMap((name) => {
      const value = search[name]
      return value === undefined || value === '' ? [] : [[name, value]]
    }),
  )
}

export function requestsQuery(filters: RequestFilters) {
  const ledger = currentLedger()
  return infiniteQueryOptions({
    queryKey: [ledger, 'requests', filters],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ ...filters, limit: String(PAGE) })
      if (pageParam !== '') query.set('cursor', pageParam)
      return getJson<RequestPage>(`/v1/requests?${query}`, { ledger, signal })
    },
    initialPageParam: '',
    getNextPageParam: ({ next }: RequestPage) => next,
    placeholderData: keepPreviousData,
  })
}

/**
 * A request. Whoever may answer it is shown the words of whoever asks: it is read for answering it, and the record of the look says so.
 * Others state what they read them for.
 */
export function requestQuery(id: string) {
  const ledger = currentLedger()
  const isFree = may('rights') && currentSession()?.purposes === null
  const purpose = standingPurpose() ?? (isFree ? `answering request ${id}` : undefined)
  return queryOptions({
    queryKey: [ledger, 'request', id, purpose ?? ''],
    queryFn: ({ signal }) =>
      getJson<PersonRequest & { readonly history: readonly Step[] }>(
        `/v1/requests/${encodeURIComponent(id)}`,
        { ledger, signal, purpose },
      ),
  })
}

export function personQuery(handle: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'person', handle],
    queryFn: ({ signal }) => getJson<Person>(pathOf(handle), { ledger, signal }),
  })
}

/** A page of decisions about a person; whoever's processing is restricted is left out unless a purpose is stated. */
export type PersonDecisions = DecisionPage & { readonly leftOut?: { readonly restrictedPeople: number } }

export function personDecisionsQuery(handle: string) {
  const ledger = currentLedger()
  return infiniteQueryOptions({
    queryKey: [ledger, 'person-decisions', handle, standingPurpose() ?? ''],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: '25', ...(pageParam !== '' && { cursor: pageParam }) })
      return getJson<PersonDecisions>(`${pathOf(handle)}/decisions?${query}`, { ledger, signal })
    },
    initialPageParam: '',
    getNextPageParam: ({ next }: PersonDecisions) => next,
  })
}

export function consultedQuery(handle: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'person-access', handle],
    queryFn: ({ signal }) =>
      getJson<{ readonly items: readonly OwnLook[] }>(`${pathOf(handle)}/access`, { ledger, signal }),
  })
}

function pathOf(handle: string): string {
  return `/v1/subjects/${encodeURIComponent(handle)}`
}

/** The handle of a person by their id, which stays out of every address. */
export async function lookUp(subject: string): Promise<string> {
  const { handle } = await sendJson<{ readonly handle: string }>('POST', '/v1/subjects:lookup', { subject })
  return handle
}

/** Asks to erase a person, of whom nothing may be known a moment later. */
export async function erase(handle: string, body: object): Promise<string> {
  const { erasureId } = await sendJson<{ readonly erasureId: string }>('DELETE', pathOf(handle), body)
  await outdatePeople()
  return erasureId
}
