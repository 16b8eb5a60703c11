/** Counters of this process in the Prometheus format; names carry their unit. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export class Metrics {
  readonly registry = new Registry()
  readonly recorded: Counter
  readonly duplicates: Counter
  readonly rejected: Counter
  readonly refused: Counter<'code'>
  readonly requestSeconds: Histogram<'operation' | 'status'>
  readonly #gauges = new Map<string, { gauge: Gauge; read: () => number }>()

  readonly #labelled: { gauge: Gauge; label: string; read: () => [string, number][] }[] = []

  constructor() {
    const registers = [this.registry]
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
    this.recorded = counter('deponent_records_recorded_total', 'Records made durable.')
    this.duplicates = counter('deponent_records_duplicate_total', 'Records that had been recorded before.')
    this.rejected = counter('deponent_records_rejected_total', 'Records refused one by one.')
    this.refused = new Counter({
      name: 'deponent_requests_refused_total',
      help: 'Requests answered with a problem, by code.',
      labelNames: ['code'],
      registers,
    })
    this.requestSeconds = new Histogram({
      name: 'deponent_request_duration_seconds',
      help: 'Time from the request to its answer.',
      labelNames: ['operation', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
      registers,
    })
  }

  /** A value read anew at each scrape. */
  gauge(name: string, help: string, read: () => number): void {
    this.#gauges.set(name, { gauge: new Gauge({ name, help, registers: [this.registry] }), read })
  }

  /** Values read anew at each scrape, one for each value of a label. */
  gauges(name: string, help: string, label: string, read: () => [string, number][]): void {
    const gauge = new Gauge({ name, help, labelNames: [label], registers: [this.registry] })
    this.#labelled.push({ gauge, label, read })
  }

  /** The text exposition. */
  text(): Promise<string> {
    for (const { gauge, label, read } of this.#labelled) {
      gauge.reset()
      for (const [value, number] of read()) gauge.set({ [label]: value }, number)
    }
    for (const { gauge, read } of this.#gauges.values()) gauge.set(read())
    return this.registry.metrics()
  }
}
