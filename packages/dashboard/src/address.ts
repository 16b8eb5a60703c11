/** What the address bar holds after the path: flat names and values, as short and readable as links allow. */
import { isFilter, isSubjectHandle } from './filters.ts'
import type { Filters } from './filters.ts'

export type Search = Record<string, string>

/** Reads a query string; a name given twice counts once, the last time. */
export function parseSearch(query: string): Search {
  return Object.fromEntries(new URLSearchParams(query))
}

/** Writes a query string; empty and absent values leave no trace. */
export function stringifySearch(search: Record<string, unknown>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === 'string' && value !== '') query.set(name, value)
  }
  // Commas and colons are legal in a query and far easier to read.
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return text === '' ? '' : `?${text}`
}

export type Order = 'at' | '-at'

/** The decisions list as its address describes it. */
export interface ListSearch {
  readonly filters: Filters
  readonly order: Order
  /** Ids of the columns shown; undefined for the usual ones. */
  readonly columns: readonly string[] | undefined
}

/** The list a query string describes; names it does not know say nothing, and neither does a plain subject id. */
export function listSearch(search: Record<string, unknown>): ListSearch {
  const filters = Object.entries(search).filter(isUsable)
  const columns = search['columns']
  return {
    filters: Object.fromEntries(filters),
    order: search['order'] === 'at' ? 'at' : '-at',
    columns: typeof columns === 'string' && columns !== '' ? columns.split(',') : undefined,
  }
}

function isUsable(pair: [string, unknown]): pair is [string, string] {
  const [name, value] = pair
  if (typeof value !== 'string' || value === '' || !isFilter(name)) return false
  return name !== 'subject' || isSubjectHandle(value)
}

/** The query string values of a list; the usual order and columns are left out. */
export function searchOfList({ filters, order, columns }: ListSearch): Search {
  return {
    ...filters,
    ...(order === 'at' && { order }),
    ...(columns !== undefined && { columns: columns.join(',') }),
  }
}
