import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemOf } from './answers.ts'
import { KeyHolders } from './key-holders.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const DAY_MS = 86_400_000
const NOW = Date.now()
const ago = (days: number): string => new Date(NOW - days * DAY_MS).toISOString()
const SYSTEM = { system: 'credit' }
const AUC = { metric: 'auc', value: 0.81, threshold: 0.75, passed: true }

let place: Place
let server: ServerProcess
const holders = new KeyHolders(() => server)

async function recorded(...records: object[]): Promise<void> {
  const answer = await server.post('/v1/records', records)
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)])
}

async function happened(modelId: string, ...events: object[]): Promise<void> {
  const answer = await server.post(
    `/v1/models/${modelId}/events`,
    events.map((event) => ({ ...SYSTEM, ...event })),
  )
  expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)])
}

const decision = (decisionId: string, modelVersion: string, days: number, more: object = {}): object => ({
  decisionId,
  ...SYSTEM,
  modelId: 'risk',
  modelVersion,
  environment: 'production',
  timestamp: ago(days),
  prediction: 'declined',
  affectedUserId: 'person-1',
  ...more,
})

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  await holders.make('auditor', ['auditor'])
  await holders.make('operator', ['operator'])
  await holders.make('writer', ['writer'])
  await recorded(
    { kind: 'system.declared', ...SYSTEM, name: 'credit', owner: 'grace' },
    { kind: 'dataset.registered', ...SYSTEM, datasetId: 'accounts', version: '1', origin: 'core banking' },
    { kind: 'dataset.registered', ...SYSTEM, datasetId: 'loans', version: '7', digest: 'sha256:ab' },
    {
      kind: 'dataset.transformed',
      ...SYSTEM,
      datasetId: 'loans',
      version: '7',
      inputs: [{ datasetId: 'accounts', version: '1' }],
      transformation: 'joined by loan',
    },
  )
  const v1 = { modelVersion: '1' }
  await happened(
    'risk',
    { ...v1, eventType: 'training_completed', at: ago(30), actor: 'ada', trainingDataRef: 'loans/7' },
    { ...v1, eventType: 'evaluation_completed', at: ago(29), evaluationResults: [AUC] },
    { ...v1, eventType: 'deployment_approved', at: ago(28), actor: 'grace' },
    { ...v1, eventType: 'deployed', at: ago(27), actor: 'ops', environment: 'production' },
    { modelVersion: '2', eventType: 'deployed', at: ago(10), actor: 'ops', environment: 'production' },
    { modelVersion: '1', previousVersion: '2', eventType: 'rollback', at: ago(5), reason: 'too strict' },
  )
  await server.post('/v1/decisions', [
    ...Array.from({ length: 12 }, (_, i) => decision(`loan-1-${i}`, '1', 20)),
    ...Array.from({ length: 3 }, (_, i) => decision(`loan-2-${i}`, '2', 8)),
    ...Array.from({ length: 2 }, (_, i) => decision(`late-${i}`, '2', 2)),
    decision('strange', '9', 2),
    decision('other', '1', 2, { modelId: 'guess', system: 'games' }),
    decision('nameless', '', 2),
  ])
  await server.indexed()
}, 120_000)
afterAll(() => server.stop())

interface Deployment {
  modelVersion: string
  system: string
  environment: string
  from: string
  to: string | null
  authorisedBy?: string
  entry: string
}

interface Version {
  modelVersion: string
  state: string
  builtBy: { by: string; entry: string }[]
  approvedBy: { by: string }[]
  evaluations: object[]
  trainingData: { datasetId: string; version: string; isRegistered: boolean }[]
  deployments: Deployment[]
  decisions: { count: number }
}

interface Biography {
  modelId: string
  isWhole: boolean
  inForce: { at: string; asRecorded: Deployment[]; asKnown: Deployment[] }
  versions: Version[]
  events: { id: string; kind: string; at: string; receivedAt: string; record: Record<string, unknown> }[]
}

