import { describe, expect, test } from 'vitest'
import { identityState, inOrder, keyText, reachOf } from '../../packages/dashboard/src/access/identity.ts'
import type { Identity } from '../../packages/dashboard/src/access/identity.ts'
import {
  EMPTY_DRAFT,
  missingIn,
  requestOf,
  withRole,
} from '../../packages/dashboard/src/access/key-request.ts'
import { isLedgerName } from '../../packages/dashboard/src/settings/ledger-name.ts'
import { partsOf } from '../../packages/dashboard/src/settings/parts.ts'
import type { ServerSettings } from '../../packages/dashboard/src/settings/settings-query.ts'

const NOW = Date.parse('2026-11-28T12:00:00Z')
const DAY_MS = 86_400_000

const identity = (more: Partial<Identity> = {}): Identity => ({
  id: 'i-1',
  name: 'Ada',
  roles: ['auditor'],
  systems: null,
  period: {},
  purposes: null,
  createdAt: NOW - DAY_MS,
  revokedAt: null,
  keys: [{ id: 'k-1', createdAt: NOW - 3 * DAY_MS, expiresAt: NOW + 27 * DAY_MS, revokedAt: null }],
  ...more,
})

describe('an identity', () => {
  test('tells the age and the end of each key', () => {
    const one = identity()
    expect(keyText(one, one.keys[0]!, NOW)).toBe('made 3.0 d ago, ends in 27 d')
    const revoked = identity({ revokedAt: NOW })
    expect(keyText(revoked, revoked.keys[0]!, NOW)).toContain('revoked 2026-11-28 12:00:00')
    expect(identityState(revoked, NOW)).toBe('revoked')
  })

  test('whose keys open nothing any more comes last', () => {
    const former = identity({ name: 'Aaron', keys: [] })
    expect(inOrder([former, identity()], NOW).map(({ name }) => name)).toEqual(['Ada', 'Aaron'])
  })

  test('says what narrows it', () => {
    expect(reachOf(identity())).toEqual([])
    expect(reachOf(identity({ systems: ['credit'], period: { to: NOW } }))).toEqual([
      'only credit',
      'records before 28 Nov 2026',
    ])
  })
})

describe('the form for a key', () => {
  test('asks for nothing that does not belong to the role', () => {
    const draft = {
      ...EMPTY_DRAFT,
      name: ' Ada ',
      roles: ['auditor'] as const,
      emitter: 'till-7',
      subject: 'p-1',
    }
    expect(requestOf(draft, NOW)).toEqual({
      name: 'Ada',
      roles: ['auditor'],
      systems: null,
      purposes: null,
      expiresAt: '2027-02-26T12:00:00.000Z',
    })
  })

  test('means the last day of a period whole', () => {
    const draft = {
      ...EMPTY_DRAFT,
      name: 'x',
      roles: ['auditor'] as const,
      from: '2026-01-01',
      to: '2026-12-31',
    }
    expect(requestOf(draft, NOW).period).toEqual({
      from: Date.parse('2026-01-01'),
      to: Date.parse('2027-01-01'),
    })
  })

  test('keeps the role of a person apart from all others', () => {
    expect(withRole(['auditor', 'admin'], 'subject')).toEqual(['subject'])
    expect(withRole(['subject'], 'auditor')).toEqual(['auditor'])
    expect(missingIn({ ...EMPTY_DRAFT, name: 'x', roles: ['subject'] })).toBe('Say whose decisions they are.')
  })
})

describe('the settings', () => {
  const settings: ServerSettings = {
    version: '0.1.0',
    ledger: { name: 'default', origin: 'o', size: 3, state: 'open', vkey: 'v' },
    transport: 'loopback',
    publicLedger: false,
    publicMetrics: false,
    index: 'embedded',
    scrubDays: 7,
    scrub: { finishedAt: null, findings: [] },
    smallCells: 10,
    revealMinutes: 15,
    sessionMinutes: 720,
    witnesses: [],
    timestamps: [],
    signer: 'server',
    retention: 'not configured: nothing is ever deleted',
  }
  const missing = (of: ServerSettings) =>
    partsOf(of)
      .flatMap(({ lines }) => lines)
      .filter(({ tone }) => tone === 'missing')
      .map(({ name }) => name)

  test('say of everything that is missing that it is', () => {
    expect(missing(settings)).toEqual(['Signer', 'Witnesses', 'Timestamps', 'Retention'])
    expect(
      missing({ ...settings, witnesses: ['w'], timestamps: ['t'], signer: 'own', retention: '10 years' }),
    ).toEqual([])
  })

  test('take the names of ledgers the server takes', () => {
    expect(['acme', 'a-1', 'A', '1a', 'a_b', ''].map(isLedgerName)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})
