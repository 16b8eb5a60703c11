/**
 * Numbers in the Prometheus format; names carry their unit. Every ledger has a registry of its own, whose series all bear its name,
 * and the process has one, so that whoever belongs to one ledger can be shown its series and no others. The only labels are codes,
 * operations and what an operator configured: no name from a record.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Requests, and values that are read anew at each scrape. */
export class RequestMetrics {
  readonly registry = new Registry()
  readonly refused: Counter<'code'>
  readonly requestSeconds: Histogram<'operation' | 'status'>
  readonly #readings: (() => void)[] = []

  constructor() {
    const registers = [this.registry]
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
    const gauge = new Gauge({ name, help, registers: [this.registry] })
    this.#readings.push(() => gauge.set(read()))
  }

  /** Values read anew at each scrape, one for each value of a label. */
  gauges(name: string, help: string, label: string, read: () => [string, number][]): void {
    const gauge = new Gauge({ name, help, labelNames: [label], registers: [this.registry] })
    this.#readings.push(() => {
      gauge.reset()
      for (const [value, number] of read()) gauge.set({ [label]: value }, number)
    })
  }

  /** The text exposition. */
  text(): Promise<string> {
    return expositionOf([this])
  }

  /** Sets every value that is read at a scrape. */
  readNow(): void {
    for (const reading of this.#readings) reading()
  }
}

/** The numbers of one ledger. */
export class LedgerMetrics extends RequestMetrics {
  readonly recorded: Counter
  readonly duplicates: Counter
  readonly rejected: Counter

  constructor(ledger: string) {
    super()
    const registers = [this.registry]
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
    this.recorded = counter('deponent_records_recorded_total', 'Records made durable.')
    this.duplicates = counter('deponent_records_duplicate_total', 'Records that had been recorded before.')
    this.rejected = counter('deponent_records_rejected_total', 'Records refused one by one.')
    this.registry.setDefaultLabels({ ledger })
  }
}

/** One text exposition of several registries; what several have under one name is explained once. */
export async function expositionOf(parts: readonly RequestMetrics[]): Promise<string> {
  for (const part of parts) part.readNow()
  const names = [...new Set(parts.flatMap(({ registry }) => registry.getMetricsAsArray().map(nameOf)))]
  const texts = await Promise.all(names.map((name) => textOf(name, parts)))
  return `${texts.join('\n\n')}\n`
}

function nameOf({ name }: { name: string }): string {
  return name
}

async function textOf(name: string, parts: readonly RequestMetrics[]): Promise<string> {
  const having = parts.filter(({ registry }) => registry.getSingleMetric(name))
  const texts = await Promise.all(having.map(({ registry }) => registry.getSingleMetricAsString(name)))
  const lines = texts.map((text) => text.split('\n'))
  const explained = lines[0]?.filter(isComment) ?? []
  return [...explained, ...lines.flat().filter((line) => !isComment(line))].join('\n')
}

function isComment(line: string): boolean {
  return line.startsWith('#')
}
