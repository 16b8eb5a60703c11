import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES } from '../../packages/server/src/api/contract.ts'
import type { Operation, Route } from '../../packages/server/src/api/route.ts'
import { type Role, ROLES } from '../../packages/server/src/access/role.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { PROBES, type Probe, type Target } from './requests.ts'

/** What each role may do, written down by hand: what the policy says is compared with this, not with itself. */
const NUMBERS: Operation[] = ['getAggregate', 'getUsage', 'getConfidence', 'getOverrides', 'getCompleteness']
const STATE: Operation[] = ['getCoverage', 'getEmitters', 'getTiers']
const TIERS: Operation[] = ['restoreTiers', 'releaseTiers']
const LEDGER: Operation[] = ['getCheckpoint', 'getTile', 'getVkey', 'getLedgerStatus']
const SINGLE: Operation[] = [
  'listDecisions',
  'getDecision',
  'getDecisionLineage',
  'getTimeline',
  'getReproducibility',
  'getArtifact',
  'listSubjectDecisions',
]
const MODELS: Operation[] = ['listModels', 'getModel', 'getModelGate', 'listDatasets', 'getLineage', 'assess']
const ERASURES_SEEN: Operation[] = ['listErasures', 'getErasure', 'listRetentionRuns']
const ERASURES: Operation[] = ['eraseSubject', 'approveErasure']
const HOLDS_SEEN: Operation[] = ['listHolds', 'getHold']
const HOLDS: Operation[] = ['placeHold', 'reviewHold', 'releaseHold']
const PERSONS: Operation[] = [
  'receiveRequest',
  'listRequests',
  'getRequest',
  'checkRequestIdentity',
  'extendRequest',
  'answerRequest',
  'refuseRequest',
  'getSubject',
  'exportSubject',
  'rectifySubject',
  'restrictSubject',
  'mergeSubjects',
  'splitSubjects',
]
const PROOFS: Operation[] = ['getProof', 'getEmitterProof']
const EXPORTS: Operation[] = ['getBundle', 'postBundles']
const LOOKS: Operation[] = ['listAccess', 'getDecisionAccess']
const SETTINGS: Operation[] = [
  'getPolicy',
  'getPrivacy',
  'getRetention',
  'getSettings',
  'getStorage',
  'getStorageCost',
]
const RETENTION: Operation[] = ['putRetention', 'planRetention', 'runRetention']
const SYSTEMS: Operation[] = ['getSystems', 'getFields']
const PRIVACY: Operation[] = ['putPrivacy', 'previewFields']
const REVIEWS: Operation[] = [
  'recordReview',
  'recordExplanation',
  'recordContest',
  'recordComment',
  'recordScore',
]
const RECORDS: Operation[] = [
  'recordDecisions',
  'recordRecords',
  'recordModelEvent',
  'recordOutcome',
  'exportTraces',
  'exportLogs',
  'ingestLangfuse',
  'putArtifact',
]
const KEYS: Operation[] = ['listKeys', 'makeKey', 'rotateKey', 'revokeKey', 'putPolicy']

