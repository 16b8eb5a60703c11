import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../client.ts'

/** A ledger as `GET /v1/ledgers` tells of it. */
export interface Ledger {
  readonly name: string
  readonly origin: string
  readonly size: number
  readonly state: 'open' | 'archived'
  readonly vkey: string
}

/** The ledgers the reader belongs to. */
export function ledgersQuery() {
  return queryOptions({
    queryKey: ['ledgers'],
    queryFn: ({ signal }) => getJson<{ readonly items: readonly Ledger[] }>('/v1/ledgers', { signal }),
  })
}
