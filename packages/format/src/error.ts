/**
 * The only thing hostile bytes may cause. Every decoder in this package turns each way of being
 * malformed into one of these; anything else escaping from a decoder is a bug.
 *
 * `code` is stable snake_case; `path` is a JSON pointer into the decoded document, or '' where the
 * document as a whole is meant. Neither ever echoes a value that was read.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError'
  readonly code: string
  readonly path: string

  constructor(code: string, message: string, path = '') {
    super(message)
    this.code = code
    this.path = path
  }
}
