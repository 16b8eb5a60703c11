/** Limits of what people ask and do: what meets one is taken, one more is refused with a word on it, and not repeated. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { textOf } from '../docs/tree.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
  const decision = { decisionId: 'd', modelId: 'm', prediction: 'x', affectedUserId: 'person' }
  expect((await server.post('/v1/decisions?wait=checkpoint', decision)).status).toBe(201)
})
afterAll(() => server.stop())

const words = (length: number): string => 'w'.repeat(length)
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`)
let made = 0

type Sent = [path: string, body?: unknown, headers?: Record<string, string>]

/** The first cell of its row in docs/limits.md, the limit, and a request that has as many. */
const LIMITS: readonly [row: string, limit: number, request: (count: number) => Sent][] = [
  [
    'a stated purpose, a reason',
    500,
    (count) => ['/v1/decisions/d', undefined, { 'Deponent-Purpose': words(count) }],
  ],
  [
    'a recipient (`Deponent-Recipient`)',
    500,
    (count) => ['/v1/decisions/d/bundle', undefined, { 'Deponent-Recipient': words(count) }],
  ],
  [
    'rules of a policy, systems of a rule or a key',
    200,
    (count) => ['/v1/keys', { name: `k${(made += 1)}`, roles: ['writer'], systems: names(count) }],
  ],
  [
    'a reason, an answer, an assessment',
    4_000,
    (count) => ['/v1/subjects/person/restriction', { isRestricted: true, reason: words(count) }],
  ],
  [
    'the words of a request',
    20_000,
    (count) => ['/v1/requests', { requestType: 'access', subject: 'person', statement: words(count) }],
  ],
  [
    'people and decisions of a hold',
    100,
    (count) => [
      '/v1/holds',
      {
        ground: 'litigation',
        reason: 'r',
        owner: 'o',
        reviewAt: '2199-01-01T00:00:00Z',
        scope: { subjects: names(count) },
      },
    ],
  ],
  [
    'the name of an emitter',
    64,
    (count) => [
      '/v1/decisions',
      {
        modelId: 'm',
        prediction: 'x',
        emitter: { id: words(count), epoch: 1, seq: 1, blind: 'a'.repeat(64) },
      },
    ],
  ],
]

async function send([path, body, headers = {}]: Sent): Promise<{ status: number; text: string }> {
  const response = await (body === undefined
    ? server.fetch(path, { headers })
    : server.post(path, body, headers))
  return { status: response.status, text: await response.text() }
}

test.each(LIMITS)('%s: %i and no more', async (row, limit, request) => {
  expect(textOf('docs/limits.md')).toContain(`| ${row} `)
  const taken = await send(request(limit))
  expect([200, 201, 202], taken.text).toContain(taken.status)
  const refused = await send(request(limit + 1))
  expect(refused.status, refused.text).toBe(400)
  expect(refused.text).not.toContain('wwwwwwwwww')
  expect((await server.fetch('/healthz')).status).toBe(200)
})
