/** The names under which the keyring keeps its keys: 32 bytes that say nothing without the tenant key. */
import { Hmac } from './hmac.ts'

export class ScopeNames {
  readonly #hmac: Hmac

  constructor(tenantKey: Uint8Array) {
    this.#hmac = new Hmac('sha256', tenantKey)
  }

  /** The pseudonym of a person: HMAC-SHA-256(tenant key, NFC UTF-8 of the id). */
  subject(subject: string): Uint8Array {
    return this.#hmac.digest(subject.normalize('NFC'))
  }

  /** The scope of records about nobody: one key for each system and month (`YYYY-MM`). */
  system(system: string, month: string): Uint8Array {
    return this.#hmac.digest(`\0system\0${system}\0${month}`)
  }
}
