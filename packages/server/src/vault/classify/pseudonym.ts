/** Keyed pseudonyms of values: the same for the same value within a ledger, and nothing to anybody without its key. */
import { canonicalJson, type JsonValue } from '@deponent/format'
import { Hmac } from '../hmac.ts'

/** What every pseudonym begins with. */
export const PSEUDONYM_PREFIX = 'pn_'

const BYTES = 16

export class Pseudonyms {
  readonly #hmac: Hmac

  constructor(key: Uint8Array) {
    this.#hmac = new Hmac('sha256', key)
  }

  /** `pn_` and base64url of the first 16 bytes of HMAC-SHA-256(key, RFC 8785 text of the value). */
  of(value: JsonValue): string {
    const digest = this.#hmac.digest(canonicalJson(value))
    const head = Buffer.from(digest.buffer, digest.byteOffset, BYTES)
    return `${PSEUDONYM_PREFIX}${head.toString('base64url')}`
  }
}
