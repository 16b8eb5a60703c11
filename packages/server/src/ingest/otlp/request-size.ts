/**
 * How much a request comes to once each of its spans or log records stands with the resource and the scope it came under. Whoever sends
 * them says those once for all of them, so that few bytes may ask for a lot of work: it is counted before it is done.
 */
import { BodyError } from '../body-error.ts'

/** Bytes as they came, and values as they are counted in one span (`VALUES_MAX`). */
export interface Size {
  readonly bytes: number
  readonly values: number
}

/** Bytes of a request, what is said once counted for each span or log record it is said of. */
export const REQUEST_BYTES_MAX = 64 * 1024 * 1024
/** Values of a request, counted in the same way. */
const REQUEST_VALUES_MAX = 4_000_000

export class RequestSize {
  #bytes = 0
  #values = 0

  /** One more span or log record. @throws BodyError `body_too_large` */
  add(...sizes: readonly Size[]): void {
    for (const { bytes, values } of sizes) {
      this.#bytes += bytes
      this.#values += values
    }
    if (this.#bytes > REQUEST_BYTES_MAX || this.#values > REQUEST_VALUES_MAX) throw tooLarge()
  }
}

function tooLarge(): BodyError {
  return new BodyError(
    'body_too_large',
    `with the resource and scope of each, the spans or log records of a request come to ${REQUEST_BYTES_MAX} bytes and ${REQUEST_VALUES_MAX} values at most; send fewer in one request`,
  )
}
