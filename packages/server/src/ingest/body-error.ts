/**
 * Why a whole request body cannot be judged record by record. A closed list: the API maps each code to a status.
 *
 * - `empty_body` no record in it
 * - `bad_json` not JSON, or JSON that is neither an object nor an array
 * - `bad_utf8` a JSON body that is not UTF-8
 * - `bad_protobuf` not a protobuf message
 * - `unsupported_media_type` a Content-Type this endpoint does not read
 * - `unsupported_encoding` a Content-Encoding other than gzip, zstd, identity
 * - `bad_encoding` damaged, truncated or followed by foreign bytes
 * - `bad_sealing` a sealed body that is damaged or sealed to another ledger
 * - `body_too_large` more than `BODY_BYTES_MAX` after decompression
 * - `too_many_records` more than `BODY_RECORDS_MAX`
 */
export type BodyErrorCode =
  | 'empty_body'
  | 'bad_json'
  | 'bad_utf8'
  | 'bad_protobuf'
  | 'unsupported_media_type'
  | 'unsupported_encoding'
  | 'bad_encoding'
  | 'bad_sealing'
  | 'body_too_large'
  | 'too_many_records'

/** A request body that is refused as a whole. The message never contains a byte of the body. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
  readonly code: BodyErrorCode

  constructor(code: BodyErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
