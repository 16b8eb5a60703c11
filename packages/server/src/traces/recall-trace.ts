/** What the ledger itself knows of a trace of which nothing is remembered: after a restart, or once too much else was recorded. */
import { FormatError } from '@deponent/format'
import { decisionNameOf } from '../ingest/otlp/decision-of.ts'
import { mapSpan, systemOf } from '../ingest/otlp/map-span.ts'
import type { LogRecord, Span } from '../ingest/otlp/telemetry.ts'
import { subjectsOf } from '../recording/links.ts'
import type { ReadEntry } from '../recording/reader.ts'
import type { RecordsTraces } from './record-trace.ts'
import { newTrace, type RecordedDecision, type RecordedTrace } from './recorded-traces.ts'

/**
 * The decisions directly above spans and log records that come without what is above them, by the name a decision has whose application
 * gave it none, and what became of the spans that were recorded before.
 */
export async function recallTrace(
  to: RecordsTraces,
  traceId: string,
  spans: readonly Span[],
  logs: readonly LogRecord[],
): Promise<RecordedTrace> {
  const trace = newTrace()
  const there = new Set(['', ...spans.map(({ spanId }) => spanId)])
  const asked = new Set<string>()
  const pointing = [
    ...spans.map((span) => ({ spanId: span.parentSpanId, system: systemOf(span) })),
    ...logs.map((log) => ({ spanId: log.spanId, system: systemOf(log) })),
  ]
  for (const { spanId, system } of pointing) {
    if (there.has(spanId) || asked.has(`${spanId} ${system}`)) continue
    asked.add(`${spanId} ${system}`)
    const decisionId = decisionNameOf(traceId, spanId)
    const [index] = await to.recorder.findDecisions(decisionId, system)
    if (index === undefined) continue
    there.add(spanId)
    const decision = await decisionAt(to, trace, index)
    trace.known.set(spanId, { spanId, parentSpanId: '', role: 'agent', isDeclared: false, decisionId })
    trace.decisions.set(spanId, decision)
    trace.entryIds.set(decisionId, decision.id)
  }
  for (const span of spans) await recallSpan(to, trace, span)
  return trace
}

/** A span that was recorded is the decision it was then, or part of the one it was part of, or of none. */
async function recallSpan(to: RecordsTraces, trace: RecordedTrace, span: Span): Promise<void> {
  const { recorder } = to
  const { parentSpanId, spanId } = span
  const system = systemOf(span)
  const seen = recorder.seenTelemetry('trace.span', system, span.digest)
  if (seen?.state === 'erased') {
    trace.erased.add(spanId)
    trace.isErasedInPart = true
  }
  if (!seen || seen.state === 'erased') return
  const read = await readAt(to, trace, await seen.index)
  const { decisionId = decisionNameOf(span.traceId, spanId), isDeclared, role } = mapSpan(span)
  const target = read?.target && (await decisionAt(to, trace, read.target.index))
  if (target) trace.decisions.set(spanId, target)
  const named = target ? await recorder.findDecisions(decisionId, system) : []
  if (target && named.includes(target.index)) return
  // Part of a decision that may not be here: what is below it is part of that too.
  const standsFor = target ? 'agent' : role
  trace.known.set(spanId, { spanId, parentSpanId, role: standsFor, isDeclared })
}

async function decisionAt(to: RecordsTraces, trace: RecordedTrace, index: number): Promise<RecordedDecision> {
  await readAt(to, trace, index)
  const { id } = await to.entryAt(index)
  return { index, id }
}

/** Takes note of whom an entry is about, as far as it still says so; undefined when its payload is damaged. */
async function readAt(
  { reader }: RecordsTraces,
  trace: RecordedTrace,
  index: number,
): Promise<ReadEntry | undefined> {
  try {
    trace.entries.add(index)
    const read = await reader.one(index)
    if (read.record) for (const subject of subjectsOf(read.record)) trace.subjects.add(subject)
    else trace.isErasedInPart = true
    return read
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
