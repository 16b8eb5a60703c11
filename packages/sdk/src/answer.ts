import type { RecordFault } from './issue.ts'
import type { Receipt } from './receipts.ts'

/** The server's answer when it judged the records of a request one by one. */
export interface Envelope {
  receipts: (Omit<Receipt, 'promise'> & { position: number })[]
  promise: string | null
  errors: (RecordFault & { position: number; decisionId?: string })[]
}

/** What a request came to. */
export type Answer =
  | { outcome: 'judged'; envelope: Envelope }
  /** Nothing is known to be kept; sending the same again is safe. */
  | { outcome: 'retry'; status?: number; message: string; retryAfterMs?: number }
  /** The request as such is refused: too large, or not to be read. */
  | { outcome: 'refused'; status: number; message: string }

/** Judged, refused or worth another try? `body` is the whole text of the answer. */
export function answerOf(status: number, body: string, retryAfter: string | null, nowMs: number): Answer {
  const parsed = parse(body)
  if (isEnvelope(parsed)) return { outcome: 'judged', envelope: parsed }
  const message = `the server answered ${status}${problemOf(parsed)}`
  if (REFUSED.has(status)) return { outcome: 'refused', status, message }
  return { outcome: 'retry', status, message, ...retryAfterOf(retryAfter, nowMs) }
}

/** Everything else is tried again, wrong keys included: a key can be mended, a dropped decision cannot. */
const REFUSED = new Set([400, 409, 411, 413, 414, 415, 422, 431])

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false
  const { receipts, errors } = value as Partial<Envelope>
  return [receipts, errors].every((list) => Array.isArray(list) && list.every(hasPosition))
}

function hasPosition(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'position' in item && Number.isInteger(item.position)
}

/** The stable code of a problem (RFC 9457), where the answer is one. */
function problemOf(value: unknown): string {
  const code = typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined
  return typeof code === 'string' ? ` (${code})` : ''
}

/** Retry-After is a number of seconds or a date (RFC 9110 §10.2.3). */
function retryAfterOf(header: string | null, nowMs: number): { retryAfterMs?: number } {
  if (header === null || header.trim() === '') return {}
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs
  return Number.isFinite(ms) ? { retryAfterMs: Math.max(ms, 0) } : {}
}
