/**
 * How a payload's text becomes the bytes that are sealed. Codings, the first byte of a vault frame's head:
 *
 *   0   UTF-8 of the canonical record
 *   1   the same as raw DEFLATE (RFC 1951) with the preset dictionary `DICTIONARY`
 *
 * Most of a small record is field names that we gave it ourselves. A dictionary that is part of the format, and so the same for
 * everybody and about nobody, takes a record of 870 bytes to 260 in 10 µs; zstd without one takes it to 390 in 20.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { FormatError, fromUtf8, utf8 } from '@deponent/format'

export const PLAIN = 0
export const DEFLATED = 1

const DEFLATE_FROM_BYTES = 64
const TEXT_BYTES_MAX = 32 * 1_048_576
const LARGE_TEXT_BYTES = 4_096

/** Preset dictionary of coding 1: names and usual values of the canonical record, in its order. Never to be changed. */
export const DICTIONARY: Uint8Array = utf8(
  '"actor":{"id":"type":"action":"agentName":"agentVersion":"atAssumed":"utc","cacheRead":0,"cacheWrite":0,"chunk":"code":' +
    '"contextData":{"counterfactual":"details":{"digest":"sha256:"direction":"error":{"message":"type":"timeout"}' +
    '"evaluationResults":[{"metric":"passed":true,"threshold":"value":}],"eventType":"deployed","falseguardrails":[{"name":' +
    '"outcome":"passed"}],"humanDecision":"humanReviewerId":"overrideReason":"ipAddress":"links":[{"id":"01a","rel":"outcomeOf"}],' +
    '"observedAt":"owner":"predictionInterval":[0.,0.],"protectedAttributes":{"queuedAt":"openedAt":"closedAt":"reason":' +
    '"referenceDatabase":"refused""requestedModel":"servedModel":"retention":"reviewer":"spanId":"verdict":"agree","override",' +
    '"affectedSubjects":[{"id":"affectedUserId":"person-","agentId":"alternativePredictions":[{"confidence":0.,"prediction":"}],' +
    '"at":"2026-01-01T00:00:00.000Z","automationLevel":"basis":"asserted","caseId":"case-","coerced":["confidence":0.,' +
    '"confidenceKind":"probability","consentGiven":true,"consequenceLevel":"informational","material","significant","costUsd":0.0,' +
    '"dataRetentionPolicy":"decisionCategory":"decisionId":"deployer":"environment":"production","staging","explanation":{' +
    '"method":"shap","reasoning":"topFeatures":[{"feature":"importance":0.},{"feature":"},"explanationRef":"featureStoreVersion":' +
    '"finalDecision":"finishReason":"stop","humanOverride":false,"humanReviewRequired":true,"humanReviewed":false,"inference":{' +
    '"input":{"inputFeatures":{"age":"amount":"income":"inputHash":"jurisdiction":["EU"],"latencyMs":"lawfulBasis":"contract",' +
    '"legalEffect":true,"messages":[{"content":"role":"system"},{"content":"role":"user"},{"content":"role":"assistant"}],"metadata":{' +
    '"modelChecksum":"sha256:"modelId":"modelType":"classification","regression","llm","modelVersion":"1.0.0","operation":"chat",' +
    '"outcome":"policyVersion":"prediction":"approve","decline","high","low","promptName":"promptVersion":"provider":"purpose":"' +
    'reasonCodes":["region":"eu-"requestId":"retrievedDocuments":[{"digest":"id":"version":"}],"riskTier":"high","medium","low",' +
    '"sessionId":"sess-","status":"ok","system":"systemActor":"tags":["threshold":0.5,"timeToFirstTokenMs":"timestamp":"2026-' +
    '"tokenUsage":{"input":,"output":,"reasoning":0},"toolCalls":[{"arguments":"name":"traceId":"usePeriod":{"userAgent":"userId":"',
)

/** A larger window and more memory pay off only on long texts; on short ones setting them up is most of the cost. */
const SHORT = { level: 3, windowBits: 12, memLevel: 5, chunkSize: 2_048, dictionary: DICTIONARY }
const LONG = { level: 6, windowBits: 15, memLevel: 8, dictionary: DICTIONARY }

/** The shorter of the codings. */
export function encodeText(text: string): { coding: number; bytes: Uint8Array } {
  const bytes = utf8(text)
  if (bytes.length < DEFLATE_FROM_BYTES) return { coding: PLAIN, bytes }
  const deflated = deflateRawSync(bytes, bytes.length > LARGE_TEXT_BYTES ? LONG : SHORT)
  return deflated.length < bytes.length ? { coding: DEFLATED, bytes: deflated } : { coding: PLAIN, bytes }
}

/** FormatError `payload_malformed` when the bytes are not of that coding. */
export function decodeText(coding: number, bytes: Uint8Array): string {
  if (coding === PLAIN) return fromUtf8(bytes)
  if (coding !== DEFLATED) throw new FormatError('payload_malformed', `unknown payload coding ${coding}`)
  try {
    return fromUtf8(inflateRawSync(bytes, { dictionary: DICTIONARY, maxOutputLength: TEXT_BYTES_MAX }))
  } catch {
    throw new FormatError('payload_malformed', 'the payload does not decompress')
  }
}
