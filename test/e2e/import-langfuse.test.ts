/** Coming from Langfuse: its exports, its API, and sending to both for a while. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { textOf } from '../docs/tree.ts'
import { fixture } from '../ingest/imported.ts'
import { newPlace, runCommand, ServerProcess } from './server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace(), ['serve', '--trace-wait', '1'])
})
afterAll(() => server.stop())

const rowsIn = (name: string): object[] =>
  readFileSync(fixture(name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)

async function importing(
  args: readonly string[],
): Promise<{ code: number; events: number; rejected: number; stderr: string }> {
  const to = ['--url', server.url, '--key', server.key, '--json']
  const { code, stdout, stderr } = await runCommand(['import', ...args, ...to])
  return {
    code,
    stderr,
    ...(JSON.parse(stdout === '' ? '{}' : stdout) as { events: number; rejected: number }),
  }
}

/** Decisions of a system, once there are so many. */
async function decisionsOf(system: string, least: number): Promise<{ id: string }[]> {
  for (;;) {
    await server.indexed()
    const { items } = await server.get<{ items: { id: string; system: string }[] }>(
      '/v1/decisions?limit=1000',
    )
    const own = items.filter((item) => item.system === system)
    if (own.length >= least) return own
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function recordOf(id: string): Promise<Record<string, unknown>> {
  const response = await server.fetch(`/v1/decisions/${id}`, { headers: { 'Deponent-Purpose': 'test' } })
  return ((await response.json()) as { record: Record<string, unknown> }).record
}

test('an export to a bucket becomes decisions by the rule of traces, once however often it is imported', async () => {
  const args = [fixture('langfuse-observations.jsonl'), '--set', 'system=exported']
  expect(await importing(args)).toMatchObject({ code: 0, events: 4, rejected: 0 })
  const [decision] = await decisionsOf('exported', 1)
  expect(await recordOf(decision!.id)).toMatchObject({
    basis: 'asserted',
    modelId: 'gpt-4o',
    userId: 'clerk-1',
  })
  expect(await importing(args)).toMatchObject({ code: 0, rejected: 0 })
  // What comes later is told after that trace, so that it would be seen.
  await importing([fixture('langfuse-api.jsonl'), '--set', 'system=later'])
  await decisionsOf('later', 1)
  expect(await decisionsOf('exported', 1)).toHaveLength(1)
})

test('what was sent to both is one decision after its history was imported', async () => {
  const body = {
    id: 'o-both',
    traceId: 'c'.repeat(32),
    name: 'answer',
    model: 'gpt-4o',
    input: 'Covered?',
    output: 'Yes.',
    startTime: '2026-02-01T10:00:00.250Z',
    endTime: '2026-02-01T10:00:01.250Z',
  }
  const batch = [{ id: 'live', type: 'generation-create', timestamp: '2026-02-01T10:00:02Z', body }]
  const sent = await server.post('/api/public/ingestion', { batch }, { 'x-project-name': 'both' })
  expect(await sent.json()).toMatchObject({ errors: [] })
  const [live] = await decisionsOf('both', 1)
  const service = await langfuse({
    observations: ['o-both', 'o-other'].map((id, i) => ({
      ...body,
      type: 'GENERATION',
      id,
      traceId: (i === 0 ? 'c' : 'd').repeat(32),
    })),
    scores: [],
  })
  const answer = await withKeys(() =>
    importing([service.url, '--format', 'langfuse', '--set', 'system=both']),
  )
  expect(answer).toMatchObject({ code: 0, events: 2, rejected: 0 })
  await service.close()
  const both = await decisionsOf('both', 2)
  expect(both).toHaveLength(2)
  expect(both.map(({ id }) => id)).toContain(live!.id)
  expect(await recordOf(live!.id)).toMatchObject({ basis: 'observed', prediction: 'Yes.' })
  // As docs/import.md says to compare counts.
  const [, sql = ''] = /deponent query "(SELECT toDate.*)"$/m.exec(textOf('docs/import.md')) ?? []
  const counted = await runCommand([
    'query',
    sql.replace("'claims'", "'both'"),
    '--url',
    server.url,
    '--key',
    server.key,
  ])
  expect(counted.stdout).toMatch(/^2026-02-01 +2 +2$/m)
})

test('the API of an older server is read page by page, with the pauses it asks for, within the time that was asked for', async () => {
  const observations = Array.from({ length: 150 }, (_, i) => ({
    ...rowsIn('langfuse-api.jsonl')[0],
    id: `o-${i}`,
    traceId: `paged-${i}`,
  }))
  const score = {
    id: 'sc',
    traceId: 'paged-0',
    observationId: 'o-0',
    name: 'helpful',
    value: 1,
    dataType: 'NUMERIC',
    source: 'API',
    timestamp: '2026-02-01T11:00:00Z',
  }
  const service = await langfuse({ observations, scores: [score], isOld: true, refusals: 2 })
  const { code, stderr } = await importing([service.url, '--format', 'langfuse'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('LANGFUSE_PUBLIC_KEY')])
  const answer = await withKeys(() =>
    importing([
      service.url,
      '--format',
      'langfuse',
      '--set',
      'system=paged',
      '--from',
      '2026-02-01T00:00:00Z',
    ]),
  )
  await service.close()
  expect(answer).toMatchObject({ code: 0, events: 151, rejected: 0 })
  expect(
    service.asked
      .filter((path) => path.startsWith('/api/public/observations'))
      .map((path) => /page=\d+/.exec(path)?.[0]),
  ).toEqual(['page=1', 'page=2'])
  expect(service.asked.find((path) => path.includes('/observations?'))).toContain(
    'fromStartTime=2026-02-01T00%3A00%3A00Z',
  )
  expect(await decisionsOf('paged', 150)).toHaveLength(150)
})

async function withKeys<T>(work: () => Promise<T>): Promise<T> {
  Object.assign(process.env, { LANGFUSE_PUBLIC_KEY: 'pk', LANGFUSE_SECRET_KEY: 'sk' })
  try {
    return await work()
  } finally {
    delete process.env.LANGFUSE_PUBLIC_KEY
    delete process.env.LANGFUSE_SECRET_KEY
  }
}

interface Kept {
  readonly observations: readonly object[]
  readonly scores: readonly object[]
  readonly isOld?: boolean
  /** So many requests are answered with 429 first. */
  readonly refusals?: number
}

/** Answers as the reference of Langfuse's API says; a server of theirs is six services. */
async function langfuse(kept: Kept): Promise<{ url: string; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = []
  let refusals = kept.refusals ?? 0
  const http: Server = createServer((request, response) => {
    const { status, body, headers } = answerTo(request)
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')

  function answerTo({ headers, url = '' }: IncomingMessage): {
    status: number
    body: object
    headers?: Record<string, string>
  } {
    if (headers.authorization !== `Basic ${Buffer.from('pk:sk').toString('base64')}`)
      return { status: 401, body: {} }
    if (refusals > 0) {
      refusals -= 1
      return { status: 429, body: {}, headers: { 'Retry-After': '0' } }
    }
    asked.push(url)
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    if (pathname === '/api/public/v2/observations')
      return kept.isOld
        ? { status: 404, body: {} }
        : { status: 200, body: byCursor(Number(searchParams.get('cursor') ?? 0)) }
    const page = Number(searchParams.get('page') ?? 1)
    if (pathname === '/api/public/observations')
      return { status: 200, body: byNumber(kept.observations, page) }
    if (pathname === '/api/public/v2/scores') return { status: 200, body: byNumber(kept.scores, page) }
    return { status: 200, body: byNumber([], page) }
  }

  function byCursor(at: number): object {
    const next = at + 1
    return {
      data: kept.observations.slice(at, next),
      meta: next < kept.observations.length ? { cursor: `${next}` } : {},
    }
  }

  function byNumber(all: readonly object[], page: number): object {
    const data = all.slice((page - 1) * 100, page * 100)
    return {
      data,
      meta: { page, limit: 100, totalItems: all.length, totalPages: Math.ceil(all.length / 100) },
    }
  }

  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
    },
  }
}
