/**
 * The list a reader came from, while this tab lives: so that a decision can lead to its neighbours and back to the
 * same place. Never written anywhere.
 */
import type { DecisionRow } from '../api.ts'
import { searchOfList } from '../address.ts'
import type { ListSearch, Search } from '../address.ts'
import { decisionsQuery } from '../queries.ts'
import { queryClient } from '../query-client.ts'
import { currentLedger } from '../session/state.ts'

interface ListPlace {
  readonly ledger: string
  readonly list: ListSearch
  readonly scrollTop: number
  readonly active: number
}

let last: ListPlace | undefined

/** The place, unless another ledger is looked at by now. */
function lastHere(): ListPlace | undefined {
  return last?.ledger === currentLedger() ? last : undefined
}

/** Remembers where the reader is in a list. */
export function rememberPlace(place: Omit<ListPlace, 'ledger'>): void {
  last = { ...place, ledger: currentLedger() }
}

/** Where the reader was in this very list. */
export function placeIn(list: ListSearch): ListPlace | undefined {
  const place = lastHere()
  return place !== undefined && sameList(place.list, list) ? place : undefined
}

/** The address values of the list to go back to. */
export function searchToReturnTo(): Search {
  const place = lastHere()
  return place === undefined ? {} : searchOfList(place.list)
}

/** The decisions before and after one, as far as the list was loaded. */
export function neighbours(id: string): {
  readonly previous?: string | undefined
  readonly next?: string | undefined
} {
  const rows = loadedRows()
  const at = rows.findIndex((row) => row.id === id)
  return at < 0 ? {} : { previous: rows[at - 1]?.id, next: rows[at + 1]?.id }
}

/** Moves the remembered place to a decision, so that going back finds it. */
export function moveTo(id: string): void {
  const active = loadedRows().findIndex((row) => row.id === id)
  const place = lastHere()
  if (place !== undefined && active >= 0) last = { ...place, active }
}

function loadedRows(): readonly DecisionRow[] {
  const place = lastHere()
  if (place === undefined) return []
  const data = queryClient.getQueryData(decisionsQuery(place.list).queryKey)
  return data?.pages.flatMap(({ items }) => items) ?? []
}

function sameList(a: ListSearch, b: ListSearch): boolean {
  const { columns: _a, ...restA } = searchOfList(a)
  const { columns: _b, ...restB } = searchOfList(b)
  return JSON.stringify(restA) === JSON.stringify(restB)
}
