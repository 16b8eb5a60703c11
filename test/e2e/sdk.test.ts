/** The SDK against a real server, which goes away and comes back. */
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deponent } from '@deponent/sdk'
import type { Deponent, Issue } from '@deponent/sdk'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

let place: Place
let server: ServerProcess
let issues: Issue[] = []

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
})
afterAll(() => server.stop())

function client(directory?: string): Deponent {
  issues = []
  return deponent({
    url: server.url,
    key: server.key,
    system: 'credit',
    emitterId: 'credit-app',
    onError: (issue) => void issues.push(issue),
    ...(directory && { spool: { directory } }),
  })
}

async function shown(id: string): Promise<Record<string, unknown>> {
  const response = await server.fetch(`/v1/decisions/${id}?system=credit`, {
    headers: { 'Deponent-Purpose': 'a test' },
  })
  return ((await response.json()) as { record: Record<string, unknown> }).record
}

interface Emitters {
  items: { emitter: string; epochs: { missing: number; lost: number; chain: { state: string } }[] }[]
}

describe('the SDK and a server', () => {
  test('a wrapped call, its review, its outcome and the rest are all kept, none missing from the chain', async () => {
    const audit = client()
    let id = ''
    const decide = audit.wrap((income: number) => (income > 1000 ? 'approved' : 'declined'), {
      modelId: 'risk',
      modelVersion: '3.2',
      riskTier: 'high',
      affectedUserId: 'ann',
      explain: (result, income) => ({
        reasoning: `${result} for ${income}`,
        topFeatures: [{ feature: 'income', importance: 1 }],
      }),
      onRecorded: (decisionId) => (id = decisionId),
    })
    audit.context({ sessionId: 's-1', environment: 'staging' }, () => decide(900))
    await audit.flush()
    audit.review({
      decisionId: id,
      verdict: 'override',
      humanDecision: 'approved',
      reviewerId: 'bo',
      comment: 'paid before',
    })
    audit.outcome({ decisionId: id, outcome: 'repaid' })
    audit.outcome({ decisionId: id, outcome: 'repaid late' })
    audit.action({ decisionId: id, toolName: 'transfer', reversible: false })
    audit.query({ input: 'why was it declined?', modelId: 'risk' })
    audit.explanation({ decisionId: id, reasoning: 'income below the line' })
    audit.lifecycle({ modelId: 'risk', eventType: 'deployed', modelVersion: '3.2' })
    audit.dataset({ datasetId: 'loans', version: '2026' })
    const lineage = audit.lineage({
      datasetId: 'loans',
      version: '2027',
      inputs: [{ datasetId: 'loans', version: '2026' }],
    })
    await audit.close()
    expect(issues).toEqual([])
    expect(audit.stats()).toMatchObject({ reported: 10, recorded: 10, lost: 0, rejected: 0 })
    expect(audit.receipt(lineage)).toMatchObject({ status: 'recorded' })
    expect(await audit.verify(id)).toMatchObject({ verdict: 'incomplete' })
    expect(await shown(id)).toMatchObject({
      prediction: 'declined',
      sessionId: 's-1',
      environment: 'staging',
      explanation: { reasoning: 'declined for 900' },
    })
    const { items } = await server.get<Emitters>('/v1/emitters')
    const [epoch] = items.find(({ emitter }) => emitter === 'credit-app')!.epochs
    expect(epoch).toMatchObject({ missing: 0, chain: { state: 'verified' } })
  })

  test('what was decided while the server was away is sealed on the disk, and in the ledger once it is back', async () => {
    const directory = join(await mkdtemp(join(tmpdir(), 'spool-')), 'spool')
    const before = client(directory)
    before.log({ modelId: 'risk', prediction: 'before' })
    await before.flush()
    await server.stop()
    const id = before.log({ modelId: 'risk', prediction: 'meanwhile', input: { income: 900 } })
    before.outcome({ decisionId: id, outcome: 'repaid' })
    await before.close({ timeoutMs: 500 })
    expect((await readdir(directory)).filter((name) => name.endsWith('.batch'))).toHaveLength(2)
    expect(issues.filter(({ code }) => code === 'lost')).toEqual([])
    server = await ServerProcess.start(place)
    const after = client(directory)
    await expect.poll(() => after.stats(), { timeout: 30_000 }).toMatchObject({ replayed: 2, spooled: 0 })
    await after.close()
    expect(issues).toEqual([])
    expect(await shown(id)).toMatchObject({ prediction: 'meanwhile', input: { income: 900 } })
    const verified = await runCommand(['verify', place.data])
    expect(verified.stdout).toMatch(/^valid: /m)
    expect(verified.stdout).not.toMatch(/emitter_(gap|fork|head_mismatch)/)
  })

  test('what was written to a file comes in later, of every kind, with who it names replaced', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'sink-')), 'decisions.jsonl')
    const audit = deponent({ sink: { file }, system: 'credit' })
    const id = audit.log({
      modelId: 'risk',
      prediction: 'declined',
      affectedUserId: 'ann',
      input: 'write to ann@example.com',
    })
    audit.outcome({ decisionId: id, outcome: 'repaid' })
    await audit.close()
    const imported = await runCommand(['import', file, '--url', server.url, '--key', server.key])
    expect([imported.code, imported.stdout]).toEqual([0, expect.stringContaining('2 recorded')])
    expect(await shown(id)).toMatchObject({
      prediction: 'declined',
      affectedUserId: expect.stringMatching(/^hash_/),
      input: expect.stringMatching(/^hash_/),
    })
  })

  test('a body sealed to another ledger, or damaged, is refused as a whole', async () => {
    const headers = { 'Content-Type': 'application/vnd.deponent.sealed' }
    const response = await server.post('/v1/decisions', 'deponent sealed batch v1\n{}\n', headers)
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      400,
      'bad_sealing',
    ])
  })
})
