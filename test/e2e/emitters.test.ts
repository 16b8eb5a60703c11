import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalJson, emitterLink, EMPTY_HEAD, fromHex, nextHead, toHex } from '@deponent/format'
import { Deponent } from '@deponent/sdk'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

let place: Place
let server: ServerProcess

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
})
afterAll(() => server.stop())

const blind = (seq: number): string => seq.toString(16).padStart(64, '0')
const record = (seq: number) => ({ decisionId: `d-${seq}`, modelId: 'm', prediction: 'high' })
const numbered = (id: string, seq: number) => ({
  ...record(seq),
  decisionId: `${id}-${seq}`,
  emitter: { id, epoch: 1, seq, blind: blind(seq) },
})

interface Emitters {
  items: { emitter: string; epochs: Record<string, unknown>[] }[]
}
const emitter = async (name: string): Promise<Record<string, unknown> | undefined> =>
  (await server.get<Emitters>('/v1/emitters')).items.find((item) => item.emitter === name)?.epochs[0]

const code = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as { code: string }).code,
]

describe('emitters over HTTP', () => {
  test('a batch with its head is judged, and the gap in it is shown', async () => {
    const sent = [1, 2, 4].map((seq) => numbered('shop', seq))
    let head = EMPTY_HEAD
    for (const { emitter: _, ...rest } of sent.slice(0, 2))
      head = nextHead(
        head,
        Number(rest.decisionId.at(-1)),
        emitterLink(fromHex(blind(Number(rest.decisionId.at(-1)))), canonicalJson(rest)),
      )
    const headers = { 'Deponent-Emitter-Head': `shop 1 2 ${toHex(head)}` }
    expect((await server.post('/v1/decisions', sent, headers)).status).toBe(201)
    expect(await emitter('shop')).toMatchObject({
      first: 1,
      last: 4,
      missing: 1,
      gaps: [[3, 3]],
      chain: { state: 'verified', verifiedTo: 2 },
    })
    expect(
      await code(await server.post('/v1/decisions', record(9), { 'Deponent-Emitter-Head': 'shop 1' })),
    ).toEqual([400, 'bad_emitter_head'])
  })

  test('a key of its own speaks for one emitter, and nobody else does', async () => {
    await server.post('/v1/decisions', numbered('till', 1))
    const made = await runCommand(['keys', 'emitter', 'till', '--data', place.data])
    expect(made.code).toBe(0)
    const path = made.stdout.trim()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const key = (await readFile(path, 'utf8')).trim()
    const asTill = { Authorization: `Bearer ${key}` }
    await expect
      .poll(async () => (await server.post('/v1/decisions', numbered('till', 2), asTill)).status)
      .toBe(201)
    expect(await code(await server.post('/v1/decisions', numbered('till', 3)))).toEqual([
      403,
      'emitter_not_yours',
    ])
    const foreign = [numbered('till', 4), numbered('shop', 5)]
    expect(await code(await server.post('/v1/decisions', foreign, asTill))).toEqual([
      403,
      'emitter_not_yours',
    ])
    expect(await code(await server.post('/v1/decisions', record(6), asTill))).toEqual([
      403,
      'emitter_not_yours',
    ])
    expect(await code(await server.fetch('/v1/emitters', { headers: asTill }))).toEqual([403, 'forbidden'])
    const beat = { kind: 'emitter.heartbeat', emitterId: 'till', epoch: 1, seq: 2 }
    expect((await server.post('/v1/records', beat, asTill)).status).toBe(201)
    expect(await code(await server.post('/v1/records', beat))).toEqual([403, 'emitter_not_yours'])
    expect(await emitter('till')).toMatchObject({ recorded: 2, missing: 0 })
  })

  test('what the SDK sends is numbered without a gap and follows its chain to the end', async () => {
    const deponent = new Deponent({ url: server.url, key: server.key, emitterId: 'sdk-1', batchSize: 7 })
    for (let i = 0; i < 40; i++) deponent.record({ modelId: 'm', prediction: i % 2 === 0 ? 'low' : 'hîgh' })
    await deponent.close()
    expect(deponent.stats()).toMatchObject({ recorded: 40 })
    expect(await emitter('sdk-1')).toMatchObject({
      ranges: [[1, 40]],
      missing: 0,
      outOfOrder: 0,
      chain: { state: 'verified', verifiedTo: 40 },
      closedAt: expect.any(Number),
    })
  })

  test('a record about a decision is hashed as it was sent, whatever the address adds to it', async () => {
    const comment = { text: 'looked at', at: '2026-01-10T00:00:00Z' }
    const link = emitterLink(fromHex(blind(1)), canonicalJson(comment))
    const headers = { 'Deponent-Emitter-Head': `desk 1 1 ${toHex(nextHead(EMPTY_HEAD, 1, link))}` }
    const body = { ...comment, emitter: { id: 'desk', epoch: 1, seq: 1, blind: blind(1) } }
    const answer = await server.post('/v1/decisions/shop-1/comments', body, headers)
    expect(answer.status).toBe(201)
    expect(await emitter('desk')).toMatchObject({ chain: { state: 'verified' } })
  })

  test('the server alone declares emitters', async () => {
    const answer = await server.post('/v1/records', { kind: 'emitter.declared', name: 'x', slug: 'e1' })
    expect(answer.status).toBe(400)
  })

  test('the server alone records what its vault sealed', async () => {
    const record = { kind: 'vault.sealed', segment: 1, first: 0, end: 9, digest: '0'.repeat(64) }
    const answer = await server.post('/v1/records', record)
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'bad_value', path: '/kind' }] })
  })
})

