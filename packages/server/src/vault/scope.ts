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

  /** The scope of a member of staff, known by the id of their identity. */
  staff(id: string): Uint8Array {
    return this.#hmac.digest(`\0staff\0${id}`)
  }

  /** The scope of a register the product keeps for its own sake, which is about nobody. */
  register(name: string): Uint8Array {
    return this.#hmac.digest(`\0register\0${name}`)
  }
}
