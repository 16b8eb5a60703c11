/**
 * How much of a record is kept at all.
 *
 *   decision   who, where, when, which model, what came out, what people made of it, risk, law and cost
 *   detailed   and what went in by name (features, protected attributes, how it was run) and why it came out (explanation)
 *   debug      everything
 *
 * `includeInputs` and `includeOutputs` leave out one side at any level. Of conversations (`messages`) neither side can be kept alone.
 */
import type { ClassificationPolicy } from './policy.ts'

const INPUTS = [
  'contextData',
  'input',
  'inputFeatures',
  'messages',
  'protectedAttributes',
  'referenceDatabase',
  'retrievedDocuments',
]
const OUTPUTS = [
  'alternativePredictions',
  'explanation',
  'finalDecision',
  'messages',
  'prediction',
  'predictionInterval',
  'result',
  'toolCalls',
]

/** Kept only at `debug`. */
const DEBUG_ONLY = [
  'contextData',
  'input',
  'messages',
  'metadata',
  'retrievedDocuments',
  'toolCalls',
  'userAgent',
  'ipAddress',
]
/** Kept at `debug` and `detailed`. */
const DETAILS = [
  'alternativePredictions',
  'explanation',
  'guardrails',
  'inference',
  'inputFeatures',
  'predictionInterval',
  'protectedAttributes',
]

/** Kinds that carry what went into an AI system or came out of it. */
const KINDS: ReadonlySet<string> = new Set(['decision', 'query', 'action'])
/** Kinds that say both in words of their own, so that neither side of them can be kept alone. */
const TELEMETRY: ReadonlySet<string> = new Set(['trace.span', 'trace.log'])
const OWN_WORDS: ReadonlySet<string> = new Set(['metadata'])
const NONE: ReadonlySet<string> = new Set()

/** The fields of records of a kind that are left out whole. */
export function leftOut(kind: string, policy: ClassificationPolicy): ReadonlySet<string> {
  const { capture, includeInputs, includeOutputs } = policy
  if (capture === 'debug' && includeInputs && includeOutputs) return NONE
  if (TELEMETRY.has(kind)) return OWN_WORDS
  if (!KINDS.has(kind)) return NONE
  return new Set([
    ...(capture === 'debug' ? [] : DEBUG_ONLY),
    ...(capture === 'decision' ? DETAILS : []),
    ...(includeInputs ? [] : INPUTS),
    ...(includeOutputs ? [] : OUTPUTS),
  ])
}
