import { queryOptions } from '@tanstack/react-query'
import { getJson, send, sendJson } from '../client.ts'
import { queryClient } from '../query-client.ts'
import { currentLedger } from '../session/state.ts'
import type { Identity, MadeKey } from './identity.ts'
import type { KeyRequest } from './key-request.ts'

export function keysQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'keys'],
    queryFn: ({ signal }) => getJson<{ readonly items: readonly Identity[] }>('/v1/keys', { ledger, signal }),
    staleTime: 0,
  })
}

export async function makeKey(request: KeyRequest): Promise<MadeKey> {
  const made = await sendJson<MadeKey>('POST', '/v1/keys', request)
  reload()
  return made
}

export async function rotateKey(id: string, overlapSeconds: number): Promise<MadeKey> {
  const made = await sendJson<MadeKey>('POST', `/v1/keys/${encodeURIComponent(id)}/rotate`, {
    overlapSeconds,
  })
  reload()
  return made
}

/** Revokes an identity, or one of its keys. */
export async function revokeKey(id: string): Promise<void> {
  await send(`/v1/keys/${encodeURIComponent(id)}`, { method: 'DELETE' })
  reload()
}

function reload(): void {
  void queryClient.invalidateQueries({ queryKey: keysQuery().queryKey })
}
