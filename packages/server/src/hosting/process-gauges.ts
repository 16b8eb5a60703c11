import { RequestMetrics } from './metrics.ts'

/** The ledgers of a server, as far as they are counted. */
export interface CountedLedgers {
  all(): readonly { isArchived: boolean }[]
  unavailable(): readonly unknown[]
}

/** Numbers that belong to no ledger: requests that are about none, and how many ledgers there are. */
export function processMetricsOf(ledgers: CountedLedgers): RequestMetrics {
  const metrics = new RequestMetrics()
  metrics.gauges('deponent_ledgers', 'Ledgers of this server, by state.', 'state', () => {
    const served = ledgers.all()
    const archived = served.filter(({ isArchived }) => isArchived).length
    return [
      ['open', served.length - archived],
      ['archived', archived],
      ['unavailable', ledgers.unavailable().length],
    ]
  })
  return metrics
}
