/** What making, rotating and revoking keys makes of the identities of a ledger. Pure; whoever calls has the clock and the chance. */
import { createHash } from 'node:crypto'
import { toHex } from '@deponent/format'
import type { Random } from '../platform/random.ts'
import { type AccessKey, type Identity, isLive } from './identity.ts'
import type { Span } from './policy.ts'
import type { Role } from './role.ts'
import { randomToken } from './token.ts'

export const IDENTITIES_MAX = 10_000
/** Keys of one identity that open something at the same time. */
export const LIVE_KEYS_MAX = 8
/** Keys of one identity that are remembered after they stopped opening anything. */
const SPENT_KEYS_MAX = 16

/** Why keys stay as they are. */
export class KeyRefused extends Error {
  readonly code: string
  /** JSON pointer to the member of the request that is to blame. */
  readonly field: string | undefined

  constructor(code: string, message: string, field?: string) {
    super(message)
    this.code = code
    this.field = field
  }
}

/** Whom a key is asked for. */
export interface IdentityRequest {
  readonly name: string
  readonly roles: readonly Role[]
  readonly systems: readonly string[] | null
  readonly period: Span
  readonly purposes: readonly string[] | null
  readonly emitter?: string
  /** Handle of the person. */
  readonly subject?: string
  readonly expiresAt: number | null
}

/** A key with its secret, for the one time it is shown. */
export interface MadeKey {
  readonly identity: Identity
  readonly keyId: string
  readonly token: string
}

export function digestOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** A new identity with its first key. @throws KeyRefused */
export function made(
  request: IdentityRequest,
  others: readonly Identity[],
  random: Random,
  now: number,
): MadeKey {
  checkRequest(request, others, now)
  const { expiresAt, ...given } = request
  const { key, token } = newKey(random, now, expiresAt)
  const identity = {
    ...given,
    id: `i-${toHex(random.bytes(8))}`,
    createdAt: now,
    revokedAt: null,
    keys: [key],
  }
  return { identity, keyId: key.id, token }
}

/** The identity with a further key; those it has go on for `overlapMs`. @throws KeyRefused */
export function rotated(identity: Identity, overlapMs: number, random: Random, now: number): MadeKey {
  if (identity.revokedAt !== null)
    throw new KeyRefused('key_revoked', 'this identity was revoked; make another')
  const live = identity.keys.filter((key) => isLive(identity, key, now))
  if (overlapMs > 0 && live.length >= LIVE_KEYS_MAX)
    throw new KeyRefused('too_many_keys', `an identity has at most ${LIVE_KEYS_MAX} keys at a time`)
  const expiresAt = live.reduce<number | null>((latest, key) => laterExpiry(latest, key.expiresAt), 0)
  const { key, token } = newKey(random, now, live.length === 0 ? null : expiresAt)
  const ending = live.map((other) => ({
    ...other,
    expiresAt: Math.min(other.expiresAt ?? Infinity, now + overlapMs),
  }))
  const spent = identity.keys.filter((other) => !live.includes(other)).slice(-SPENT_KEYS_MAX)
  return { identity: { ...identity, keys: [...spent, ...ending, key] }, keyId: key.id, token }
}

/** The identity with all of its keys revoked, or with the one of this id. */
export function revoked(identity: Identity, id: string, now: number): Identity {
  if (identity.id === id) return { ...identity, revokedAt: identity.revokedAt ?? now }
  const keys = identity.keys.map((key) => (key.id === id ? { ...key, revokedAt: key.revokedAt ?? now } : key))
  return { ...identity, keys }
}

/** What stands in the place of the name of a person who was erased. */
const ERASED_NAME = 'an erased person'

/** The identity of a person who was erased: it opens nothing, and says nothing of them. */
export function forgotten({ subject: _, madeAt: _at, ...identity }: Identity, now: number): Identity {
  return { ...identity, name: ERASED_NAME, purposes: null, revokedAt: identity.revokedAt ?? now }
}

function newKey(random: Random, now: number, expiresAt: number | null): { key: AccessKey; token: string } {
  const token = randomToken(random)
  const id = `k-${toHex(random.bytes(8))}`
  return { key: { id, digest: digestOfToken(token), createdAt: now, expiresAt, revokedAt: null }, token }
}

/** A key that never expires outlasts all others. */
function laterExpiry(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b)
}

function checkRequest(
  { roles, subject, emitter, expiresAt }: IdentityRequest,
  others: readonly Identity[],
  now: number,
): void {
  if (others.length >= IDENTITIES_MAX)
    throw new KeyRefused('too_many_keys', `a ledger has at most ${IDENTITIES_MAX} identities`)
  if (roles.includes('subject') !== (subject !== undefined))
    throw new KeyRefused(
      'bad_value',
      'a key of a person has the role subject and names the subject',
      '/subject',
    )
  if (subject !== undefined && roles.length > 1)
    throw new KeyRefused('bad_value', 'a key of a person has no other role', '/roles')
  if (emitter !== undefined && (roles.length !== 1 || roles[0] !== 'writer'))
    throw new KeyRefused('bad_value', 'a key of an emitter has the role writer and no other', '/roles')
  if (emitter !== undefined && others.some((other) => other.emitter === emitter && other.revokedAt === null))
    throw new KeyRefused('emitter_taken', 'an identity speaks for this emitter; rotate its key', '/emitter')
  if (expiresAt !== null && expiresAt <= now)
    throw new KeyRefused('bad_value', 'a key expires in the future', '/expiresAt')
}