const MAY: Record<Role, readonly Operation[]> = {
  writer: [...RECORDS, ...REVIEWS],
  operator: [...NUMBERS, ...STATE, ...TIERS, ...LEDGER, ...SETTINGS, ...SYSTEMS, ...MODELS, 'getMetrics'],
  reviewer: [...SINGLE, ...PROOFS, ...NUMBERS, ...REVIEWS, ...SYSTEMS, ...MODELS, 'getArtifactContent'],
  auditor: [
    ...SINGLE,
    ...PROOFS,
    ...NUMBERS,
    ...EXPORTS,
    'listLabelled',
    ...LOOKS,
    ...STATE,
    ...LEDGER,
    ...SETTINGS,
    ...HOLDS_SEEN,
    ...ERASURES_SEEN,
    'postSql',
    'lookUpSubject',
    'getArtifactContent',
    ...SYSTEMS,
    ...MODELS,
  ],
  privacy_officer: [
    ...SINGLE,
    ...PROOFS,
    ...NUMBERS,
    ...EXPORTS,
    'listLabelled',
    ...LOOKS,
    ...STATE,
    ...SETTINGS,
    ...PERSONS,
    ...HOLDS_SEEN,
    ...HOLDS,
    ...ERASURES_SEEN,
    ...ERASURES,
    'lookUpSubject',
    'getSubjectAccess',
    'getArtifactContent',
    ...SYSTEMS,
    ...MODELS,
    ...PRIVACY,
    ...RETENTION,
  ],
  authority: [
    ...SINGLE,
    ...PROOFS,
    ...NUMBERS,
    ...EXPORTS,
    'listLabelled',
    ...STATE,
    ...LEDGER,
    'lookUpSubject',
    'getArtifactContent',
    ...SYSTEMS,
    ...MODELS,
  ],
  admin: [
    ...KEYS,
    ...TIERS,
    ...PRIVACY,
    ...RETENTION,
    ...ERASURES_SEEN,
    ...LOOKS,
    ...STATE,
    ...LEDGER,
    ...SETTINGS,
    ...SYSTEMS,
    ...HOLDS_SEEN,
    ...HOLDS,
    'archiveLedger',
    'getMetrics',
  ],
  subject: [...SINGLE, 'getProof', 'getSubjectAccess', 'exportSubject'],
}
/** What any key may do, and what needs none. */
const ANY_KEY: readonly Operation[] = ['getSession', 'beginSession', 'endSession', 'listLedgers']
const NO_KEY: readonly Operation[] = ['getHealth', 'getReadiness', 'getOpenApi']
/** Addresses that name one decision, person, emitter or ledger: what is not one's own is not there. */
const NAMES_ONE: readonly Operation[] = [
  'getDecision',
  'getDecisionLineage',
  'getTimeline',
  'getReproducibility',
  ...PROOFS,
  ...EXPORTS,
  'getDecisionAccess',
  'getArtifact',
  'getArtifactContent',
  ...REVIEWS,
  'recordOutcome',
]

const MARK = 'only-the-foreign-system-says-this'

let server: ServerProcess
let own: Target
let foreign: Target
let elsewhere: Target
const keys = new Map<string, string>()

