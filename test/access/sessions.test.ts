import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clearSessionCookie,
  sessionCookieOf,
  setSessionCookie,
} from '../../packages/server/src/access/session-cookie.ts'
import { Sessions, type SessionsOptions } from '../../packages/server/src/access/sessions.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const OWNER = { identity: 'id-1', key: 'key-1', ledger: 'default' }
const SECRET = new Uint8Array(32).fill(7)

function sessionsWith(more: Partial<SessionsOptions> = {}): { sessions: Sessions; clock: TestClock } {
  const clock = new TestClock()
  return { sessions: new Sessions({ secret: SECRET, clock, random: new SeededRandom(1), ...more }), clock }
}

const owners = fc.record({
  identity: fc.string({ maxLength: 64, unit: 'grapheme' }),
  key: fc.string({ maxLength: 64 }),
  ledger: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
})

describe('a session', () => {
  test('is read as it was issued, whoever it belongs to', () => {
    const { sessions } = sessionsWith()
    fc.assert(
      fc.property(owners, (owner) => {
        const { session, value } = sessions.issue(owner)
        expect(sessions.read(value)).toEqual(session)
        expect(session).toMatchObject(owner)
        expect(value).toMatch(/^[\w-]+$/)
      }),
    )
  })

  test('is refused when any bit of its value was flipped', () => {
    const { sessions } = sessionsWith()
    const { value } = sessions.issue(OWNER)
    const bits = Buffer.from(value, 'base64url').length * 8
    fc.assert(
      fc.property(fc.nat(bits - 1), (bit) => {
        const bytes = Buffer.from(value, 'base64url')
        bytes[bit >> 3]! ^= 1 << (bit & 7)
        expect(sessions.read(bytes.toString('base64url'))).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  test('has one spelling: no other text reads as the same value', () => {
    const { sessions } = sessionsWith()
    const { value } = sessions.issue(OWNER)
    const others = [`${value}=`, ` ${value}`, `${value}A`, value.slice(0, -1), `${value}\n`]
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const other = value.slice(0, -1) + last
      if (other !== value) others.push(other)
    }
    for (const other of others) expect(sessions.read(other)).toBeUndefined()
  })

  test('is refused when another secret sealed it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
        fc.pre(Buffer.compare(secret, SECRET) !== 0)
        const { value } = sessionsWith({ secret }).sessions.issue(OWNER)
        expect(sessionsWith().sessions.read(value)).toBeUndefined()
      }),
    )
  })

  test('is refused when it is anything else', () => {
    const { sessions } = sessionsWith()
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(sessions.read(text)).toBeUndefined()
        expect(sessions.read(Buffer.from(text).toString('base64url'))).toBeUndefined()
      }),
    )
    expect(sessions.read('A'.repeat(1_000_000))).toBeUndefined()
  })

  test('ends an hour after its last use', () => {
    const { sessions, clock } = sessionsWith()
    const { value } = sessions.issue(OWNER)
    clock.advance(HOUR - 1)
    expect(sessions.read(value)).toBeDefined()
    clock.advance(1)
    expect(sessions.read(value)).toBeUndefined()
  })

  test('goes on for twelve hours while it is used, and no longer', () => {
    const { sessions, clock } = sessionsWith()
    let { value } = sessions.issue(OWNER)
    for (let minutes = 0; minutes < 12 * 60; minutes += 10) {
      value = sessions.reissue(sessions.read(value)!) ?? value
      clock.advance(10 * MINUTE)
    }
    expect(sessions.read(value)).toBeUndefined()
  })

  test('is not issued anew with every request', () => {
    const { sessions, clock } = sessionsWith()
    const { session } = sessions.issue(OWNER)
    clock.advance(MINUTE)
    expect(sessions.reissue(session)).toBeUndefined()
    clock.advance(4 * MINUTE)
    expect(sessions.reissue(session)).toBeDefined()
  })

  test('keeps its name and its owner when it is issued anew', () => {
    const { sessions, clock } = sessionsWith()
    const { session } = sessions.issue(OWNER)
    clock.advance(30 * MINUTE)
    const later = sessions.read(sessions.reissue(session)!)!
    expect(later).toEqual({ ...session, idleAt: session.idleAt + 30 * MINUTE })
    expect(sessions.csrfOf(later)).toBe(sessions.csrfOf(session))
  })

  test('that was ended stays ended, with every copy of it, while others go on', () => {
    const { sessions, clock } = sessionsWith()
    const one = sessions.issue(OWNER)
    const other = sessions.issue(OWNER)
    clock.advance(30 * MINUTE)
    const copy = sessions.reissue(one.session)!
    sessions.end(one.session)
    expect([one.value, copy].map((value) => sessions.read(value))).toEqual([undefined, undefined])
    expect(sessions.read(other.value)).toBeDefined()
  })

  test('that was ended does not come back when more were ended than are remembered', () => {
    const { sessions, clock } = sessionsWith({ endedMax: 4 })
    const ended = Array.from({ length: 50 }, () => {
      clock.advance(1)
      const { session, value } = sessions.issue(OWNER)
      sessions.end(session)
      return value
    })
    clock.advance(1)
    const { value } = sessions.issue(OWNER)
    expect(ended.map((text) => sessions.read(text)).filter(Boolean)).toEqual([])
    expect(sessions.read(value)).toBeDefined()
  })
})

describe('what a form of ours can say', () => {
  test('belongs to one session and is no part of its cookie', () => {
    const { sessions } = sessionsWith()
    const one = sessions.issue(OWNER)
    const other = sessions.issue(OWNER)
    const csrf = sessions.csrfOf(one.session)
    expect(sessions.isCsrf(one.session, csrf)).toBe(true)
    expect(sessions.isCsrf(other.session, csrf)).toBe(false)
    expect(Buffer.from(one.value, 'base64url').toString('latin1')).not.toContain(
      Buffer.from(csrf, 'base64url').toString('latin1'),
    )
    for (const text of [undefined, null, '', 'A', csrf.slice(1), `${csrf}A`])
      expect(sessions.isCsrf(one.session, text)).toBe(false)
  })
})

describe('the cookie', () => {
  test('is out of reach of scripts and of other sites, and over TLS of other hosts', () => {
    expect(setSessionCookie('v', false)).toBe('deponent_session=v; Path=/; HttpOnly; SameSite=Strict')
    expect(setSessionCookie('v', true)).toBe(
      '__Host-deponent_session=v; Path=/; HttpOnly; SameSite=Strict; Secure',
    )
    expect(clearSessionCookie(true)).toBe(
      '__Host-deponent_session=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0',
    )
  })

  test('is found among others, under the name it was set with', () => {
    const header = 'a=1; deponent_session=plain; x_deponent_session=2; __Host-deponent_session=secure;b'
    expect(sessionCookieOf(header, false)).toBe('plain')
    expect(sessionCookieOf(header, true)).toBe('secure')
    for (const none of [undefined, null, '', 'a=1', 'Deponent_session=1', 'deponent_session'])
      expect(sessionCookieOf(none, false)).toBeUndefined()
  })

  test('that is there twice is none', () => {
    expect(sessionCookieOf('deponent_session=1; deponent_session=2', false)).toBeUndefined()
    expect(sessionCookieOf('deponent_session=1;a=b;deponent_session=1', false)).toBeUndefined()
  })
})
