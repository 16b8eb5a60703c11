/**
 * What one span says, under our names, by the table of dialects (`docs/otel.md`). It only reads: the attributes themselves are kept
 * beside what is made of them, so that no mistake in here can destroy evidence.
 */
import { createHash } from 'node:crypto'
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import { costOf, finishReasonOf, settingsOf, type Tokens, tokensOf } from './dialects/figures.ts'
import { type Judgement, judgementsOf } from './dialects/judgements.ts'
import {
  first,
  firstNumber,
  firstParsed,
  firstText,
  memberOf,
  unflattened,
  unquoted,
  unwrapped,
} from './dialects/lookup.ts'
import { type Content, contentOf } from './dialects/messages.ts'
import * as names from './dialects/names.ts'
import { operationOf, type Role } from './dialects/role.ts'
import type { LogRecord, Origin, Span, SpanEvent } from './telemetry.ts'

/** Version of the table of dialects, kept in each decision. */
export const MAPPING_VERSION = 1

/** What stands where a source says that it left something out on purpose. */
export const WITHHELD: JsonObject = { withheldAtSource: true }
const REDACTED = '__REDACTED__'

export interface MappedSpan {
  readonly role: Role
  readonly operation?: string
  /** Somebody said in so many words that this is a decision. */
  readonly isDeclared: boolean
  readonly decisionId?: string
  /** It was given an id that no record can have: it stays among its attributes, and the decision is named as one without. */
  readonly isIdUnusable?: true
  readonly dialects: readonly string[]
  readonly content: Content
  /** Whether something was withheld at the source. */
  readonly isWithheld: boolean
  readonly model?: string
  readonly servedModel?: string
  readonly requestedModel?: string
  readonly tokens?: Tokens
  readonly costUsd?: number
  readonly error?: { type?: string; message?: string }
  readonly subjectId?: string
  readonly userId?: string
  readonly sessionId?: string
  readonly judgements: readonly Judgement[]
  /** Further fields of a decision, under our names already. */
  readonly fields: JsonObject
}

/** Events that carry attributes of the span itself. */
const DETAILS = 'gen_ai.client.inference.operation.details'

/** @param logs of this span */
export function mapSpan(span: Span, logs: readonly LogRecord[] = []): MappedSpan {
  const events = [...span.events, ...logs.map(eventOf)]
  const attributes = { ...detailsIn(events), ...span.attributes }
  const { role, name } = operationOf(attributes)
  const content = contentOf(attributes, events)
  const text = (part: string, list: readonly string[]): JsonObject => {
    const value = unquoted(firstText(attributes, list))
    return value === undefined ? {} : { [part]: value }
  }
  const tokens = tokensOf(attributes)
  const costUsd = costOf(attributes)
  const error = errorOf(span, attributes, events)
  return {
    role,
    ...(name !== undefined && { operation: name }),
    ...declarationOf(attributes),
    dialects: dialectsOf(attributes, events),
    ...withheld(content),
    ...text('model', names.MODEL),
    ...text('servedModel', names.SERVED_MODEL),
    ...text('requestedModel', names.REQUESTED_MODEL),
    ...(tokens && { tokens }),
    ...(costUsd !== undefined && { costUsd }),
    ...(error && { error }),
    ...text('subjectId', ['audit.subject.id']),
    ...text('userId', names.USER),
    ...text('sessionId', names.SESSION),
    // Those that come as log records are read from these.
    judgements: judgementsOf(span.attributes, span.events),
    fields: {
      ...text('provider', names.PROVIDER),
      ...text('promptName', names.PROMPT_NAME),
      ...text('promptVersion', names.PROMPT_VERSION),
      ...text('agentId', names.AGENT_ID),
      ...text('agentName', names.AGENT_NAME),
      ...text('agentVersion', names.AGENT_VERSION),
      ...auditFields(attributes),
      ...figures(span, attributes),
    },
  }
}

/** Characters an id may have in a record. */
const ID_LENGTH_MAX = 1_024

