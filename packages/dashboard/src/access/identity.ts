/** Whom keys belong to, as `GET /v1/keys` tells it. Times are Unix milliseconds. */
import { dayText, durationText, timeText } from '../display.ts'
import type { Role } from '../session/shape.ts'

export interface AccessKey {
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}

export interface Identity {
  readonly id: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly systems: readonly string[] | null
  readonly period: { readonly from?: number; readonly to?: number }
  readonly purposes: readonly string[] | null
  readonly emitter?: string
  readonly subject?: string
  readonly createdAt: number
  readonly revokedAt: number | null
  readonly keys: readonly AccessKey[]
}

export interface MadeKey {
  readonly identity: Identity
  readonly keyId: string
  /** The secret, told this once. */
  readonly key: string
}

export type KeyState = 'live' | 'expired' | 'revoked'

/** Whether a key opens anything at a moment. */
export function keyState({ revokedAt }: Identity, key: AccessKey, now: number): KeyState {
  if (revokedAt !== null || key.revokedAt !== null) return 'revoked'
  return key.expiresAt !== null && key.expiresAt <= now ? 'expired' : 'live'
}

/** The state of an identity: that of its best key. */
export function identityState(identity: Identity, now: number): KeyState {
  if (identity.revokedAt !== null) return 'revoked'
  return identity.keys.some((key) => keyState(identity, key, now) === 'live') ? 'live' : 'expired'
}

/** Age and end of a key: made 3 d ago, ends in 27 d. */
export function keyText(identity: Identity, key: AccessKey, now: number): string {
  const made = `made ${agoText(now - key.createdAt)}`
  const revokedAt = key.revokedAt ?? identity.revokedAt
  if (revokedAt !== null) return `${made}, revoked ${timeText(revokedAt)}`
  if (key.expiresAt === null) return `${made}, never ends`
  if (key.expiresAt <= now) return `${made}, ended ${timeText(key.expiresAt)}`
  return `${made}, ends in ${durationText(key.expiresAt - now)}`
}

function agoText(ms: number): string {
  return ms < 60_000 ? 'just now' : `${durationText(ms)} ago`
}

/** How far an identity reaches, in what narrows it; empty when nothing does. */
export function reachOf({ systems, period, purposes, emitter, subject }: Identity): readonly string[] {
  const { from, to } = period
  return [
    ...(systems === null ? [] : [`only ${systems.join(', ')}`]),
    ...(from === undefined && to === undefined ? [] : [`records ${spanText(from, to)}`]),
    ...(purposes === null ? [] : [`only for: ${purposes.join('; ')}`]),
    ...(emitter === undefined ? [] : [`speaks for emitter ${emitter}`]),
    ...(subject === undefined ? [] : [`is the person ${subject.slice(0, 8)}…`]),
  ]
}

/** A span of time whose ends may be open, `to` excluded. */
export function spanText(from: number | undefined, to: number | undefined): string {
  if (from === undefined && to === undefined) return 'of all times'
  if (to === undefined) return `from ${dayText(from!)}`
  return from === undefined ? `before ${dayText(to)}` : `from ${dayText(from)} until ${dayText(to)}`
}

/** Who holds live keys first, by name; then who no longer does. */
export function inOrder(identities: readonly Identity[], now: number): readonly Identity[] {
  const rank = (identity: Identity) => (identityState(identity, now) === 'live' ? 0 : 1)
  return identities.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}
