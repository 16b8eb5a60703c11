import { queryOptions } from '@tanstack/react-query'
import { getJson, sendJson } from '../client.ts'
import { queryClient } from '../query-client.ts'
import { currentLedger } from '../session/state.ts'
import type { Policy } from './policy.ts'

export function policyQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'policy'],
    queryFn: ({ signal }) => getJson<Policy>('/v1/policy', { ledger, signal }),
    staleTime: 0,
  })
}

/** Puts rules in force; `version` is the one they were made from. */
export async function changePolicy(change: Policy & { readonly reason: string }): Promise<Policy> {
  const policy = await sendJson<Policy>('PUT', '/v1/policy', change)
  queryClient.setQueryData(policyQuery().queryKey, policy)
  return policy
}
