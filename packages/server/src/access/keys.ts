/** Who a key belongs to and what its holder may do. */
import type { Right } from './right.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { EmitterKeys } from './emitter-keys.ts'
import { sameToken } from './token.ts'

/** The holder of a key. */
export interface Caller {
  has(right: Right): boolean
  /** `name`: the emitter a record is numbered by or speaks of; undefined for a record without one. */
  mayRecordFor(name: string | undefined): boolean
}

/** Somebody without a key, on an open route. */
export const ANYBODY: Caller = { has: (right) => right === 'open', mayRecordFor: () => false }

export interface KeysOptions {
  disk: Disk
  clock: Clock
  /** The data directory. */
  directory: string
  /** Whose emitters record with keys of their own. */
  ledger: string
  adminToken: string
}

export class Keys {
  readonly #adminToken: string
  readonly #emitters: EmitterKeys

  constructor({ disk, clock, directory, ledger, adminToken }: KeysOptions) {
    this.#adminToken = adminToken
    this.#emitters = new EmitterKeys(disk, clock, directory, ledger)
  }

  /**
   * The holder of a key: the administrator, who may do everything but speak for an emitter that has a key of its own; or an emitter,
   * which may record, numbered by itself, and nothing else. Undefined for an unknown key.
   */
  async callerOf(token: string): Promise<Caller | undefined> {
    if (sameToken(token, this.#adminToken)) {
      const owned = await this.#emitters.owned()
      return { has: () => true, mayRecordFor: (name) => name === undefined || !owned.has(name) }
    }
    const owner = await this.#emitters.ownerOf(token)
    if (owner === undefined) return undefined
    return { has: (right) => right === 'record', mayRecordFor: (name) => name === owner }
  }
}
