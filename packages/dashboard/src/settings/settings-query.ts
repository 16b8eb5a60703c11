import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../client.ts'
import { currentLedger } from '../session/state.ts'
import type { Ledger } from './ledgers-query.ts'

/** `GET /v1/settings`. */
export interface ServerSettings {
  readonly version: string
  readonly ledger: Ledger
  readonly transport: 'tls' | 'proxy' | 'loopback'
  readonly publicLedger: boolean
  readonly publicMetrics: boolean
  readonly index: 'embedded' | 'server'
  readonly scrubDays: number
  /** How far the reading of everything stored is; times are Unix milliseconds. */
  readonly scrub: {
    readonly finishedAt: number | null
    readonly findings: readonly unknown[]
  }
  readonly smallCells: number
  readonly revealMinutes: number
  readonly sessionMinutes: number
  /** Names. */
  readonly witnesses: readonly string[]
  /** Addresses or names of timestamp authorities. */
  readonly timestamps: readonly string[]
  readonly signer: 'own' | 'server'
  readonly retention: string
}

/** What the server and the ledger are set to. */
export function settingsQuery() {
  const ledger = currentLedger()
  return queryOptions({
    queryKey: [ledger, 'settings'],
    queryFn: ({ signal }) => getJson<ServerSettings>('/v1/settings', { ledger, signal }),
  })
}