/** Whether somebody said that it is a decision, and its id where it is one that a record can have. */
function declarationOf(
  attributes: JsonObject,
): Pick<MappedSpan, 'isDeclared' | 'decisionId' | 'isIdUnusable'> {
  const name = 'audit.decision.id'
  if (first(attributes, [name]) === undefined)
    return { isDeclared: firstText(attributes, ['audit.decision']) === 'true' }
  const decisionId = firstText(attributes, [name])
  return decisionId !== undefined && decisionId.length <= ID_LENGTH_MAX
    ? { isDeclared: true, decisionId }
    : { isDeclared: true, isIdUnusable: true }
}

/** What applications say for the record itself, in attributes of ours. */
function auditFields(attributes: JsonObject): JsonObject {
  const fields: JsonObject = {}
  for (const [name, field] of Object.entries(AUDIT)) {
    const value = memberOf(attributes, name)
    if (value !== undefined && value !== null && value !== '') fields[field] = value
  }
  const confidence = firstNumber(attributes, ['audit.decision.confidence'])
  if (confidence !== undefined && confidence >= 0 && confidence <= 1) fields.confidence = confidence
  return fields
}

/** Attributes of ours and the field each fills. */
export const AUDIT: Readonly<Record<string, string>> = {
  'audit.case.id': 'caseId',
  'audit.purpose': 'purpose',
  'audit.lawful_basis': 'lawfulBasis',
  'audit.risk_tier': 'riskTier',
  'audit.consequence_level': 'consequenceLevel',
  'audit.legal_effect': 'legalEffect',
  'audit.automation_level': 'automationLevel',
  'audit.policy.version': 'policyVersion',
  'audit.decision.result': 'prediction',
  'audit.decision.category': 'decisionCategory',
  'audit.decision.reason_codes': 'reasonCodes',
}

function figures(span: Span, attributes: JsonObject): JsonObject {
  const settings = settingsOf(attributes)
  const finishReason = finishReasonOf(attributes)
  const latencyMs = millisecondsBetween(span.startTimeUnixNano, span.endTimeUnixNano)
  const seconds = firstNumber(attributes, ['gen_ai.response.time_to_first_chunk'])
  const firstChunkMs =
    seconds === undefined ? firstNumber(attributes, ['ai.response.msToFirstChunk']) : seconds * 1_000
  return {
    ...(settings && { inference: { settings } }),
    ...(finishReason !== undefined && { finishReason }),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(firstChunkMs !== undefined && { timeToFirstTokenMs: firstChunkMs }),
  }
}

function millisecondsBetween(start: string | undefined, end: string | undefined): number | undefined {
  if (start === undefined || end === undefined) return undefined
  const nanos = BigInt(end) - BigInt(start)
  // A clock that was set back in between measures nothing.
  return nanos < 0n ? undefined : Number(nanos / 1_000n) / 1_000
}

function eventOf({ eventName, attributes, body, timeUnixNano }: LogRecord): SpanEvent {
  return {
    name: eventName,
    attributes: { ...attributes, ...(body !== undefined && { body }) },
    ...(timeUnixNano !== undefined && { timeUnixNano }),
  }
}

/** The attributes of a span that its details event carries for it; what the span says itself comes first. */
function detailsIn(events: readonly SpanEvent[]): JsonObject {
  const details = events.find(({ name }) => name === DETAILS)
  if (!details) return {}
  const { body, ...attributes } = details.attributes
  return { ...(isObject(body) ? body : {}), ...attributes }
}

function errorOf(
  { status }: Span,
  attributes: JsonObject,
  events: readonly SpanEvent[],
): { type?: string; message?: string } | undefined {
  const exception = events.find(
    ({ name }) => name === 'exception' || name === 'gen_ai.client.operation.exception',
  )
  const type =
    firstText(attributes, ['error.type']) ?? firstText(exception?.attributes ?? {}, ['exception.type'])
  if (status.code !== 'error' && type === undefined) return undefined
  const message = status.message ?? firstText(exception?.attributes ?? {}, ['exception.message'])
  return { ...(type !== undefined && { type }), ...(message !== undefined && { message }) }
}

