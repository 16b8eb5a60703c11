/**
 * The list a reader came from, while this tab lives: so that a decision can lead to its neighbours and back to the
 * same place. Never written anywhere.
 */
import type { DecisionRow } from '../api.ts'
import { searchOfList } from '../address.ts'
import type { ListSearch, Search } from '../address.ts'
import { decisionsQuery, queryClient } from '../queries.ts'

interface ListPlace {
  readonly list: ListSearch
  readonly scrollTop: number
  readonly active: number
}

let last: ListPlace | undefined

/** Remembers where the reader is in a list. */
export function rememberPlace(place: ListPlace): void {
  last = place
}

/** Where the reader was in this very list. */
export function placeIn(list: ListSearch): ListPlace | undefined {
  return last !== undefined && sameList(last.list, list) ? last : undefined
}

/** The address values of the list to go back to. */
export function searchToReturnTo(): Search {
  return last === undefined ? {} : searchOfList(last.list)
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
  if (last !== undefined && active >= 0) last = { ...last, active }
}

function loadedRows(): readonly DecisionRow[] {
  if (last === undefined) return []
  const data = queryClient.getQueryData(decisionsQuery(last.list).queryKey)
  return data?.pages.flatMap(({ items }) => items) ?? []
}

function sameList(a: ListSearch, b: ListSearch): boolean {
  const { columns: _a, ...restA } = searchOfList(a)
  const { columns: _b, ...restB } = searchOfList(b)
  return JSON.stringify(restA) === JSON.stringify(restB)
}
