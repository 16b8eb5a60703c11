import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../client.ts'
import { currentLedger } from '../session/state.ts'
import type { OwnLook } from './words.ts'

/** When, why and in which role the reader's own decisions were looked at. */
export function ownAccessQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'own-access'],
    queryFn: ({ signal }) =>
      getJson<{ readonly items: readonly OwnLook[] }>('/v1/subjects/me/access', { ledger, signal }),
  })
}