interface Lineage {
  inForce?: Biography['inForce']
  decision?: { modelVersion: string }
  graph: {
    nodes: { id: string; type: string; decisions?: number; href?: string }[]
    edges: { from: string; to: string; type: string; entries: string[] }[]
  }
}

describe('the life of a model', () => {
  test('is told by its events in the order of time, each with its entry', async () => {
    const { events, isWhole } = await server.get<Biography>('/v1/models/risk')
    expect(isWhole).toBe(true)
    expect(events.map(({ kind }) => kind)).toEqual([
      'model.training_completed',
      'model.evaluation_completed',
      'model.deployment_approved',
      'model.deployed',
      'model.deployed',
      'model.rollback',
    ])
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted())
    const proof = await server.fetch(`/v1/decisions/${events[0]!.id}/proof`)
    expect([200, 409]).toContain(proof.status)
  })

  test('says who built and approved each version, what came of its evaluation, what it was trained on, what it decided', async () => {
    const { versions } = await server.get<Biography>('/v1/models/risk')
    expect(
      versions.map(({ decisions, modelVersion, state }) => [modelVersion, state, decisions.count]),
    ).toEqual([
      ['1', 'in_force', 12],
      ['2', 'replaced', 5],
      ['9', 'undeclared', 1],
    ])
    expect(versions[0]).toMatchObject({
      builtBy: [{ by: 'ada' }],
      approvedBy: [{ by: 'grace' }],
      evaluations: [AUC],
      trainingData: [{ datasetId: 'loans', version: '7', isRegistered: true }],
    })
    expect(versions[0]!.deployments).toMatchObject([
      { from: ago(27), to: ago(10), deployedBy: 'ops', authorisedBy: 'grace' },
      { from: ago(5), to: null },
    ])
  })

  test('says which version was in force at a time: by what was recorded then, and by what is known now', async () => {
    const at = (moment: string): Promise<Biography> =>
      server.get<Biography>(`/v1/models/risk?at=${encodeURIComponent(moment)}`)
    const { inForce } = await at(ago(7))
    expect(inForce.asKnown).toMatchObject([
      { modelVersion: '2', environment: 'production', system: 'credit' },
    ])
    expect(inForce.asRecorded).toEqual([])
    const soon = new Date(Date.now() + 60_000).toISOString()
    expect((await at(soon)).inForce.asRecorded).toMatchObject([{ modelVersion: '1' }])
    await problemOf(server.fetch('/v1/models/risk?at=yesterday'), 400, 'bad_parameter')
    await problemOf(server.fetch('/v1/models/risk?when=now'), 400, 'unknown_parameter')
    await problemOf(server.fetch('/v1/models/nothing'), 404, 'not_found')
  })

  test('is listed with those of other models, declared or not', async () => {
    const { items } = await server.get<{
      items: { modelId: string; isDeclared: boolean; decisions: { count: number }; inForce: Deployment[] }[]
    }>('/v1/models')
    expect(items.map(({ decisions, isDeclared, modelId }) => [modelId, isDeclared, decisions.count])).toEqual(
      [
        ['guess', false, 1],
        ['risk', true, 19],
      ],
    )
    expect(items[1]!.inForce).toMatchObject([{ modelVersion: '1' }])
  })

  test('is on record as looked at, with the entries that were shown', async () => {
    const { events } = await server.get<Biography>('/v1/models/risk')
    await expect
      .poll(
        async () => {
          await server.indexed()
          const { items } = await server.get<{
            items: { operation?: string; action: string; objects: string[] }[]
          }>('/v1/access?action=models&limit=200')
          return items.flatMap(({ objects }) => objects)
        },
        { timeout: 60_000, interval: 200 },
      )
      .toEqual(expect.arrayContaining(events.map(({ id }) => id)))
  })

  test('is for whoever may see models, and its numbers leave out what is small for who sees groups only', async () => {
    expect((await server.fetch('/v1/models/risk', holders.as('writer'))).status).toBe(403)
    const seen = await holders.get<Biography & { suppressed: object }>('operator', '/v1/models/risk')
    expect(seen.events).toHaveLength(6)
    expect(seen.suppressed).toEqual({ groups: expect.any(Number), below: 10 })
    expect(seen.versions.map(({ modelVersion }) => modelVersion)).toEqual(['1', '2'])
    expect((await server.fetch('/v1/decisions/loan-1-0/lineage', holders.as('operator'))).status).toBe(403)
  })
})

