import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

let place: Place
let server: ServerProcess

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
})
afterAll(() => server.stop())

const run = (...args: string[]) => runCommand([...args, '--data', place.data])
const loan = { decisionId: 'loan-1', modelId: 'scorer', prediction: 'high', affectedUserId: 'person-1' }
const IN_ACME = { 'Deponent-Ledger': 'acme' }
const read = async <T>(path: string, headers: Record<string, string> = {}): Promise<T> =>
  (await (await server.fetch(path, { headers })).json()) as T

test('a ledger is made by a command while the server runs, and takes records of its own', async () => {
  const made = await run('ledgers', 'create', 'acme')
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('acme is deponent.invalid/') })
  expect((await run('ledgers', 'create', 'acme')).stderr).toContain('ledger_exists')
  expect((await server.post('/v1/decisions', loan)).status).toBe(201)
  expect((await server.post('/v1/decisions?wait=checkpoint', loan, IN_ACME)).status).toBe(201)
  const [here, there] = [
    await read<{ subject: string; ledger: string; id: string }>('/v1/decisions/loan-1'),
    await read<{ subject: string; ledger: string; id: string }>('/v1/decisions/loan-1', IN_ACME),
  ]
  expect([here.ledger, there.ledger]).toEqual(['default', 'acme'])
  expect(there.subject).not.toBe(here.subject)
  expect((await server.fetch(`/v1/decisions/${here.id}`, { headers: IN_ACME })).status).toBe(404)
})

test('a key made in it opens nothing else, whichever ledger a request names', async () => {
  const made = await run('keys', 'make', 'Ada of Acme', '--role', 'admin', 'auditor', '--ledger', 'acme')
  const headers = { Authorization: `Bearer ${made.stdout.trim()}`, 'Deponent-Ledger': 'default' }
  const { ledger, ledgers } = await read<{ ledger: string; ledgers: string[] }>('/v1/session', headers)
  expect([ledger, ledgers]).toEqual(['acme', ['acme']])
  const { items } = await read<{ items: { name: string }[] }>('/v1/ledgers', headers)
  expect(items.map(({ name }) => name)).toEqual(['acme'])
  expect((await server.fetch('/ledgers/default/checkpoint', { headers })).status).toBe(404)
  const metrics = await (await server.fetch('/metrics', { headers })).text()
  expect(metrics).toContain('ledger="acme"')
  expect(metrics).not.toContain('ledger="default"')
  // The token of first start manages it from here on and reads it no more; in the other ledger it still does.
  expect((await server.fetch('/v1/decisions/loan-1', { headers: IN_ACME })).status).toBe(403)
  expect((await server.fetch('/v1/decisions/loan-1')).status).toBe(200)
})

test('archived by a command it takes no record, is proven and read, and stays so over a restart', async () => {
  const writer = (await run('keys', 'make', 'till', '--role', 'writer', '--ledger', 'acme')).stdout.trim()
  const reader = (await run('keys', 'make', 'Eve', '--role', 'auditor', '--ledger', 'acme')).stdout.trim()
  const post = (decisionId: string): Promise<Response> =>
    server.post('/v1/decisions', { ...loan, decisionId }, { Authorization: `Bearer ${writer}` })
  expect((await post('loan-2')).status).toBe(201)
  const archived = await run('ledgers', 'archive', 'acme', '--reason', 'the customer left')
  expect(archived).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^acme is archived with \d+ entries/),
  })
  const stays = async (): Promise<void> => {
    const refused = await post('loan-3')
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'ledger_archived' }])
    const headers = { Authorization: `Bearer ${reader}` }
    expect((await server.fetch('/v1/decisions/loan-1', { headers })).status).toBe(200)
    expect((await server.fetch('/v1/decisions/loan-1/proof', { headers })).status).toBe(200)
    expect((await server.post('/v1/decisions', { ...loan, decisionId: 'elsewhere' })).status).toBeLessThan(
      300,
    )
  }
  await stays()
  await server.stop()
  server = await ServerProcess.start(place)
  await stays()
  expect((await run('ledgers', 'list')).stdout).toMatch(/acme +archived/)
  await server.stop()
  expect((await runCommand(['verify', place.data])).code).toBe(0)
  server = await ServerProcess.start(place)
})
