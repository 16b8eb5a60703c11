/** Why single records are refused once they were read. */
import type { RecordError } from './envelope.ts'
import type { Candidate } from './intake.ts'

/** The member by which an answer names a record, when its sender gave it an id. */
export function named({ decisionId }: Candidate): { decisionId?: string } {
  return decisionId === undefined ? {} : { decisionId }
}

export function refusal(candidate: Candidate, code: string, message: string): RecordError {
  return { position: candidate.position, ...named(candidate), code, path: '/decisionId', message }
}

export function unknownDecision(candidate: Candidate): RecordError {
  return refusal(candidate, 'unknown_decision', 'no decision with this id is recorded; record it first')
}

export function conflictOf(candidate: Candidate): RecordError {
  return refusal(candidate, 'id_conflict', 'a record with this id and other content is already recorded')
}

export function erasedRecord(candidate: Candidate): RecordError {
  return refusal(candidate, 'erased', 'what was recorded under this id was erased, and is not recorded again')
}

export function aboutErased(candidate: Candidate): RecordError {
  return refusal(candidate, 'erased', 'the decision this is about was erased')
}
