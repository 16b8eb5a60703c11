export type RightsRefusalCode =
  | 'not_found'
  | 'missing_field'
  | 'bad_value'
  | 'request_closed'
  | 'request_late'
  | 'already_extended'
  | 'identity_unchecked'
  | 'absolute_right'
  | 'hold_released'
  | 'second_person_required'
  | 'already_merged'
  | 'record_refused'
  | 'export_too_large'

/** Why something about the rights of a person is not done. The code is stable; no value is ever part of it. */
export class RightsRefused extends Error {
  readonly code: RightsRefusalCode
  /** JSON pointer to the member of the request that is to blame. */
  readonly field: string | undefined

  constructor(code: RightsRefusalCode, message: string, field?: string) {
    super(message)
    this.code = code
    this.field = field
  }
}