describe('lineage', () => {
  test('leads from a decision to its version, its training data and what those were made of', async () => {
    const { decision, graph, inForce } = await server.get<Lineage>('/v1/decisions/loan-1-0/lineage')
    expect(decision).toMatchObject({ modelVersion: '1', modelId: 'risk', system: 'credit' })
    expect(inForce).toMatchObject({ asRecorded: [], asKnown: [{ modelVersion: '1', authorisedBy: 'grace' }] })
    expect(
      graph.edges.map(({ from, to, type }) => [from, type, to.replace(/decision:.*/, 'decision')]),
    ).toEqual(
      expect.arrayContaining([
        ['dataset:accounts@1', 'transformed', 'dataset:loans@7'],
        ['dataset:loans@7', 'trained', 'version:risk@1'],
        ['version:risk@1', 'decided', 'decision'],
      ]),
    )
    expect(graph.edges.every(({ entries }) => entries.length > 0)).toBe(true)
    expect(graph.nodes).toHaveLength(4)
  })

  test('leads from a data set to the versions and the decisions it went into, with a query that finds them', async () => {
    const { graph } = await server.get<Lineage>('/v1/lineage?datasetId=accounts&version=1')
    const decided = graph.nodes.find(({ type }) => type === 'decisions')
    expect(decided).toMatchObject({ id: 'decisions:risk@1', decisions: 12 })
    const { items } = await server.get<{ items: object[] }>(decided!.href!)
    expect(items).toHaveLength(12)
  })

  test('of a version has both ends', async () => {
    const { graph } = await server.get<Lineage>('/v1/lineage?modelId=risk&modelVersion=1')
    expect(graph.nodes.map(({ id }) => id).toSorted()).toEqual([
      'dataset:accounts@1',
      'dataset:loans@7',
      'decisions:risk@1',
      'version:risk@1',
    ])
    const all = await server.get<Lineage>('/v1/lineage')
    expect(all.graph.nodes.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['version:guess@1', 'dataset:loans@7']),
    )
    await problemOf(server.fetch('/v1/lineage?datasetId=loans&modelId=risk'), 400, 'bad_parameter')
    await problemOf(server.fetch('/v1/lineage?modelVersion=1'), 400, 'bad_parameter')
    await problemOf(server.fetch('/v1/lineage?datasetId=loans&modelVersion=1'), 400, 'bad_parameter')
    await problemOf(server.fetch('/v1/lineage?modelId=risk&version=7'), 400, 'bad_parameter')
    await problemOf(server.fetch('/v1/lineage?datasetId=nothing'), 404, 'not_found')
  })

  test('lists data sets with what they were made of and who was trained on them', async () => {
    const { items } = await server.get<{ items: object[] }>('/v1/datasets')
    expect(items).toMatchObject([
      { datasetId: 'accounts', version: '1', origin: 'core banking', isRegistered: true, usedBy: [] },
      {
        datasetId: 'loans',
        version: '7',
        transformations: [{ inputs: [{ datasetId: 'accounts', version: '1' }], how: 'joined by loan' }],
        usedBy: [{ modelId: 'risk', modelVersion: '1' }],
      },
    ])
  })
})

