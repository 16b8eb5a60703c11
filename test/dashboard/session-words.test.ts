import { describe, expect, test } from 'vitest'
import { isWithin, viewsFor } from '../../packages/dashboard/src/frame/views.ts'
import { missingRight, rightFor } from '../../packages/dashboard/src/session/missing-right.ts'
import { purposeHeader } from '../../packages/dashboard/src/session/purpose-header.ts'
import { clockText, endedSession, refusedKey } from '../../packages/dashboard/src/session/reason.ts'
import { ACTIONS, needsPurpose, ROLE_NAMES } from '../../packages/dashboard/src/session/shape.ts'
import type { Session } from '../../packages/dashboard/src/session/shape.ts'
import { ACTION_NAMES } from '../../packages/server/src/access/action.ts'
import { ROLES } from '../../packages/server/src/access/role.ts'

const NOW = Date.parse('2026-11-28T12:00:00Z')

function session(actions: Session['actions'], more: Partial<Session> = {}): Session {
  return {
    identity: { id: 'i-1', name: 'Ada', roles: [], systems: null },
    ledger: 'default',
    ledgers: ['default'],
    actions,
    fields: ['plain'],
    smallCells: null,
    purposes: null,
    csrf: null,
    expiresAt: null,
    ...more,
  }
}

describe('what the page knows of rights', () => {
  test('is every right and every role the server knows, and no other', () => {
    expect([...ACTIONS].toSorted()).toEqual([...ACTION_NAMES].toSorted())
    expect([...ROLE_NAMES].toSorted()).toEqual([...ROLES].toSorted())
  })

  test('leads to the views a key may see and no others', () => {
    const names = (...actions: Session['actions']) => viewsFor(session(actions)).map(({ name }) => name)
    expect(names('aggregate', 'status')).toEqual(['Overview', 'Coverage', 'Verify'])
    expect(names('list', 'read')).toEqual(['Overview', 'Decisions', 'Verify'])
    expect(names('models')).toEqual(['Overview', 'Models', 'Verify'])
    expect(names('keys')).toEqual(['Overview', 'Verify', 'Access'])
    expect(names('settings')).toEqual(['Overview', 'Verify', 'Access', 'Storage', 'Settings'])
    expect(viewsFor(session(['keys'])).at(-1)?.to).toBe('/access/keys')
    expect(names('persons', 'erasures')).toEqual(['Overview', 'Privacy', 'Verify'])
    expect(viewsFor(session(['holds', 'systems']))[1]?.to).toBe('/holds')
  })

  test('shows which view an address belongs to', () => {
    const [, privacy] = viewsFor(session(['persons', 'erasures', 'systems']))
    const within = ['/person', '/person/ab', '/erasures', '/erasure/x', '/systems/credit']
    expect(within.every((path) => isWithin(path, privacy!))).toBe(true)
    expect(['/', '/holds', '/persona', '/decisions'].some((path) => isWithin(path, privacy!))).toBe(false)
    expect(isWithin('/decisions', viewsFor(session([]))[0]!)).toBe(false)
  })

  test('shows a person their own decisions and nothing over others', () => {
    const own = session(['list', 'read', 'prove', 'own_access'], {
      identity: { id: 'i-2', name: 'Applicant', roles: ['subject'], systems: null, subject: 'ab'.repeat(16) },
    })
    expect(viewsFor(own).map(({ name }) => name)).toEqual(['My decisions', 'Verify'])
  })

  test('asks for a purpose where a key reads nothing without one', () => {
    expect(needsPurpose(session(['list'], { fields: [] }))).toBe(true)
    expect(needsPurpose(session(['list']))).toBe(false)
    expect(needsPurpose(session(['keys'], { fields: [] }))).toBe(false)
  })
})

describe('a refusal', () => {
  test.each([
    ['GET', '/v1/decisions?limit=1', 'list'],
    ['GET', '/v1/decisions/x', 'read'],
    ['GET', '/v1/decisions/x/access?limit=3', 'access'],
    ['GET', '/v1/decisions/x/proof', 'prove'],
    ['GET', '/v1/stats/coverage', 'status'],
    ['GET', '/v1/stats/usage', 'aggregate'],
    ['GET', '/v1/storage/cost?years=3', 'settings'],
    ['GET', '/v1/retention/plan', 'retention'],
    ['GET', '/v1/retention/runs', 'erasures'],
    ['GET', '/v1/tiers', 'status'],
    ['PUT', '/v1/policy', 'policy'],
    ['GET', '/v1/policy', 'settings'],
    ['DELETE', '/v1/keys/i-1', 'keys'],
    ['GET', '/ledgers/default/checkpoint', 'ledger'],
    ['DELETE', '/v1/subjects/x', 'erase'],
    ['GET', '/v1/systems/credit/fields', 'systems'],
    ['POST', '/v1/systems/credit/fields:preview', 'privacy'],
    ['PUT', '/v1/privacy', 'privacy'],
    ['GET', '/v1/session', undefined],
  ])('of %s %s is for want of the right %s', (method, path, right) => {
    expect(rightFor(method, path)).toBe(right)
  })

  test('says in a sentence which right is missing, unless something else was', () => {
    expect(missingRight('forbidden', 'GET', '/v1/keys')).toBe(
      'The roles of your key do not let you make, rotate and revoke keys (right “keys”).',
    )
    expect(missingRight('purpose_required', 'GET', '/v1/keys')).toBeUndefined()
  })

  test('of a key says how long to wait after too many wrong ones', () => {
    expect(refusedKey(429, 'locked_out', 95_000, NOW)).toMatchObject({ waitUntil: NOW + 95_000 })
    expect(refusedKey(401, 'unauthorized', undefined, NOW).words).toContain('does not take this key')
    expect(clockText(95_000)).toBe('1:35')
  })

  test('of a session that ran out says so, and otherwise what may have ended it', () => {
    expect(endedSession('2026-11-28T11:59:59Z', NOW).words).toBe('Your session has expired.')
    expect(endedSession('2026-11-28T13:00:00Z', NOW).words).toContain('locked in another tab')
  })
})

describe('a purpose', () => {
  test('travels as it is when it is plain, and encoded when a header would not carry it', () => {
    expect(purposeHeader('appeal of 12 November')).toBe('appeal of 12 November')
    expect(purposeHeader('réclamation')).toBe("UTF-8''r%C3%A9clamation")
    expect(purposeHeader("UTF-8''x")).toBe("UTF-8''UTF-8''x")
  })
})
