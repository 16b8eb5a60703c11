/** What is asked and done about people. Asking is a look and recorded, so nothing here asks by itself again and again. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { DecisionPage, Json } from '../api.ts'
import { getJson, send, sendJson } from '../client.ts'
import type { OwnLook } from '../own/words.ts'
import { queryClient } from '../query-client.ts'
import { purposeHeader } from '../session/purpose-header.ts'
import { currentLedger, standingPurpose } from '../session/state.ts'
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

/** A record of what was done, as a history tells it; the record is null where it cannot be opened. */
export interface Step {
  readonly id: string
  readonly index: number
  readonly at: string
  readonly kind: string
  readonly record: Readonly<Record<string, Json>> | null
}

export function requestQuery(id: string) {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'request', id],
    queryFn: ({ signal }) =>
      getJson<PersonRequest & { readonly history: readonly Step[] }>(
        `/v1/requests/${encodeURIComponent(id)}`,
        {
          ledger,
          signal,
        },
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

/** Does something about a person, and has what is shown of people asked for anew. */
export async function act<T>(path: string, body: object): Promise<T> {
  const done = await sendJson<T>('POST', path, body)
  await reloadPeople()
  return done
}

/** Asks to erase a person. */
export async function erase(handle: string, body: object): Promise<string> {
  const { erasureId } = await sendJson<{ readonly erasureId: string }>('DELETE', pathOf(handle), body)
  await reloadPeople()
  return erasureId
}

const ABOUT_PEOPLE: ReadonlySet<unknown> = new Set([
  'requests',
  'request',
  'person',
  'person-decisions',
  'erasures',
  'holds',
])

/** What is on the page is asked for again; the rest when it is next shown. */
export function reloadPeople(): Promise<void> {
  return queryClient.invalidateQueries({ predicate: ({ queryKey }) => ABOUT_PEOPLE.has(queryKey[1]) })
}

export interface ExportOrder {
  /** A handle, or `me`. */
  readonly person: string
  readonly format: 'json' | 'html'
  readonly scope: 'all' | 'provided'
  readonly purpose?: string
  readonly request?: string
  readonly recipient?: string
}

/** Takes everything recorded about a person as a file. */
export async function exportPerson(order: ExportOrder): Promise<void> {
  const { person, format, scope, purpose, request, recipient } = order
  const query = new URLSearchParams({ format, scope, ...(request !== undefined && { request }) })
  const response = await send(`${pathOf(person)}/export?${query}`, {
    purpose,
    headers: recipient === undefined ? {} : { 'Deponent-Recipient': purposeHeader(recipient) },
  })
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1]
  save(await response.blob(), name ?? `person.${format}`)
}

/** Long enough for a browser to begin writing the file. */
const KEPT_MS = 60_000

function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS)
}