describe('deponent gate', () => {
  const gate = (...args: string[]): ReturnType<typeof runCommand> =>
    runCommand(['gate', '--data', place.data, '--model', 'risk', ...args])

  test('exits 0 for a version that may go, and sees what was recorded a moment ago', async () => {
    expect(await gate('--version', '1')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^passed risk 1\n/),
    })
    const v3 = { modelVersion: '3' }
    await happened(
      'risk',
      {
        ...v3,
        eventType: 'training_completed',
        actor: 'ada',
        trainingDataRef: [{ datasetId: 'loans', version: 7 }],
      },
      { ...v3, eventType: 'evaluation_completed', evaluationResults: [AUC] },
      { ...v3, eventType: 'deployment_approved', approver: 'grace', environment: 'staging' },
    )
    expect(await gate('--version', '3', '--environment', 'staging')).toMatchObject({ code: 0 })
  })

  test('exits 1 with every reason for one that may not', async () => {
    const { code, stdout } = await gate('--version', '3', '--environment', 'production', '--json')
    const answer = JSON.parse(stdout) as { verdict: string; reasons: { check: string; outcome: string }[] }
    expect([code, answer.verdict]).toEqual([1, 'failed'])
    expect(answer.reasons.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check)).toEqual([
      'approved',
      'approver_is_not_builder',
    ])
    const text = await gate('--version', '2')
    expect(text.code).toBe(1)
    for (const check of ['evaluation_passed', 'approved', 'datasets_registered'])
      expect(text.stdout).toMatch(new RegExp(`FAILED +${check}: `))
    expect(await gate('--version', 'nothing')).toMatchObject({ code: 1 })
  })

  test('exits 2 when it is not asked properly, and 3 when its key does not see everything', async () => {
    expect(await gate()).toMatchObject({ code: 2 })
    expect(await runCommand(['gate', '--version', '1'])).toMatchObject({ code: 2 })
    const made = await server.post('/v1/keys', { name: 'ci', roles: ['operator'], systems: ['credit'] })
    const { key } = (await made.json()) as { key: string }
    const narrow = await gate('--version', '1', '--key', key)
    expect(narrow).toMatchObject({ code: 3, stdout: expect.stringMatching(/^incomplete /) })
  })

  test('is not taken for whole where a purpose would open more than is open without one', async () => {
    const { version, ...policy } = await server.get<{ version: number; rules: object[] }>('/v1/policy')
    const rule = { role: 'reviewer', actions: ['models'], fields: ['plain'] }
    const rules = [
      ...policy.rules.map((one) => ({
        ...one,
        actions: (one as typeof rule).actions.filter(
          (action) => action !== 'models' || (one as typeof rule).role !== 'reviewer',
        ),
      })),
      { ...rule, systems: ['credit'], purpose: false },
      { ...rule, systems: null, purpose: true },
    ]
    const put = {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...policy, version, rules, reason: 'a test' }),
    }
    const changed = await server.fetch('/v1/policy', put)
    expect([changed.status, await changed.text()]).toEqual([200, expect.any(String)])
    await holders.make('reviewer', ['reviewer'])
    const path = '/v1/models/risk/gate?modelVersion=1'
    expect(await holders.get('reviewer', path)).toMatchObject({ verdict: 'incomplete', isWhole: false })
    expect(await holders.get('reviewer', path, { 'Deponent-Purpose': 'a release' })).toMatchObject({
      verdict: 'passed',
      isWhole: true,
    })
  })
})

