/**
 * From what is known of a trace to records: its decisions, and with each the spans and log records it was made of. Pure: the same spans
 * give the same records, in whatever order and in however many requests they came.
 */
import type { JsonObject } from '@deponent/format'
import { type Part, decisionRecord, decisionIdOf } from './decision-of.ts'
import { isLayered, layersOf } from './layered.ts'
import { mapSpan, type MappedSpan } from './map-span.ts'
import type { LogRecord, Span } from './telemetry.ts'
import { isJudgement } from './trace-records.ts'
import { treeOf, type TreeNode } from './trace-tree.ts'

/** A span that was rolled up before, as far as the rule needs to know it. */
export interface KnownSpan extends TreeNode {
  /** The decision it is, where it is one, by the name it was recorded under. */
  readonly decisionId?: string
}

export interface RolledDecision {
  readonly spanId: string
  readonly decisionId: string
  readonly system: string
  /** As it is sent to be recorded. */
  readonly record: JsonObject
  /** Names of the decisions recorded earlier that turned out to be parts of this one. */
  readonly supersedes: readonly string[]
}

/** A decision recorded earlier of which it turned out that it is part of another that was recorded earlier too. */
export interface Absorbed {
  readonly decisionId: string
  /** The span of the decision it is part of. */
  readonly by: string
}

export interface RolledTrace {
  readonly decisions: readonly RolledDecision[]
  readonly absorbed: readonly Absorbed[]
  /** All spans that are new, in order of their start, and the decision each belongs to. */
  readonly spans: readonly { span: Span; mapped: MappedSpan; owner?: string }[]
  readonly logs: readonly { log: LogRecord; owner?: string }[]
  /** Everybody the trace is about, by the ids of the source. */
  readonly subjects: readonly string[]
  /** The new spans, to be known when more of the trace comes. */
  readonly nodes: readonly KnownSpan[]
}

/** What of one trace came since it was rolled up last; `known` is what it was rolled up to then. */
export function rollUp(
  newSpans: readonly Span[],
  logs: readonly LogRecord[],
  known: readonly KnownSpan[] = [],
): RolledTrace {
  const logsOf = Map.groupBy(logs, ({ spanId }) => spanId)
  const told = newSpans.toSorted(byStart)
  const bySpanId = new Map<string, Part>()
  for (const [spanId, pieces] of Map.groupBy(told, (span) => span.spanId))
    bySpanId.set(spanId, partOf(pieces, logsOf.get(spanId)))
  const parts = [...bySpanId.values()]
  const tree = treeOf([...known.map(asItStands), ...parts.map(nodeOf)])
  const knownIds = new Set(known.map(({ spanId }) => spanId))
  const members = Map.groupBy(parts, ({ span }) => tree.ownerOf(span.spanId))
  const earlier = known.flatMap(({ spanId, decisionId }) => {
    const owner = tree.ownerOf(spanId)
    return decisionId === undefined || owner === undefined || owner === spanId
      ? []
      : { decisionId, by: owner }
  })
  const earlierBy = Map.groupBy(earlier, ({ by }) => by)
  const decisions = [...bySpanId.values()]
    .filter(({ span }) => tree.decisions.has(span.spanId) && !knownIds.has(span.spanId))
    .map((decision): RolledDecision => {
      const { spanId } = decision.span
      const above = tree.above(spanId).flatMap((id) => bySpanId.get(id) ?? [])
      const record = decisionRecord({ decision, above, members: members.get(spanId)! })
      const supersedes = (earlierBy.get(spanId) ?? []).map(({ decisionId }) => decisionId)
      return {
        spanId,
        decisionId: record.decisionId as string,
        system: record.system as string,
        record,
        supersedes,
      }
    })
  const ownerOf = (spanId: string): { owner?: string } => {
    const owner = tree.ownerOf(spanId)
    return owner === undefined ? {} : { owner }
  }
  // Who judges a trace as a whole judges its decision, where it has one only.
  const judgedBy = (spanId: string): { owner?: string } => {
    const [only, ...others] = tree.decisions
    const { owner = others.length === 0 ? only : undefined } = ownerOf(spanId)
    return owner === undefined ? {} : { owner }
  }
  return {
    decisions,
    absorbed: earlier.filter(({ by }) => knownIds.has(by)),
    spans: told.map((span) => ({ span, mapped: mapSpan(span), ...ownerOf(span.spanId) })),
    logs: logs.map((log) => ({ log, ...(isJudgement(log) ? judgedBy(log.spanId) : ownerOf(log.spanId)) })),
    subjects: [...new Set(parts.flatMap(({ mapped }) => mapped.subjectId ?? []))],
    nodes: [...bySpanId.values()].map((part) => ({
      ...nodeOf(part),
      ...(tree.decisions.has(part.span.spanId) && { decisionId: decisionIdOf(part) }),
    })),
  }
}

/** A chain that was recorded when nothing below it decided anything is not made a decision afterwards. */
function asItStands(node: KnownSpan): TreeNode {
  return node.role === 'chain' && node.decisionId === undefined ? { ...node, role: 'step' } : node
}

/** A span by all its pieces where it is told in pieces; otherwise by the first that was told of it. */
function partOf(pieces: readonly Span[], logs: readonly LogRecord[] | undefined): Part {
  const [first] = pieces as [Span]
  if (isLayered(first)) {
    const span = layersOf(pieces)
    return { span, mapped: mapSpan(span, logs) }
  }
  const isToldTwice = pieces.some(({ digest }) => digest !== first.digest)
  return { span: first, mapped: mapSpan(first, logs), ...(isToldTwice && { isToldTwice }) }
}

function nodeOf({ span, mapped }: Part): TreeNode {
  const { spanId, parentSpanId } = span
  return { spanId, parentSpanId, role: mapped.role, isDeclared: mapped.isDeclared }
}

/** By start, then by id and content, so that the order does not depend on who came first. */
function byStart(a: Span, b: Span): number {
  const [left, right] = [BigInt(a.startTimeUnixNano ?? 0), BigInt(b.startTimeUnixNano ?? 0)]
  if (left !== right) return left < right ? -1 : 1
  const [one, other] = [`${a.spanId}${a.digest}`, `${b.spanId}${b.digest}`]
  return one < other ? -1 : one > other ? 1 : 0
}