test('declared counters are held against what was recorded, hour by hour', async () => {
  const at = (hour: number) => `2026-02-01T0${hour}:00:00Z`
  const decisions = [1, 1, 2, 3].map((hour, i) => ({
    decisionId: `counted-${i}`,
    modelId: 'counted',
    prediction: 1,
    timestamp: at(hour),
    tokenUsage: { input: 10, output: 5 },
  }))
  await server.post('/v1/decisions', decisions)
  const reading = (name: string, hour: number, value: number) => ({
    kind: 'counter.reading',
    name,
    hour: at(hour),
    value,
  })
  const declared = { kind: 'counter.declared', name: 'gateway', source: 'gateway', unit: 'calls' }
  const answer = await server.post('/v1/records', [
    { ...declared, filter: { modelId: 'counted' } },
    {
      ...declared,
      name: 'bill',
      source: 'invoice',
      unit: 'tokens',
      filter: { modelId: 'counted' },
      tolerance: 0.1,
    },
    ...[2, 2, 0, 0].map((value, i) => reading('gateway', i + 1, value)),
    { kind: 'counter.reading', name: 'bill', from: at(1), to: '2026-02-01T02:30:00Z', value: 47 },
    reading('unknown', 1, 5),
  ])
  expect(answer.status).toBe(201)
  await server.indexed()
  const { counters, findings } = await server.get<{
    counters: { counter: string; readings: { recorded: number; verdict: string }[] }[]
    findings: { code: string }[]
  }>('/v1/stats/coverage')
  const verdicts = Object.fromEntries(
    counters.map(({ counter, readings }) => [
      counter,
      readings.map(({ recorded, verdict }) => [recorded, verdict]),
    ]),
  )
  expect(verdicts).toEqual({
    gateway: [
      [2, 'matched'],
      [1, 'observed_no_record'],
      [1, 'record_no_observation'],
      [0, 'matched'],
    ],
    bill: [[45, 'matched']],
    unknown: [[null, 'indeterminate']],
  })
  expect(findings.filter((finding) => finding.code === 'counter_difference')).toHaveLength(2)
})