async function send(
  probe: Probe,
  key: string | undefined,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { method, path, body } = probe
  return fetch(`${server.url}${path}`, {
    method,
    headers: {
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...probe.headers,
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function keyFor(name: string, more: object, ledger = 'default'): Promise<{ key: string; id: string }> {
  const response = await server.post('/v1/keys', { name, ...more }, { 'Deponent-Ledger': ledger })
  expect(response.status).toBe(201)
  const { key, identity } = (await response.json()) as { key: string; identity: { id: string } }
  return { key, id: identity.id }
}

async function decisionIn(system: string, ledger = 'default'): Promise<Target> {
  const [subject, emitter] = [`person-${system}-${ledger}`, `emitter-${system}-${ledger}`]
  const record = {
    decisionId: `d-${system}-${ledger}`,
    system,
    modelId: system === 'foreign' ? MARK : 'm',
    prediction: 'high',
    affectedUserId: subject,
    inputFeatures: { race: 'x', [system === 'foreign' ? MARK : 'income']: 1 },
    emitter: { id: emitter, epoch: 1, seq: 1, blind: 'a'.repeat(64) },
  }
  const response = await server.post('/v1/decisions?wait=checkpoint', record, { 'Deponent-Ledger': ledger })
  expect(response.status).toBe(201)
  const { receipts } = (await response.json()) as { receipts: { id: string }[] }
  const event = { eventType: 'deployed', modelVersion: '1', actor: record.modelId, system }
  const deployed = await server.post('/v1/models/m/events', event, { 'Deponent-Ledger': ledger })
  expect(deployed.status).toBe(201)
  const made = async (path: string, body: object): Promise<Record<string, string>> => {
    const made = await server.post(path, body, { 'Deponent-Ledger': ledger })
    expect(made.status).toBe(201)
    return (await made.json()) as Record<string, string>
  }
  const { artifactId } = await made(`/v1/artifacts?decision=${receipts[0]!.id}`, { says: MARK })
  const { requestId } = await made('/v1/requests', { requestType: 'access', subject })
  const { holdId } = await made('/v1/holds', {
    ground: 'litigation',
    scope: { subjects: [subject] },
    owner: 'legal',
    reviewAt: '2199-01-01T00:00:00Z',
    reason: 'to be probed',
  })
  const nobody = `/v1/subjects/nobody-${system}-${ledger}`
  const erasing = await server.fetch(nobody, { method: 'DELETE', headers: { 'Deponent-Ledger': ledger } })
  expect(erasing.status).toBe(202)
  const { erasureId } = (await erasing.json()) as { erasureId: string }
  const spare = await keyFor(`spare of ${system}`, { roles: ['writer'], systems: [system] }, ledger)
  return {
    id: receipts[0]!.id,
    decisionId: record.decisionId,
    system,
    subject,
    emitter,
    ledger,
    spareIdentity: spare.id,
    requestId: requestId!,
    holdId: holdId!,
    erasureId,
    artifactId: artifactId!,
  }
}

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
  expect((await server.post('/v1/ledgers', { name: 'acme' })).status).toBe(201)
  own = await decisionIn('own')
  foreign = await decisionIn('foreign')
  elsewhere = await decisionIn('own', 'acme')
  await server.indexed()
  for (const role of ROLES) {
    const person = role === 'subject' ? { subject: own.subject } : {}
    keys.set(role, (await keyFor(`${role} of all`, { roles: [role], ...person })).key)
    if (role !== 'subject')
      keys.set(`${role} of own`, (await keyFor(`${role} of own`, { roles: [role], systems: ['own'] })).key)
    const there = role === 'subject' ? { subject: elsewhere.subject } : {}
    keys.set(`${role} of acme`, (await keyFor(`${role} of acme`, { roles: [role], ...there }, 'acme')).key)
  }
}, 120_000)
afterAll(() => server.stop())

/** Exporters are answered in their own words: 7 is PERMISSION_DENIED. */
const isOtlp = (operation: Operation): boolean =>
  ROUTES.some((route) => route.operation === operation && route.speaks === 'otlp')

const isAllowed = (role: Role, operation: Operation): boolean =>
  [...MAY[role], ...ANY_KEY, ...NO_KEY].includes(operation)

describe('every route', () => {
  test('is probed, and said by hand who may use it', () => {
    expect(Object.keys(PROBES).toSorted()).toEqual(ROUTES.map(({ operation }) => operation).toSorted())
    const known = new Set([...Object.values(MAY).flat(), ...ANY_KEY, ...NO_KEY, 'createLedger'])
    expect(ROUTES.filter(({ operation }) => !known.has(operation))).toEqual([])
  })

  test.each(ROUTES.map((route): [Operation, Route] => [route.operation, route]))(
    '%s answers 401 without a key and with a wrong one, unless it is open',
    async (operation) => {
      for (const key of [undefined, 'dpk_wrong']) {
        const { status } = await send(PROBES[operation](own), key)
        expect(status, `${operation} with ${key}`).toBe(NO_KEY.includes(operation) ? 200 : 401)
      }
    },
  )

  describe.each([...ROLES])('as %s', (role) => {
    test.each(ROUTES.map(({ operation }) => operation))(
      '%s is allowed or denied as written',
      async (operation) => {
        const response = await send(PROBES[operation](own), keys.get(role))
        const text = await response.text()
        if (isAllowed(role, operation)) {
          expect([401, 403, 404, 500], `${operation} as ${role}: ${text.slice(0, 300)}`).not.toContain(
            response.status,
          )
          return
        }
        expect(response.status, text.slice(0, 300)).toBe(403)
        expect(JSON.parse(text)).toMatchObject(isOtlp(operation) ? { code: 7 } : { code: 'forbidden' })
      },
    )

    // A person has no systems; what is not about them is tried in a test of its own.
    test.each(role === 'subject' ? [] : ROUTES.map(({ operation }) => operation))(
      '%s tells nothing of another system',
      async (operation) => {
        if (operation === 'getOpenApi' || operation === 'listKeys' || operation === 'getMetrics') return
        const response = await send(PROBES[operation](foreign), keys.get(`${role} of own`))
        const text = await response.text()
        if (isAllowed(role, operation) && [...NAMES_ONE, 'getFields'].includes(operation))
          expect([404, 400], `${operation}: ${text.slice(0, 300)}`).toContain(response.status)
        if (!LEDGER.includes(operation)) {
          expect(text).not.toContain(MARK)
          expect(text).not.toContain(foreign.id)
        }
      },
    )

    test.each(ROUTES.map(({ operation }) => operation))(
      '%s tells nothing of another ledger',
      async (operation) => {
        const probe = PROBES[operation]({ ...own, spareIdentity: 'i-0000000000000000' })
        const key = keys.get(`${role} of acme`)
        const response = await send(probe, key)
        const text = await response.text()
        const names = [...NAMES_ONE, ...LEDGER, 'archiveLedger', 'rotateKey', 'revokeKey']
        if (isAllowed(role, operation) && names.includes(operation))
          expect([404, 400], `${operation}: ${text.slice(0, 300)}`).toContain(response.status)
        for (const secret of [own.id, foreign.id, MARK, 'default/']) {
          // What was asked for may stand in the answer only where it is not an answer about it.
          if (operation !== 'listAccess') expect(text, operation).not.toContain(secret)
        }
        const named = await send(probe, key, { 'Deponent-Ledger': 'default' })
        expect(named.status).toBe(response.status)
      },
    )
  })
})

describe('what the probes look for', () => {
  test('is there to be found by whoever may', async () => {
    for (const operation of [
      'listDecisions',
      'postSql',
      'getAggregate',
      'getSystems',
      'listModels',
      'getModel',
      'assess',
    ] as const) {
      const whole = await (await send(PROBES[operation](own), keys.get('auditor'))).text()
      const narrow = await (await send(PROBES[operation](own), keys.get('auditor of own'))).text()
      expect([whole.includes('foreign') || whole.includes(MARK), whole.includes('own')], operation).toEqual([
        true,
        true,
      ])
      expect([narrow.includes('foreign'), narrow.includes('own')], operation).toEqual([false, true])
    }
  })

  test('is not shown to a person whom it is not about', async () => {
    const key = keys.get('subject')
    const { items } = (await (await send(PROBES.listDecisions(own), key)).json()) as {
      items: { id: string }[]
    }
    expect(items.map(({ id }) => id)).toEqual([own.id])
    for (const operation of [
      'getDecision',
      'getDecisionLineage',
      'getTimeline',
      'getReproducibility',
      'getProof',
      'getSubjectAccess',
      'exportSubject',
    ] as const)
      expect((await send(PROBES[operation](foreign), key)).status, operation).toBe(404)
  })
})

describe('a key narrowed to a system', () => {
  test('makes no key, no policy and archives nothing, whatever its role', async () => {
    for (const operation of [
      'listKeys',
      'makeKey',
      'rotateKey',
      'revokeKey',
      'putPolicy',
      'putPrivacy',
      'previewFields',
      'archiveLedger',
      ...RETENTION,
      ...ERASURES_SEEN,
      ...HOLDS_SEEN,
      ...HOLDS,
    ] as const)
      expect((await send(PROBES[operation](own), keys.get('admin of own'))).status).toBe(403)
    for (const operation of [...PERSONS, ...ERASURES_SEEN, ...ERASURES])
      expect((await send(PROBES[operation](own), keys.get('privacy_officer of own'))).status).toBe(403)
  })

  test('sees who looked at its own decisions, without what else those looks showed', async () => {
    const key = keys.get('auditor of own')
    expect((await send(PROBES.listAccess(own), key)).status).toBe(403)
    const seen = await send(PROBES.getDecisionAccess(own), key)
    const { items } = (await seen.json()) as { items: { objects: string[]; query?: unknown }[] }
    expect(items.length).toBeGreaterThan(0)
    for (const { objects, query } of items) expect([objects, query]).toEqual([[own.id], undefined])
  })
})

describe('the token of first start', () => {
  test('names a ledger, and one that is not there is not found', async () => {
    const probe = PROBES.listLedgers(own)
    expect((await send(probe, server.key, { 'Deponent-Ledger': 'acme' })).status).toBe(200)
    expect((await send(probe, server.key, { 'Deponent-Ledger': 'nobody' })).status).toBe(404)
  })

  test('manages and reads nothing more once another admin is there', async () => {
    expect((await send(PROBES.listKeys(own), server.key)).status).toBe(200)
    expect((await send(PROBES.getDecision(own), server.key)).status).toBe(403)
  })

  test('alone makes ledgers', async () => {
    expect((await send(PROBES.createLedger(own), server.key)).status).toBe(400)
    for (const role of ROLES) expect((await send(PROBES.createLedger(own), keys.get(role))).status).toBe(403)
  })
})
