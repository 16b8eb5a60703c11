/** Traces over a ledger of a test, with a clock that the test moves. */
import { entryAt } from '../../packages/server/src/hosting/telemetry.ts'
import type { Span, Telemetry } from '../../packages/server/src/ingest/otlp/telemetry.ts'
import type { Disk } from '../../packages/server/src/platform/disk.ts'
import type { Random } from '../../packages/server/src/platform/random.ts'
import type { TestClock } from '../../packages/server/src/platform/clock.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { arrivalOf, type Sender } from '../../packages/server/src/traces/arrival.ts'
import type { RecordsTraces } from '../../packages/server/src/traces/record-trace.ts'
import { Traces } from '../../packages/server/src/traces/traces.ts'
import { patienceOf } from '../../packages/server/src/traces/waiting-traces.ts'
import { readLogs, readSpans, type SpanOfTest } from './spans.ts'

export interface TracesOfTest {
  tenant: Tenant
  disk: Disk
  random: Random
  clock: TestClock
  path: string
  onRefused?(code: string): void
  /** That of the tenant when absent. */
  recorder?: RecordsTraces['recorder']
}

export async function openTraces(of: TracesOfTest): Promise<Traces> {
  const { tenant, disk, random, clock, path, onRefused, recorder = tenant.recorder } = of
  const { ledger, vault } = tenant
  const traces = await Traces.open({
    place: { disk, random, path, key: vault.derive('waiting-spans') },
    clock,
    patience: patienceOf(10),
    to: {
      recorder,
      reader: tenant.reader,
      entryAt: (index) => entryAt(tenant, index),
      onRefused: onRefused ?? ((code) => Promise.reject(new Error(code))),
    },
    refusal: () => ledger.refusal,
    diagnose: () => undefined,
  })
  traces.begin()
  return traces
}

const telemetry = (more: Partial<Telemetry>): Telemetry => ({
  spans: [],
  logs: [],
  rejected: { count: 0, reasons: new Set() },
  ...more,
})

const anybody: Sender = { system: 'default' }

export const takeSpansOf = (traces: Traces, sender: Sender, spans: readonly Span[]): Promise<void> =>
  traces.take(arrivalOf(telemetry({ spans: [...spans] }), sender))

export const takeSpans = (traces: Traces, ...spans: SpanOfTest[]): Promise<void> =>
  takeSpansOf(traces, anybody, readSpans(...spans))

export const takeLogs = (traces: Traces, ...logs: object[]): Promise<void> =>
  traces.take(arrivalOf(telemetry({ logs: readLogs(...logs) }), anybody))

/** Moves the clock until something is so. */
export async function until(clock: TestClock, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let step = 0; !(await isSo()); step += 1) {
    if (step > 20_000) throw new Error('it never came to be so')
    clock.advance(250)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** What is recorded of a kind, oldest first. */
export async function recordsOf(tenant: Tenant, kind: string): Promise<{ [name: string]: unknown }[]> {
  const read = await tenant.reader.read(0, tenant.ledger.size)
  return read.flatMap(({ entry, record }) => (entry.kind === kind && record ? [record] : []))
}