describe('the proof that an emitter has exactly its numbers', () => {
  let file = ''
  let trust = ''

  interface Report {
    verdict: string
    findings: { severity: string; code: string; message: string }[]
  }
  async function verify(...args: string[]): Promise<Report & { code: number }> {
    const { stdout, code } = await runCommand(['verify', ...args, '--json'])
    return { ...(JSON.parse(stdout) as Report), code }
  }
  const codes = ({ findings }: Report): string[] =>
    findings.map(({ severity, code }) => `${severity} ${code}`)

  interface Written {
    claim: { to: number }
    entries: { index: number; disclosed: { text: string }[] }[]
    heads: unknown[]
  }
  async function altered(change: (proof: Written) => void): Promise<string> {
    const proof = JSON.parse(await readFile(file, 'utf8')) as Written
    change(proof)
    const path = join(place.data, '..', 'altered.json')
    await writeFile(path, JSON.stringify(proof))
    return path
  }

  beforeAll(async () => {
    const deponent = new Deponent({ url: server.url, key: server.key, emitterId: 'proven', batchSize: 7 })
    for (let i = 0; i < 25; i++)
      deponent.record({ modelId: 'm', prediction: i, affectedUserId: `p-${i % 3}` })
    await deponent.close()
    file = join(place.data, '..', 'proof.json')
    trust = join(place.data, '..', 'trust.json')
    const { ledgers } = JSON.parse(await readFile(join(place.data, 'format.json'), 'utf8')) as {
      ledgers: { default: object }
    }
    await writeFile(
      trust,
      JSON.stringify({ ledgers: [{ ...ledgers.default, witnesses: [], quorum: 0, timestampRoots: [] }] }),
    )
    const made = await runCommand(['prove', 'emitter', 'proven', '--data', place.data, '--out', file])
    expect(made.stderr).toContain('numbers 1 to 25: 25 entries, 0 declared losses')
  })

  test('is valid offline, and says that the whole ledger was not read', async () => {
    const report = await verify(file, '--trust', trust)
    expect(codes(report)).toEqual(['info emitter_unproven'])
    expect(report).toMatchObject({ verdict: 'valid', code: 0 })
  })

  test('is incomplete without trust', async () => {
    expect(codes(await verify(file))).toContain('gap trust_missing')
  })

  test('is complete with the whole ledger, from its directory or its server', async () => {
    expect(await verify(file, '--trust', trust, '--ledger', place.data)).toMatchObject({
      verdict: 'valid',
      findings: [],
    })
    process.env['DEPONENT_KEY'] = server.key
    expect(await verify(file, '--trust', trust, '--ledger', server.url)).toMatchObject({
      verdict: 'valid',
      findings: [],
    })
  })

  test('shows a number left out, a link replaced, a head withheld', async () => {
    const short = await verify(await altered(({ entries }) => void entries.splice(3, 1)), '--trust', trust)
    expect(codes(short)).toContain('gap emitter_gap')
    const forged = await altered(({ entries }) => {
      const leaf = entries[3]!.disclosed[1]!
      leaf.text = leaf.text.replace(/[0-9a-f]{64}/, 'ab'.repeat(32))
    })
    expect(await verify(forged, '--trust', trust)).toMatchObject({ verdict: 'invalid' })
    const headless = await altered((proof) => void (proof.heads = []))
    expect(codes(await verify(headless, '--trust', trust))).toContain('gap emitter_unproven')
  })

  test('is contradicted by a ledger in which another entry has one of the numbers', async () => {
    await server.post('/v1/decisions', numbered('forked', 1))
    await server.post('/v1/decisions', { ...numbered('forked', 1), decisionId: 'another' })
    const forked = join(place.data, '..', 'forked.json')
    await runCommand(['prove', 'emitter', 'forked', '--data', place.data, '--out', forked])
    const told = await verify(forked, '--trust', trust)
    expect(codes(told)).toContain('gap emitter_fork')
    const proof = JSON.parse(await readFile(forked, 'utf8')) as Written
    proof.entries.pop()
    await writeFile(forked, JSON.stringify(proof))
    expect(codes(await verify(forked, '--trust', trust))).not.toContain('gap emitter_fork')
    expect(codes(await verify(forked, '--trust', trust, '--ledger', place.data))).toContain(
      'error emitter_fork',
    )
  })

  test('may begin anywhere a head was stated, and covers what was declared lost', async () => {
    const loss = { kind: 'emitter.loss', emitterId: 'shop', epoch: 1, seq: 3, reason: 'queue_full' }
    await server.post('/v1/records', loss)
    const made = await runCommand([
      'prove',
      'emitter',
      'shop',
      '--data',
      place.data,
      '--out',
      file,
      '--to',
      '4',
    ])
    expect(made.stderr).toContain('numbers 1 to 4: 3 entries, 1 declared losses')
    const report = await verify(file, '--trust', trust)
    expect(codes(report)).toEqual(['info emitter_loss', 'gap emitter_unproven', 'info emitter_unproven'])
  })
})
