import { expect } from 'vitest'
import { deponent } from '@deponent/sdk'
import type { Deponent, DeponentOptions, Issue } from '@deponent/sdk'
import { LedgerServer } from './ledger-server.ts'
import { VendorApi } from './vendor-api.ts'

/** A vendor's API, and a ledger that shows what was recorded of it. */
export class RecordedVendor {
  readonly vendor = new VendorApi()
  baseURL = ''
  readonly #ledger = new LedgerServer()
  readonly #issues: Issue[] = []
  readonly #clients: Deponent[] = []
  #url = ''

  static async start(): Promise<RecordedVendor> {
    const started = new RecordedVendor()
    started.baseURL = await started.vendor.start()
    started.#url = await started.#ledger.start()
    return started
  }

  client(options: Partial<DeponentOptions> = {}): Deponent {
    const onError = (issue: Issue) => void this.#issues.push(issue)
    const client = deponent({
      url: this.#url,
      key: 'k',
      flushIntervalMs: 3_600_000,
      ...options,
      sink: 'http',
      onError,
    })
    this.#clients.push(client)
    return client
  }

  /** The decisions recorded so far, in the order of their ends. */
  async records(): Promise<Record<string, unknown>[]> {
    for (const client of this.#clients) await client.flush()
    return this.#ledger.records
  }

  /** The actions recorded so far. */
  async actions(): Promise<Record<string, unknown>[]> {
    for (const client of this.#clients) await client.flush()
    return this.#ledger.statements.filter(({ kind }) => kind === 'action')
  }

  /** The one decision there is. */
  async record(): Promise<Record<string, unknown>> {
    const records = await this.records()
    expect(records).toHaveLength(1)
    return records[0]!
  }

  /** Ends everything; whatever the clients complained of fails the test. */
  async stop(): Promise<void> {
    for (const client of this.#clients) await client.close({ timeoutMs: 0 })
    await Promise.all([this.#ledger.stop(), this.vendor.stop()])
    expect(this.#issues).toEqual([])
  }
}