describe('somebody who built or approved a version and is erased', () => {
  test('is named in the life of its model no more, and the gate finds nobody there', async () => {
    const event = { modelVersion: '1', trainingDataRef: 'loans/7' }
    await happened(
      'scorer',
      { ...event, eventType: 'training_completed', at: ago(4), actor: 'turing', codeCommit: '9f31c07' },
      { ...event, eventType: 'evaluation_completed', at: ago(3), evaluationResults: [AUC] },
      { ...event, eventType: 'deployment_approved', at: ago(2), approver: { id: 'hopper', name: 'H.' } },
    )
    await server.indexed()
    const gatePath = '/v1/models/scorer/gate?modelVersion=1'
    expect(await server.get<object>(gatePath)).toMatchObject({ verdict: 'passed' })
    for (const who of ['turing', 'hopper']) {
      const asked = await server.fetch(`/v1/subjects/${who}?class=staff`, { method: 'DELETE' })
      const { erasureId } = (await asked.json()) as { erasureId: string }
      await expect
        .poll(() => server.get<{ receipt: object | null }>(`/v1/erasures/${erasureId}`), { timeout: 60_000 })
        .toMatchObject({ receipt: { records: 1 } })
    }
    await server.indexed()
    const told = await server.get<Biography>('/v1/models/scorer')
    expect(JSON.stringify(told)).not.toMatch(/turing|hopper/)
    expect(told.events.map(({ record }) => record['codeCommit'])).toEqual(['9f31c07', undefined, undefined])
    expect(await server.get<object>(gatePath)).toMatchObject({
      verdict: 'failed',
      reasons: expect.arrayContaining([
        expect.objectContaining({ check: 'approved', outcome: 'failed' }),
        expect.objectContaining({ check: 'approver_is_not_builder', outcome: 'failed' }),
      ]),
    })
  })
})

describe('deponent assess', () => {
  interface Finding {
    severity: string
    code: string
    system?: string
    modelId?: string
    modelVersion?: string
    decisions?: number
    next: string
  }

  test('finds what decides and is not declared, with the next step for each', async () => {
    const { code, stdout } = await runCommand(['assess', '--data', place.data, '--json'])
    const { findings, verdict } = JSON.parse(stdout) as { verdict: string; findings: Finding[] }
    expect([code, verdict]).toEqual([1, 'gaps'])
    const found = (wanted: Partial<Finding>): void =>
      expect(findings).toContainEqual(
        expect.objectContaining({ ...wanted, next: expect.stringMatching(/./) }),
      )
    found({ code: 'system_undeclared', system: 'games', decisions: 1 })
    found({ code: 'system_without_tier', system: 'credit' })
    found({ code: 'model_undeclared', modelId: 'guess', decisions: 1 })
    found({ code: 'version_undeclared', modelId: 'risk', modelVersion: '9', decisions: 1 })
    found({ code: 'version_not_stated', modelId: 'risk', decisions: 1 })
    found({ code: 'version_not_in_force', modelId: 'risk', modelVersion: '2', decisions: 2 })
    found({ code: 'fields_missing', system: 'credit' })
    expect(findings.filter(({ code: one }) => one === 'system_without_owner')).toEqual([])
    expect(findings.filter(({ modelVersion }) => modelVersion === '1')).toEqual([])
  })

  test('gives no verdict to a key that may not see where something is declared, and does not say that nobody uses it', async () => {
    const event = { modelVersion: '1', eventType: 'deployed', approver: 'grace', at: ago(9) }
    expect((await server.post('/v1/models/everywhere/events', event)).status).toBe(201)
    await server.post('/v1/decisions', decision('seen', '1', 1, { modelId: 'everywhere' }))
    const elsewhere = { modelId: 'afar', modelVersion: '1', eventType: 'deployed', approver: 'grace' }
    await happened('afar', elsewhere)
    await server.post('/v1/decisions', decision('unseen', '1', 1, { modelId: 'afar', system: 'games' }))
    await server.indexed()
    await holders.make('narrow', ['operator'], { systems: ['credit'] })
    const answer = await holders.get<{ verdict: string; findings: Finding[]; isWhole: boolean }>(
      'narrow',
      '/v1/assess',
    )
    expect(answer).toMatchObject({ verdict: 'incomplete', isWhole: false })
    const codes = answer.findings.map(({ code }) => code)
    expect(codes).not.toContain('version_unused')
  })

  test('says a next step that a shell takes, whatever the names are', async () => {
    const modelId = "it's $(touch gone)"
    await server.post('/v1/decisions', decision('quoted', '1', 1, { modelId }))
    await server.indexed()
    const { findings } = await server.get<{ findings: Finding[] }>('/v1/assess')
    const { next } = findings.find((finding) => finding.modelId === modelId)!
    expect(next).toContain(String.raw`it'\''s $(touch gone)`)
  })
})
