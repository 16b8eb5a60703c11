/** What a request brings, and what becomes of it before anything is sealed. */
import {
  type CanonicalRecord,
  type JsonReading,
  type JsonValue,
  normalizeRecord,
  type RecordKind,
} from '@deponent/format'
import type { ReadingError } from '../ingest/decode.ts'
import type { RecordError } from './envelope.ts'

/** The system of records that name none. */
export const DEFAULT_SYSTEM = 'default'

/**
 * One record of a request, or why it could not even be read. `about`: index of the decision the address names. Plain data: it may
 * travel to another thread.
 */
export type Submission = { position: number } & (
  | { kind: RecordKind; reading: JsonReading; about?: number }
  | { error: ReadingError }
)

/** The decision a record is about. */
export interface Target {
  index: number
  id: string
}

/** A record that passed validation. */
export interface Accepted {
  position: number
  kind: RecordKind
  record: CanonicalRecord
  decisionId?: string
  /** Its place in its emitter's numbering: sealed with the record, no part of its content. */
  emitter?: JsonValue
  systemName: string
  /** Index of the decision it was sent to. */
  about?: number
}

/** Validates one record; the first of its faults is reported. */
export function accept(submission: Submission): Accepted | RecordError {
  const { position } = submission
  if ('error' in submission) {
    const { code, path, message } = submission.error
    return { position, code, path, message }
  }
  const { record, emitter, errors } = normalizeRecord(submission.kind, submission.reading)
  const decisionId = typeof record.decisionId === 'string' ? record.decisionId : undefined
  const named = decisionId === undefined ? {} : { decisionId }
  const [fault] = errors
  if (fault) return { position, ...named, code: fault.code, path: fault.path, message: fault.message }
  const systemName = typeof record.system === 'string' ? record.system : DEFAULT_SYSTEM
  return {
    position,
    ...named,
    kind: submission.kind,
    record,
    systemName,
    ...(submission.about !== undefined && { about: submission.about }),
    ...(emitter && { emitter: { ...emitter } }),
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
