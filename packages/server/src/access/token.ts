import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../platform/random.ts'

/** A new key for the API: `dpk_` and 32 random bytes in base64url. */
export function randomToken(random: Random): string {
  return `dpk_${Buffer.from(random.bytes(32)).toString('base64url')}`
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Compares in constant time. */
export function sameToken(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

/** The key in `Authorization: Bearer KEY`, or undefined. */
export function bearerOf(header: string | null | undefined): string | undefined {
  const match = /^Bearer +(\S+)$/i.exec(header ?? '')
  return match?.[1]
}

/**
 * The key of an exporter, by any of their habits: `Bearer KEY`, `Basic` with the key as password, the key alone, or `x-api-key` and
 * `api_key`.
 */
export function exporterKeyOf(headers: Headers): string | undefined {
  const authorization = headers.get('authorization')
  if (authorization === null) return headers.get('x-api-key') ?? headers.get('api_key') ?? undefined
  const basic = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization)?.[1]
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString().split(':').slice(1).join(':')
  return bearerOf(authorization) ?? /^\S+$/.exec(authorization)?.[0]
}
