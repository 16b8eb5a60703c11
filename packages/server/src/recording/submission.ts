/** What a request brings, and what becomes of it before anything is sealed. */
import {
  type CanonicalRecord,
  canonicalJson,
  type Emitter,
  FormatError,
  fromHex,
  type JsonReading,
  normalizeRecord,
  type RecordKind,
  toHex,
} from '@deponent/format'
import type { ReadingError } from '../ingest/decode.ts'
import { Hmac } from '../vault/hmac.ts'
import type { RecordError } from './envelope.ts'

/** The system of records that name none. */
export const DEFAULT_SYSTEM = 'default'

/**
 * One record of a request, or why it could not even be read. `about`: index of the decision the address names; `sent`: RFC 8785 text
 * of the record as sent, where something was added to it since. Plain data: it may travel to another thread.
 */
export type Submission = { position: number } & (
  | { kind: RecordKind; reading: JsonReading; about?: number; sent?: string }
  | { error: ReadingError }
)

/** The decision a record is about. */
export interface Target {
  index: number
  id: string
}

/** A record's place in its emitter's numbering; `link` is its link in the chain of heads, 64 hex digits, empty when it has none. */
export interface Numbering extends Emitter {
  link: string
}

/** A record that passed validation. */
export interface Accepted {
  position: number
  kind: RecordKind
  record: CanonicalRecord
  decisionId?: string
  /** Its place in its emitter's numbering: sealed with the record, no part of its content. */
  emitter?: Numbering
  systemName: string
  /** Index of the decision it was sent to. */
  about?: number
}

/** Why a record is refused, and the number it carried, if any. */
export interface Refused {
  error: RecordError
  emitter?: Numbering
}

/** Validates one record; the first of its faults is reported. */
export function accept(submission: Submission): Accepted | Refused {
  const { position } = submission
  if ('error' in submission) {
    const { code, path, message } = submission.error
    return { error: { position, code, path, message } }
  }
  const { record, emitter: sent, errors } = normalizeRecord(submission.kind, submission.reading)
  const emitter = sent && numberingOf(sent, submission)
  const decisionId = typeof record.decisionId === 'string' ? record.decisionId : undefined
  const named = decisionId === undefined ? {} : { decisionId }
  const [fault] = errors
  if (fault) {
    const { code, path, message } = fault
    return { error: { position, ...named, code, path, message }, ...(emitter && { emitter }) }
  }
  const systemName = typeof record.system === 'string' ? record.system : DEFAULT_SYSTEM
  return {
    position,
    ...named,
    kind: submission.kind,
    record,
    systemName,
    ...(submission.about !== undefined && { about: submission.about }),
    ...(emitter && { emitter }),
  }
}

/** RFC 8785 text of a record as it was sent, without `emitter`: what its emitter hashed. */
export function textAsSent({ value }: JsonReading): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return canonicalJson(value)
  const { emitter: _, ...sent } = value
  return canonicalJson(sent)
}

function numberingOf(
  emitter: Emitter,
  { sent, reading }: { sent?: string; reading: JsonReading },
): Numbering {
  try {
    const hmac = new Hmac('sha256', fromHex(emitter.blind))
    return { ...emitter, link: toHex(hmac.digest(sent ?? textAsSent(reading))) }
  } catch (error) {
    // A text that has no canonical form is refused further on; its number is declared lost without a link.
    if (error instanceof FormatError) return { ...emitter, link: '' }
    throw error
  }
}

export function errorOf(item: Accepted, code: string, path: string, message: string): RecordError {
  return {
    position: item.position,
    ...(item.decisionId !== undefined && { decisionId: item.decisionId }),
    code,
    path,
    message,
  }
}
