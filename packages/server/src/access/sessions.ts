/**
 * Sessions of the dashboard. Nothing of one is stored: the cookie holds it, sealed by a key nobody else has. What is kept, in memory
 * and bounded, is which sessions were ended before their time.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { fromUtf8, utf8 } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'

/** Who a session was opened by, and for how long it lasts; times in milliseconds since the epoch. */
export interface Session {
  readonly identity: string
  readonly key: string
  readonly ledger: string
  /** Tells this session from every other, also after it was re-issued. */
  readonly nonce: string
  readonly issuedAt: number
  /** However busy it is. */
  readonly expiresAt: number
  /** Unless it is used before; each re-issue moves it. */
  readonly idleAt: number
}

export type SessionOwner = Pick<Session, 'identity' | 'key' | 'ledger'>

export interface SessionsOptions {
  /** 32 bytes. Whoever has them can open a session as anybody. */
  readonly secret: Uint8Array
  readonly clock: Clock
  readonly random: Random
  readonly lastsMs?: number
  readonly idleMs?: number
  /** How many ended sessions are remembered. */
  readonly endedMax?: number
}

const HOUR_MS = 3_600_000
const TAG_BYTES = 32
const NONCE_BYTES = 16
const COOKIE_LENGTH_MAX = 2_048
/** A session is issued again when this part of its idle time has passed, not with each request. */
const REISSUE_PART = 1 / 12

export class Sessions {
  /** How long one lasts, however busy it is. */
  readonly lastsMs: number
  readonly #sealKey: Uint8Array
  readonly #csrfKey: Uint8Array
  readonly #clock: Clock
  readonly #random: Random
  readonly #idleMs: number
  readonly #ended: EndedSessions

  constructor(options: SessionsOptions) {
    const { secret, clock, random, lastsMs = 12 * HOUR_MS, idleMs = HOUR_MS, endedMax = 10_000 } = options
    if (secret.length !== 32) throw new TypeError('the secret of sessions has 32 bytes')
    this.#sealKey = hmac(secret, 'deponent session seal v1')
    this.#csrfKey = hmac(secret, 'deponent session csrf v1')
    this.#clock = clock
    this.#random = random
    this.lastsMs = lastsMs
    this.#idleMs = idleMs
    this.#ended = new EndedSessions(endedMax)
  }

  /** Opens a session. */
  issue({ identity, key, ledger }: SessionOwner): { session: Session; value: string } {
    const now = this.#clock.now()
    const nonce = Buffer.from(this.#random.bytes(NONCE_BYTES)).toString('base64url')
    const expiresAt = now + this.lastsMs
    const session = {
      identity,
      key,
      ledger,
      nonce,
      issuedAt: now,
      expiresAt,
      idleAt: this.#idleFrom(now, expiresAt),
    }
    return { session, value: this.#seal(session) }
  }

  /** The session in a cookie's value; undefined for one that is not ours, was changed, has ended or was not used in time. */
  read(value: string): Session | undefined {
    const session = this.#open(value)
    if (!session) return undefined
    const now = this.#clock.now()
    if (now >= session.expiresAt || now >= session.idleAt) return undefined
    return this.#ended.has(session, now) ? undefined : session
  }

  /** The value to send back so that a session in use goes on; undefined while the old one will do. */
  reissue(session: Session): string | undefined {
    const now = this.#clock.now()
    const idleAt = this.#idleFrom(now, session.expiresAt)
    return idleAt - session.idleAt < this.#idleMs * REISSUE_PART
      ? undefined
      : this.#seal({ ...session, idleAt })
  }

  /** Ends a session, with every copy of its cookie. */
  end(session: Session): void {
    this.#ended.add(session, this.#clock.now())
  }

  /** What a page of ours can say and a page of somebody else's cannot, although its requests bring the cookie along. */
  csrfOf({ nonce }: Session): string {
    return Buffer.from(hmac(this.#csrfKey, nonce)).toString('base64url')
  }

  /** Compares in constant time. */
  isCsrf(session: Session, given: string | null | undefined): boolean {
    const expected = hmac(this.#csrfKey, session.nonce)
    const bytes = Buffer.from(given ?? '', 'base64url')
    return bytes.length === expected.length && timingSafeEqual(bytes, expected)
  }

  #idleFrom(now: number, expiresAt: number): number {
    return Math.min(now + this.#idleMs, expiresAt)
  }

  #seal(session: Session): string {
    const payload = utf8(JSON.stringify(session))
    return Buffer.concat([payload, hmac(this.#sealKey, payload)]).toString('base64url')
  }

  #open(value: string): Session | undefined {
    if (value.length > COOKIE_LENGTH_MAX) return undefined
    const bytes = Buffer.from(value, 'base64url')
    // One session, one spelling: base64 has bits that decode to nothing.
    if (bytes.length <= TAG_BYTES || bytes.toString('base64url') !== value) return undefined
    const payload = bytes.subarray(0, -TAG_BYTES)
    if (!timingSafeEqual(bytes.subarray(-TAG_BYTES), hmac(this.#sealKey, payload))) return undefined
    return JSON.parse(fromUtf8(payload)) as Session
  }
}

function hmac(key: Uint8Array, text: Uint8Array | string): Uint8Array {
  return createHmac('sha256', key).update(text).digest()
}

/** Remembers which sessions were ended, until they would have ended anyway. */
class EndedSessions {
  readonly #most: number
  readonly #ended = new Map<string, Session>()
  /** Sessions issued until then count as ended: some of them were, and which is forgotten. */
  #allUntil = -Infinity

  constructor(most: number) {
    this.#most = most
  }

  has({ nonce, issuedAt }: Session, now: number): boolean {
    return issuedAt <= this.#allUntil || (this.#ended.get(nonce)?.expiresAt ?? -Infinity) > now
  }

  add(session: Session, now: number): void {
    this.#ended.set(session.nonce, session)
    if (this.#ended.size > this.#most) this.#forget(now)
  }

  /** What is over anyway goes first. If that is too little, the older half goes, and with it whoever signed in as early. */
  #forget(now: number): void {
    for (const [nonce, { expiresAt }] of this.#ended) if (expiresAt <= now) this.#ended.delete(nonce)
    if (this.#ended.size <= this.#most) return
    const byAge = [...this.#ended.values()].toSorted((one, other) => one.issuedAt - other.issuedAt)
    for (const { nonce, issuedAt } of byAge.slice(0, Math.ceil(byAge.length / 2))) {
      this.#ended.delete(nonce)
      this.#allUntil = Math.max(this.#allUntil, issuedAt)
    }
  }
}
