import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'
import { exchange, hostileRequests, statusesIn } from '../fixtures/hostile-requests.ts'

let server: ServerProcess
let port: number
let auditor: string
let narrow: string

const SECRET = 'only-in-the-other-system'

/** A whole request that would make an admin, had anybody carried it out. */
const hidden = (key: string): string => {
  const body = '{"name":"smuggled","roles":["admin"]}'
  return `POST /v1/keys HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

async function keyFor(name: string, more: object): Promise<string> {
  const response = await server.post('/v1/keys', { name, ...more })
  return ((await response.json()) as { key: string }).key
}

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
  port = Number(new URL(server.url).port)
  auditor = await keyFor('auditor', { roles: ['auditor'] })
  narrow = await keyFor('narrow', { roles: ['auditor'], systems: ['own'] })
  await server.post('/v1/decisions', [
    { decisionId: 'd-own', system: 'own', modelId: 'm', prediction: 'x' },
    { decisionId: 'd-other', system: 'other', modelId: SECRET, prediction: 'x' },
  ])
  await server.indexed()
})
afterAll(() => server.stop())

describe('bytes that two readers of HTTP could understand differently', () => {
  const about = { request: 'HIDDEN', path: '/healthz' }
  test.each(hostileRequests(about).map(({ name }, i) => [name, i] as const))(
    '%s: one answer or none, and nobody is made an admin',
    async (_, i) => {
      const { bytes, outcome } = hostileRequests({ request: hidden(server.key), path: '/healthz' })[i]!
      const statuses = statusesIn(await exchange(port, bytes))
      if (outcome === 'refused') expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true)
      // An address that takes no body may answer before it sees that the body makes no sense, and then say that too.
      expect(statuses.slice(1).every((status) => status === 400)).toBe(true)
      const { items } = await server.get<{ items: { name: string }[] }>('/v1/keys')
      expect(items.map(({ name }) => name)).not.toContain('smuggled')
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    },
  )
})

describe('paths', () => {
  test.each([
    '/../../../etc/passwd',
    '/assets/../../../../etc/passwd',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fadmin-token',
    '/admin-token',
    '/keyring/root.key',
    '/%00/etc/passwd',
    '/assets/..;/..;/admin-token',
    '/.//admin-token',
    '\\admin-token',
    '/v1/../admin-token',
    '/ledgers/default/tile/../../keyring/root.key',
    '/ledgers/default/tile/%2e%2e/%2e%2e/%2e%2e/keyring/root.key',
    '/ledgers/..%2f..%2fkeyring/vkey',
    '//v1/decisions',
    '/V1/decisions',
    '/v1/decisions/',
    '/v1//decisions',
    '/v1/decisions;x=1',
    '/v1/decisions%2f',
    '/v1/%64ecisions%00',
  ])('%s leads to no file and past no key', async (path) => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const answer = await exchange(
      port,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      socket,
    )
    expect(answer).not.toMatch(/dpk_|deponent root key|root:x:|"private"|d-own/)
    const [status] = statusesIn(answer)
    // The page of the dashboard is what any address without a file and outside the API shows.
    if (status === 200) expect(answer).toContain('<!doctype html>')
    else expect([400, 401, 404]).toContain(status)
  })
})

describe('headers that claim something', () => {
  const read = (headers: Record<string, string>, path = '/v1/decisions'): Promise<Response> =>
    fetch(`${server.url}${path}`, { headers })

  test.each<Record<string, string>>([
    { 'X-Forwarded-For': '127.0.0.1', 'X-Forwarded-Proto': 'https' },
    { 'X-Original-URL': '/v1/keys', 'X-Rewrite-URL': '/v1/keys' },
    { 'X-HTTP-Method-Override': 'DELETE', 'X-Method-Override': 'PUT' },
    { Authorization: 'Basic YWRtaW46YWRtaW4=' },
    { Authorization: 'Bearer' },
    { Authorization: 'Bearer null' },
    { Authorization: 'Bearer undefined' },
    { Cookie: 'deponent_session=; deponent_session=x' },
    { Cookie: '__Host-deponent_session=e30' },
    { 'Deponent-Ledger': 'default' },
  ])('%j opens nothing', async (headers) => {
    expect((await read(headers)).status).toBe(401)
  })

  test('override no method: a GET stays one', async () => {
    const before = (await server.get<{ items: unknown[] }>('/v1/keys')).items.length
    await read({ Authorization: `Bearer ${server.key}`, 'X-HTTP-Method-Override': 'POST' }, '/v1/keys')
    expect((await server.get<{ items: unknown[] }>('/v1/keys')).items).toHaveLength(before)
  })

  test('name another ledger in vain for a key of one', async () => {
    const headers = { Authorization: `Bearer ${auditor}`, 'Deponent-Ledger': 'nobody' }
    expect((await read(headers)).status).toBe(200)
    const { ledger } = (await (await read(headers, '/v1/session')).json()) as { ledger: string }
    expect(ledger).toBe('default')
  })
})

describe('what is too large', () => {
  test.each([
    ['an address', { path: `/v1/decisions?q=${'x'.repeat(70_000)}` }, [414, 431]],
    ['a header', { path: '/v1/decisions', headers: { 'Deponent-Purpose': 'x'.repeat(20_000) } }, [431]],
    ['a purpose', { path: '/v1/decisions', headers: { 'Deponent-Purpose': 'x'.repeat(501) } }, [400]],
    ['a list', { path: '/v1/decisions?limit=1001' }, [400]],
    ['a name of a key', { path: '/v1/keys', body: { name: 'x'.repeat(201), roles: ['auditor'] } }, [400]],
    [
      'a list of systems',
      {
        path: '/v1/keys',
        body: { name: 'x', roles: ['auditor'], systems: Array.from({ length: 201 }, (_, i) => `s${i}`) },
      },
      [400],
    ],
    ['a body', { path: '/v1/decisions', body: { x: 'x'.repeat(34 * 1_048_576) } }, [413]],
    ['a statement', { path: '/v1/sql', body: { sql: `SELECT ${'1,'.repeat(20_000)}1` } }, [400]],
  ] as [string, { path: string; headers?: Record<string, string>; body?: unknown }, number[]][])(
    '%s is refused with a word on it, and the server lives on',
    async (_, { path, headers = {}, body }, statuses) => {
      const response = await server.fetch(path, {
        headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      })
      const text = await response.text()
      expect(statuses, text.slice(0, 200)).toContain(response.status)
      expect(text).not.toContain('xxxxxxxxxx')
      expect((await server.fetch('/healthz')).status).toBe(200)
    },
  )
})

describe('SQL that tries to leave what its key may see', () => {
  const sql = async (statement: string, key: string): Promise<[number, string]> => {
    const response = await server.post('/v1/sql', { sql: statement }, { Authorization: `Bearer ${key}` })
    return [response.status, await response.text()]
  }

  test.each([
    "SELECT * FROM file('/etc/passwd')",
    "SELECT file('/etc/passwd')",
    "SELECT arrayMap(file, ['/etc/passwd'])",
    "SELECT * FROM url('http://127.0.0.1:1/', CSV)",
    "SELECT * FROM s3('http://127.0.0.1:1/x')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM executable('id', TSV, 'x String')",
    'SELECT * FROM system.tables',
    'SELECT * FROM system.settings',
    'SELECT * FROM information_schema.tables',
    'SELECT * FROM deponent_index.decisions',
    'SELECT * FROM "deponent_index"."decisions"',
    'SELECT 1 SETTINGS readonly = 0',
    'SET readonly = 0',
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    'INSERT INTO decisions SELECT * FROM decisions',
    'DROP TABLE decisions',
    'SELECT 1; SELECT 2',
    "SELECT getSetting('max_memory_usage')",
    "SELECT dictGet('x', 'y', 1)",
    'SELECT currentDatabase(), currentUser(), hostName()',
    "SELECT * FROM merge('deponent', '.*')",
    "SELECT * FROM cluster('default', system.one)",
    'SELECT * FROM decisions WHERE system IN (SELECT name FROM system.databases)',
    'EXPLAIN SELECT * FROM deponent_index.decisions',
    'DESCRIBE deponent_index.decisions',
    'SHOW DATABASES',
    '/* a comment */ SELECT * FROM /**/ system/**/./**/tables',
  ])('%s is refused', async (statement) => {
    for (const key of [auditor, narrow]) {
      const [status, text] = await sql(statement, key)
      expect([status, JSON.parse(text)], text).toMatchObject([
        400,
        { code: expect.stringMatching(/^(sql_not_allowed|bad_sql)$/) },
      ])
      expect(text).not.toMatch(/root:x|dpk_/)
    }
  })

  test.each([
    'SELECT * FROM deponent.decisions',
    'SELECT * FROM `deponent`.`decisions`',
    'WITH x AS (SELECT * FROM deponent.decisions) SELECT * FROM x',
  ])('%s, the views of whoever sees all, is refused to whoever does not', async (statement) => {
    const [status, text] = await sql(statement, narrow)
    expect([status, JSON.parse(text)], text).toMatchObject([400, { code: 'sql_not_allowed' }])
  })

  test.each([
    'SELECT * FROM decisions',
    "SELECT * FROM decisions WHERE system = 'other' OR 1 = 1",
    'WITH decisions AS (SELECT * FROM decisions) SELECT * FROM decisions',
    'SELECT * FROM (SELECT * FROM decisions UNION ALL SELECT * FROM decisions)',
    'SELECT count() FROM decisions',
    'SELECT kind, system FROM records',
    'SELECT d.modelId FROM decisions AS d INNER JOIN records AS r ON 1 = 1',
    'SELECT groupArray(modelId) FROM decisions',
  ])('%s speaks of its own system only', async (statement) => {
    const [status, text] = await sql(statement, narrow)
    expect([200, 400]).toContain(status)
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain('d-other')
    if (statement === 'SELECT count() FROM decisions') expect(JSON.parse(text)).toMatchObject({ rows: [[1]] })
  })

  test('finds the other system for whoever may', async () => {
    const [, text] = await sql('SELECT * FROM decisions', auditor)
    expect(text).toContain(SECRET)
  })
})
