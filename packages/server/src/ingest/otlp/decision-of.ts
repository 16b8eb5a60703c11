/** What a decision says: its own span first, then what stands above it, then what it was made of. */
import type { JsonObject, JsonValue } from '@deponent/format'
import { isImported } from './layered.ts'
import {
  buildOf,
  documentsOf,
  environmentOf,
  guardrailOf,
  isSampled,
  MAPPING_VERSION,
  type MappedSpan,
  systemOf,
  toolCallOf,
  WITHHELD,
} from './map-span.ts'
import type { Tokens } from './dialects/figures.ts'
import type { Span } from './telemetry.ts'
import { ROLLUP_VERSION } from './trace-tree.ts'

/** A span and what it says under our names. */
export interface Part {
  /** All that was told of it, laid together where it comes in pieces. */
  readonly span: Span
  readonly mapped: MappedSpan
  /** Two things were told under its id, and the second does not count. */
  readonly isToldTwice?: true
}

export interface Made {
  readonly decision: Part
  /** The nearest first. */
  readonly above: readonly Part[]
  /** All that belongs to it, itself included, in order of start. */
  readonly members: readonly Part[]
}

/** Spans listed in a decision; all of them are recorded beside it. */
const TREE_MAX = 256

/** Its name: that of the application where it gave one. */
export function decisionIdOf({ span, mapped }: Part): string {
  return mapped.decisionId ?? decisionNameOf(span.traceId, span.spanId)
}

/** The name of a decision whose application gave it none. */
export function decisionNameOf(traceId: string, spanId: string): string {
  return `otel-${traceId}-${spanId}`
}

/** The record of a decision, as it is sent to be recorded. */
export function decisionRecord(made: Made): JsonObject {
  const { decision, above, members } = made
  const { span, mapped } = decision
  const parts = members.filter(({ span: { spanId } }) => spanId !== span.spanId)
  const calls = parts.filter(({ mapped: { role } }) => role === 'model')
  const modelled = [decision, ...calls.toReversed(), ...parts]
  const said = <T>(of: (part: MappedSpan) => T | undefined, among: readonly Part[]): T | undefined => {
    for (const part of among) {
      const value = of(part.mapped)
      if (value !== undefined) return value
    }
    return undefined
  }
  const everywhere = [decision, ...above, ...parts]
  const served = said(({ servedModel }) => servedModel, modelled)
  const requested = said(({ requestedModel }) => requestedModel, modelled)
  const incomplete = incompletenessOf(members)
  const output = outputOf(made, calls, incomplete)
  const environment = environmentOf(span)
  const provider = said(({ fields }) => fields.provider, modelled)
  return {
    decisionId: decisionIdOf(decision),
    traceId: span.traceId,
    spanId: span.spanId,
    system: systemOf(span),
    basis: isImported(span.attributes) ? 'asserted' : 'observed',
    ...timeOf(span),
    modelId: said(({ model }) => model, modelled) ?? unnamed(mapped, incomplete),
    modelType: mapped.role === 'model' ? 'llm' : 'agent',
    ...(served !== undefined && { servedModel: served }),
    ...(requested !== undefined && { requestedModel: requested }),
    ...(mapped.operation !== undefined && { operation: mapped.operation }),
    ...(environment !== undefined && { environment }),
    ...subjectsOf(everywhere),
    ...named(
      'userId',
      said(({ userId }) => userId, everywhere),
    ),
    ...named(
      'sessionId',
      said(({ sessionId }) => sessionId, everywhere),
    ),
    ...inputOf(made, calls),
    ...output,
    ...totals(decision, parts),
    ...listed('toolCalls', parts, 'tool', ({ span: tool }) => [toolCallOf(tool)]),
    ...listed('retrievedDocuments', parts, 'retrieval', ({ span: retrieval }) => documentsOf(retrieval)),
    ...listed('guardrails', parts, 'guardrail', ({ span: guardrail }) => [guardrailOf(guardrail)]),
    ...(provider !== undefined && { provider }),
    ...mapped.fields,
    tags: ['otel', ...(incomplete.size > 0 ? ['incomplete-evidence'] : [])],
    metadata: {
      otel: { ...provenanceOf(made), ...(incomplete.size > 0 && { incomplete: [...incomplete].toSorted() }) },
    },
  }
}

function timeOf({ endTimeUnixNano, startTimeUnixNano }: Span): JsonObject {
  const time = endTimeUnixNano ?? startTimeUnixNano
  return time === undefined ? {} : { timestamp: time }
}

function unnamed({ fields }: MappedSpan, incomplete: Set<string>): JsonValue {
  incomplete.add('model_not_named')
  return fields.agentName ?? 'unknown'
}

