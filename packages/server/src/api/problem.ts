/**
 * Every way a request can fail, and the one table that turns failures into answers (RFC 9457). A problem names the field, what was
 * expected and what kind of thing came; it never repeats a value.
 */
import { FormatError } from '@deponent/format'
import { ApprovalRefused } from '../erasure/erasures.ts'
import { PageMissing } from '../evidence/evidence-page.ts'
import { HostingError, type HostingErrorCode } from '../hosting/errors.ts'
import { BodyError, type BodyErrorCode } from '../ingest/body-error.ts'
import { NotSequencing, OutcomeUnknown, Overloaded } from '../ledger/errors.ts'
import { AccessUnrecordable } from '../access/access-log.ts'
import { PolicyChanged } from '../access/access-control.ts'
import { KeyRefused } from '../access/key-change.ts'
import { RunRefused } from '../expiry/expiry.ts'
import { SecondPersonRequired, SettingsChanged } from '../settings/kept-settings.ts'
import { EmitterNotYours, SystemNotYours } from '../recording/recording-right.ts'
import { RightsRefused, type RightsRefusalCode } from '../rights/refusal.ts'
import { EngineUnavailable, MonthsUnreadable } from '../projection/engine/client.ts'
import { EngineStopped } from '../projection/engine/engine.ts'
import { IndexBehind, QueryError, QueryTooHeavy } from '../projection/queries/error.ts'

/** A failure with its answer; `code` is stable, `detail` is for people. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly members: Record<string, unknown>
  readonly headers: Record<string, string>
  /** Whether something is there that the asker may not know of: told as missing, recorded as denied. */
  isConcealing = false

  constructor(
    status: number,
    code: string,
    detail: string,
    members: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.members = members
    this.headers = headers
  }
}

/** Says of something its asker may not know of that it is not there. */
export function concealed(detail: string, members: Record<string, unknown> = {}): Problem {
  const problem = new Problem(404, 'not_found', detail, members)
  problem.isConcealing = true
  return problem
}

const BODY_STATUS: Record<BodyErrorCode, number> = {
  empty_body: 400,
  bad_json: 400,
  bad_utf8: 400,
  bad_protobuf: 400,
  bad_encoding: 400,
  bad_sealing: 400,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
  body_too_large: 413,
  too_many_records: 413,
}

/** What is wrong with a question is the asker's mistake, unless it is one the asker may not ask. */
const QUERY_STATUS: Record<string, number> = { field_forbidden: 403, individual_value: 403 }

const KEY_STATUS: Record<string, number> = {
  not_found: 404,
  emitter_taken: 409,
  key_revoked: 409,
  too_many_keys: 409,
}

const HOSTING_STATUS: Record<HostingErrorCode, number> = {
  bad_value: 400,
  ledger_exists: 409,
  not_found: 404,
  signer_missing: 409,
  too_many_ledgers: 409,
  ledger_unavailable: 503,
}

const RIGHTS_STATUS: Record<RightsRefusalCode, number> = {
  not_found: 404,
  missing_field: 400,
  bad_value: 400,
  record_refused: 400,
  request_closed: 409,
  request_late: 409,
  already_extended: 409,
  identity_unchecked: 409,
  absolute_right: 409,
  hold_released: 409,
  second_person_required: 409,
  already_merged: 409,
  export_too_large: 413,
}

function problemOfRights({ code, field, message }: RightsRefused): Problem {
  return new Problem(RIGHTS_STATUS[code], code, message, field === undefined ? {} : { field })
}

function problemOfKey({ code, message, field }: KeyRefused): Problem {
  return new Problem(KEY_STATUS[code] ?? 400, code, message, field === undefined ? {} : { field })
}

const RETRY_SOON = { 'Retry-After': '1' }
const RETRY_LATER = { 'Retry-After': '30' }

/** The problem an error stands for; anything unforeseen is 500 and says nothing of what was in it. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof BodyError) return new Problem(BODY_STATUS[error.code], error.code, error.message)
  if (error instanceof EmitterNotYours) return new Problem(403, 'emitter_not_yours', error.message)
  if (error instanceof SystemNotYours) return new Problem(403, 'system_not_yours', error.message)
  if (error instanceof AccessUnrecordable)
    return new Problem(503, 'access_unrecordable', error.message, {}, RETRY_LATER)
  if (error instanceof KeyRefused) return problemOfKey(error)
  if (error instanceof RightsRefused) return problemOfRights(error)
  if (error instanceof HostingError) return new Problem(HOSTING_STATUS[error.code], error.code, error.message)
  if (error instanceof ApprovalRefused) return new Problem(409, error.code, error.message)
  if (error instanceof RunRefused) return new Problem(409, error.code, error.message)
  if (error instanceof SettingsChanged) return new Problem(409, `${error.settings}_changed`, error.message)
  if (error instanceof SecondPersonRequired)
    return new Problem(409, 'second_person_required', error.message, { field: error.field })
  if (error instanceof PolicyChanged) return new Problem(409, 'policy_changed', error.message)
  if (error instanceof Overloaded) return new Problem(503, 'overloaded', error.message, {}, RETRY_SOON)
  if (error instanceof OutcomeUnknown) {
    return new Problem(
      503,
      'outcome_unknown',
      'the write was begun and its outcome is unknown; resending is safe',
      {},
      RETRY_LATER,
    )
  }
  if (error instanceof NotSequencing)
    return new Problem(503, error.code, 'the ledger takes no entries now', {}, RETRY_LATER)
  if (error instanceof QueryError) {
    return new Problem(QUERY_STATUS[error.code] ?? 400, error.code, error.message, {
      field: error.field,
      expected: error.expected,
      came: error.came,
    })
  }
  if (error instanceof PageMissing) return new Problem(404, 'page_missing', error.message)
  if (error instanceof QueryTooHeavy) return new Problem(422, error.code, error.message)
  if (error instanceof MonthsUnreadable)
    return new Problem(503, 'months_unreadable', error.message, {}, RETRY_LATER)
  if (error instanceof IndexBehind || error instanceof EngineUnavailable || error instanceof EngineStopped) {
    return new Problem(
      503,
      'index_unavailable',
      'the index is starting or being filled; ask again',
      {},
      RETRY_SOON,
    )
  }
  if (error instanceof FormatError)
    return new Problem(400, error.code, error.message, error.path ? { field: error.path } : {})
  return new Problem(500, 'internal', 'an unexpected failure; see the diagnostics of the server')
}

/** The problem as an `application/problem+json` response. */
export function problemResponse(problem: Problem): Response {
  const body = {
    type: `https://deponent.invalid/problems/${problem.code}`,
    title: problem.code.replaceAll('_', ' '),
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    ...problem.members,
  }
  const headers = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...problem.headers,
  }
  return new Response(JSON.stringify(body), { status: problem.status, headers })
}
