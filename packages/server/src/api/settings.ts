/** What a server was set to when it started, as `GET /v1/settings` tells it. Paths and secrets have no place here. */
export interface Settings {
  /** Whether the port itself speaks TLS, a proxy in front does, or only this machine can reach it. */
  readonly transport: 'tls' | 'proxy' | 'loopback'
  /** Routes of the raw ledger, or of metrics, that need no key. */
  readonly publicLedger: boolean
  readonly publicMetrics: boolean
  readonly scrubDays: number
  readonly index: 'embedded' | 'server'
}