/** Everybody it is about; the first is whom it affects. */
function subjectsOf(parts: readonly Part[]): JsonObject {
  const [first, ...others] = new Set(parts.flatMap(({ mapped }) => mapped.subjectId ?? []))
  if (first === undefined) return {}
  return { affectedUserId: first, ...(others.length > 0 && { affectedSubjects: others }) }
}

/** What it was asked: by itself, or by the first call of a model in it. */
function inputOf({ decision }: Made, calls: readonly Part[]): JsonObject {
  for (const { mapped } of [decision, ...calls]) {
    const { messages, input } = mapped.content
    if (messages || input !== undefined)
      return { ...(messages && { messages }), ...(input !== undefined && { input }) }
  }
  return {}
}

/** What came out: of itself, or of the last call of a model in it. Where nothing was told, that is said. */
function outputOf({ decision }: Made, calls: readonly Part[], incomplete: Set<string>): JsonObject {
  const { error, fields } = decision.mapped
  const output = [decision, ...calls.toReversed()].map(({ mapped }) => mapped.content.output).find(isThere)
  const failed: JsonObject = error ? { status: 'error', error } : {}
  if (output !== undefined || fields.prediction !== undefined)
    return { ...failed, prediction: output ?? null }
  if (error) return failed
  incomplete.add('output_not_captured')
  return { prediction: WITHHELD }
}

/** Tokens and cost of the decision itself, or the sum of its calls where it counts none. */
function totals(decision: Part, parts: readonly Part[]): JsonObject {
  const counting = [decision, ...parts].filter(({ mapped }) => mapped.tokens !== undefined)
  const paid = [decision, ...parts].filter(({ mapped }) => mapped.costUsd !== undefined)
  const tokenUsage = decision.mapped.tokens ?? sumOf(lowest(counting).map(({ mapped }) => mapped.tokens!))
  const costUsd =
    decision.mapped.costUsd ?? lowest(paid).reduce((sum, { mapped }) => sum + mapped.costUsd!, 0)
  return {
    ...(Object.keys(tokenUsage).length > 0 && { tokenUsage: { ...tokenUsage } }),
    ...(paid.length > 0 && { costUsd }),
  }
}

/** Those with none of the others directly below them: who wraps a call counts what it counts once more. */
function lowest(parts: readonly Part[]): Part[] {
  const wrapping = new Set(parts.map(({ span }) => span.parentSpanId))
  return parts.filter(({ span }) => !wrapping.has(span.spanId))
}

function sumOf(all: readonly Tokens[]): Tokens {
  const sum: Record<string, number> = {}
  for (const tokens of all)
    for (const [name, count] of Object.entries(tokens) as [string, number][])
      sum[name] = (sum[name] ?? 0) + count
  return sum
}

function listed(
  field: string,
  parts: readonly Part[],
  role: MappedSpan['role'],
  of: (part: Part) => JsonValue[],
): JsonObject {
  const list = parts.filter(({ mapped }) => mapped.role === role).flatMap(of)
  return list.length === 0 ? {} : { [field]: list }
}

/** Why what is known of it may not be all: codes, for whoever weighs it as evidence. */
function incompletenessOf(members: readonly Part[]): Set<string> {
  const found = new Set<string>()
  for (const { span, mapped, isToldTwice } of members) {
    const { dropped, events, links } = span
    const isWithoutSome = [...events, ...links].some((part) => part.droppedAttributesCount !== undefined)
    if (dropped.attributes > 0 || isWithoutSome) found.add('attributes_dropped')
    if (dropped.events > 0) found.add('events_dropped')
    if (dropped.links > 0) found.add('links_dropped')
    if (isSampled(span)) found.add('sampled')
    if (mapped.isWithheld) found.add('withheld_at_source')
    if (span.endTimeUnixNano === undefined) found.add('end_not_told')
    if (isToldTwice) found.add('span_told_twice')
  }
  return found
}

/** Which rule and which table made it of what. */
function provenanceOf({ decision, members }: Made): JsonObject {
  const { span, mapped } = decision
  const build = buildOf(span)
  const dialects = new Set(members.flatMap((part) => part.mapped.dialects))
  return {
    rollup: ROLLUP_VERSION,
    mapping: MAPPING_VERSION,
    dialects: [...dialects].toSorted(),
    spans: members.length,
    tree: members.slice(0, TREE_MAX).map(({ span: { spanId, parentSpanId, name }, mapped: { role } }) => ({
      spanId,
      ...(parentSpanId !== '' && { parentSpanId }),
      name,
      role,
    })),
    ...(mapped.role === 'none' && { declared: true }),
    ...(mapped.isIdUnusable && { unusableId: true }),
    ...(Object.keys(span.scope).length > 0 && { scope: { ...span.scope } }),
    ...(Object.keys(build).length > 0 && { build }),
  }
}

function named(field: string, value: string | undefined): JsonObject {
  return value === undefined ? {} : { [field]: value }
}

const isThere = (value: JsonValue | undefined): boolean => value !== undefined