/** The content with what the source withheld said to be so, and whether there was such. */
function withheld(content: Content): { content: Content; isWithheld: boolean } {
  const { messages, input, output } = content
  const isWithheld = [input, output].includes(REDACTED) || JSON.stringify(messages ?? []).includes(REDACTED)
  if (!isWithheld) return { content, isWithheld }
  return {
    content: {
      ...(messages && { messages }),
      ...(input !== undefined && { input: input === REDACTED ? WITHHELD : input }),
      ...(output !== undefined && { output: output === REDACTED ? WITHHELD : output }),
    },
    isWithheld,
  }
}

function dialectsOf(attributes: JsonObject, events: readonly SpanEvent[]): string[] {
  const said = [...Object.keys(attributes), ...events.map(({ name }) => name)]
  return names.DIALECTS.flatMap(([dialect, form]) => (said.some((name) => form.test(name)) ? [dialect] : []))
}

/** What a tool was asked and what it answered. */
export function toolCallOf({ name, attributes }: Span): JsonObject {
  const part = (key: string, list: readonly string[]): JsonObject => {
    const value = firstParsed(attributes, list)
    return value === undefined ? {} : { [key]: value }
  }
  return {
    name: firstText(attributes, names.TOOL_NAME) ?? name,
    ...part('id', names.TOOL_CALL_ID),
    ...part('arguments', names.TOOL_ARGUMENTS),
    ...part('result', names.TOOL_RESULT),
  }
}

/** The documents a retrieval found. */
export function documentsOf({ attributes }: Span): JsonValue[] {
  const told = firstParsed(attributes, ['gen_ai.retrieval.documents', 'retrieval.documents'])
  const list = Array.isArray(told)
    ? told
    : unwrapped(unflattened(attributes, 'retrieval.documents'), 'document')
  return (list ?? []).filter((document) => isObject(document) || typeof document === 'string').map(documentOf)
}

/** Its id and what else is told of it; the text itself stays in the span, and its digest says which it was. */
function documentOf(document: JsonValue): JsonValue {
  if (typeof document === 'string') return { digest: digestOfText(document) }
  if (!isObject(document)) return document
  const { id, score, content, version } = document
  return {
    ...((typeof id === 'string' || Number.isSafeInteger(id)) && { id: id as JsonValue }),
    ...(typeof version === 'string' && { version }),
    ...(score !== undefined && { score }),
    ...(typeof content === 'string' && { digest: digestOfText(content) }),
  }
}

function digestOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** What a guardrail found. */
export function guardrailOf({ name, attributes }: Span): JsonObject {
  const outcome = firstParsed(attributes, names.TOOL_RESULT)
  return {
    name: firstText(attributes, ['gen_ai.guardrail.name']) ?? name,
    ...(outcome !== undefined && { outcome }),
  }
}

/** The system that a resource names first, or that of what names none. */
export function systemOf({ resource, fallbackSystem = 'default' }: Origin): string {
  const service = firstText(resource, ['service.name'])
  const named = service === undefined || service.startsWith('unknown_service') ? undefined : service
  return systemName(named ?? firstText(resource, ['openinference.project.name'])) ?? fallbackSystem
}

/** A name that a system can have; undefined for one it cannot. */
export function systemName(name: string | undefined): string | undefined {
  return name !== undefined && name.length <= 200 && !/\p{Cc}/u.test(name) ? name : undefined
}

export function environmentOf({ resource, attributes }: Span): string | undefined {
  return (
    firstText(attributes, ['langfuse.environment']) ??
    firstText(resource, ['deployment.environment.name', 'deployment.environment'])
  )
}

/** Where in a build the code came from: what identifies it, as far as the resource tells. */
export function buildOf({ resource }: Span): JsonObject {
  const kept = Object.entries(resource).filter(([name]) =>
    /^(service\.(version|instance\.id)|vcs\.|container\.image\.)/.test(name),
  )
  return Object.fromEntries(kept)
}

/** Whether a sampler let only some traces through, as far as it says so: `th` of a probability sampler, or its older `p`. */
export function isSampled({ traceState }: Span): boolean {
  const ot = /(?:^|,)\s*ot=([^,]*)/.exec(traceState)?.[1] ?? ''
  const threshold = /(?:^|;)th:([0-9a-f]+)/.exec(ot)?.[1]
  return threshold === undefined ? /(?:^|;)p:[1-9]/.test(ot) : !/^0+$/.test(threshold)
}
