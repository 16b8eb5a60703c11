/** Who holds a key, and what the key says of them. */
import type { Holder, Span } from './policy.ts'
import type { Role } from './role.ts'

/** One secret of an identity, of which only the digest is known. */
export interface AccessKey {
  /** `k-` and 16 hex digits. */
  readonly id: string
  /** SHA-256 of the token, 64 hex digits. A token is 32 random bytes, so nothing slower is needed. */
  readonly digest: string
  /** Times are ms since the epoch. */
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}

export interface Identity {
  /** `i-` and 16 hex digits. */
  readonly id: string
  readonly name: string
  readonly roles: readonly Role[]
  /** Names of systems; null for every one. */
  readonly systems: readonly string[] | null
  /** Records of this time only. */
  readonly period: Span
  /** The only purposes that may be stated; null for any. */
  readonly purposes: readonly string[] | null
  /** The emitter whose numbered records this identity sends, and nobody else; a service identity. */
  readonly emitter?: string
  /** Handle of the person who holds it; with the role `subject` only, and no more once they are erased. */
  readonly subject?: string
  /** Index of the record of its making, where that is sealed as the person's own: whoever erases the one forgets the other. */
  readonly madeAt?: number
  readonly createdAt: number
  readonly revokedAt: number | null
  readonly keys: readonly AccessKey[]
}

/** Whether a key opens anything at a moment. */
export function isLive({ revokedAt }: Identity, key: AccessKey, now: number): boolean {
  return revokedAt === null && key.revokedAt === null && (key.expiresAt === null || now < key.expiresAt)
}

/** Whether an identity has a key that opens anything. */
export function hasLiveKey(identity: Identity, now: number): boolean {
  return identity.keys.some((key) => isLive(identity, key, now))
}

export function holderOf({ roles, systems, period, subject }: Identity): Holder {
  return { roles, systems, period, ...(subject !== undefined && { subject }) }
}

/** An identity as it is told: everything but what keys are compared with. */
export type ToldIdentity = Omit<Identity, 'keys' | 'madeAt'> & {
  readonly keys: readonly Omit<AccessKey, 'digest'>[]
}

export function told({ madeAt: _, ...identity }: Identity): ToldIdentity {
  return { ...identity, keys: identity.keys.map(({ digest: _digest, ...key }) => key) }
}
