/**
 * How a payload's text becomes the bytes that are sealed. Codings, the first byte of a vault frame's head:
 *
 *   0   UTF-8 of the canonical record
 *   1   the same as raw DEFLATE (RFC 1951) with the preset dictionary `DICTIONARY`
 *   2   u16 number of a dictionary of this vault (`dictionaries.ts`) ‖ the same as raw DEFLATE with that one
 *   3   u16 number of such a dictionary ‖ u16 length of the text ‖ the same by context mixing (`mixing.ts`) with that one
 *
 * Most of a small record is field names that we gave it ourselves. A dictionary that is part of the format, and so the same for
 * everybody and about nobody, takes a record of 870 bytes to 260 in 10 µs; zstd without one takes it to 390 in 20. One learned from
 * records of the same system knows the sender's own names too and halves that again. In texts of some kilobytes most is prose, which context
 * mixing makes a fifth shorter than DEFLATE, in ten times its time (`docs/decisions/0028-context-mixing.md`).
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { concatBytes, FormatError, fromUtf8, utf8 } from '@deponent/format'
import { mixingWith } from './mixing.ts'

export const PLAIN = 0
export const DEFLATED = 1
export const LEARNED = 2
export const MIXED = 3

const DEFLATE_FROM_BYTES = 64
const TEXT_BYTES_MAX = 32 * 1_048_576
const LARGE_TEXT_BYTES = 4_096
/** Shorter texts are names and numbers, of which mixing makes nothing shorter; longer ones would take too long. */
const MIXED_FROM_BYTES = 2_048
const MIXED_TO_BYTES = 16_384

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

/** Raw DEFLATE with a learned dictionary: both together are within this window. */
const KNOWN = { level: 6, windowBits: 13, memLevel: 6, chunkSize: 2_048 }

/** A learned dictionary and the number that frames name it by. */
export interface NumberedDictionary {
  number: number
  bytes: Uint8Array
}

/** How a text may be coded. */
export interface CodingChoice {
  /** One learned from such texts. */
  dictionary?: NumberedDictionary | undefined
  /** Others wait: nothing is to be gained by what takes long. */
  isHurried?: boolean
}

/** Whether a text of so many bytes is one that takes long to code, unless it is hurried. */
export function takesLong(bytes: number): boolean {
  return bytes >= MIXED_FROM_BYTES && bytes <= MIXED_TO_BYTES
}

/** The coding that suits the text; the preset dictionary only without one learned from such texts. */
export function encodeText(
  text: string,
  { dictionary, isHurried = false }: CodingChoice = {},
): { coding: number; bytes: Uint8Array } {
  const bytes = utf8(text)
  if (bytes.length < DEFLATE_FROM_BYTES) return { coding: PLAIN, bytes }
  const mixed = dictionary && !isHurried && takesLong(bytes.length) ? mix(bytes, dictionary) : undefined
  if (mixed) return { coding: MIXED, bytes: mixed }
  if (dictionary) return withLearned(bytes, dictionary)
  const deflated = deflateRawSync(bytes, bytes.length > LARGE_TEXT_BYTES ? LONG : SHORT)
  return deflated.length < bytes.length ? { coding: DEFLATED, bytes: deflated } : { coding: PLAIN, bytes }
}

function withLearned(
  bytes: Uint8Array,
  dictionary: NumberedDictionary,
): { coding: number; bytes: Uint8Array } {
  const options = bytes.length > LARGE_TEXT_BYTES ? LONG : KNOWN
  const deflated = deflateRawSync(bytes, { ...options, dictionary: dictionary.bytes })
  if (deflated.length + 2 >= bytes.length) return { coding: PLAIN, bytes }
  return { coding: LEARNED, bytes: concatBytes(u16(dictionary.number), deflated) }
}

function mix(bytes: Uint8Array, dictionary: NumberedDictionary): Uint8Array | undefined {
  const mixed = mixingWith(dictionary.bytes).encode(bytes)
  if (!mixed || mixed.length + 4 >= bytes.length) return undefined
  return concatBytes(u16(dictionary.number), u16(bytes.length), mixed)
}

/**
 * `dictionaryOf` gives a learned dictionary by its number.
 *
 * @throws FormatError `payload_malformed` when the bytes are not of that coding, or their dictionary is not there
 */
export function decodeText(
  coding: number,
  bytes: Uint8Array,
  dictionaryOf: (number: number) => Uint8Array | undefined,
): string {
  if (coding === PLAIN) return fromUtf8(bytes)
  if (coding === DEFLATED) return inflated(bytes, DICTIONARY)
  if ((coding !== LEARNED && coding !== MIXED) || bytes.length < 2)
    throw new FormatError('payload_malformed', `unknown payload coding ${coding}`)
  const number = u16At(bytes, 0)
  const dictionary = dictionaryOf(number)
  if (!dictionary)
    throw new FormatError('payload_malformed', `dictionary ${number} of the vault is not there`)
  return coding === LEARNED ? inflated(bytes.subarray(2), dictionary) : unmixed(bytes, dictionary)
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255)
}

function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function unmixed(bytes: Uint8Array, dictionary: Uint8Array): string {
  const text =
    bytes.length < 4 ? undefined : mixingWith(dictionary).decode(bytes.subarray(4), u16At(bytes, 2))
  try {
    if (text) return fromUtf8(text)
  } catch {
    // As below.
  }
  throw new FormatError('payload_malformed', 'the payload does not decompress')
}

function inflated(bytes: Uint8Array, dictionary: Uint8Array): string {
  try {
    return fromUtf8(inflateRawSync(bytes, { dictionary, maxOutputLength: TEXT_BYTES_MAX }))
  } catch {
    throw new FormatError('payload_malformed', 'the payload does not decompress')
  }
}
