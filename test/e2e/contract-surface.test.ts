import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envelopeOf, problemOf } from './answers.ts'
import { adminToken, newPlace, type Place, ServerProcess } from './server-process.ts'

let place: Place
let server: ServerProcess

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  await envelopeOf(
    server.post('/v1/decisions?wait=checkpoint', { decisionId: 'd', modelId: 'm', prediction: 1 }),
    201,
  )
  const asked = await server.post('/v1/requests', { requestType: 'access', subject: 'p' })
  const placed = await server.post('/v1/holds', {
    ground: 'litigation',
    reason: 'a claim',
    owner: 'legal',
    reviewAt: '2199-01-01T00:00:00Z',
    scope: { decisions: ['d'] },
  })
  const kept = await server.fetch('/v1/artifacts', {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: 'a document',
  })
  const erased = await server.fetch('/v1/subjects/q', { method: 'DELETE' })
  expect([asked.status, placed.status, kept.status, erased.status]).toEqual([201, 201, 201, 202])
  artifactId = ((await kept.json()) as { artifactId: string }).artifactId
  ids['/v1/requests/{id}'] = ((await asked.json()) as { requestId: string }).requestId
  ids['/v1/holds/{id}'] = ((await placed.json()) as { holdId: string }).holdId
  ids['/v1/erasures/{id}'] = ((await erased.json()) as { erasureId: string }).erasureId
})
afterAll(() => server.stop())

const anonymous = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, init)

type Json = { [name: string]: unknown }
interface Operation {
  operationId: string
  summary: string
  security: Json[]
  parameters?: { name: string; in: string; required: boolean; schema: Json }[]
  requestBody?: { required: boolean; content: Record<string, { schema: Json }> }
  responses: Record<string, { description: string; content: Record<string, { schema: Json }> }>
}
interface Document {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Json; securitySchemes: Json }
}

const document = (): Promise<Document> => server.get<Document>('/openapi.json')
const operationsOf = ({ paths }: Document): { path: string; method: string; operation: Operation }[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
/** Ids of what has one that the server gives it, by the path it is at. */
const ids: Record<string, string> = {}
let artifactId = ''

/** An address of the path with every parameter filled in. */
const addressOf = (path: string): string =>
  (ids[path] === undefined ? path : path.replace('{id}', ids[path]))
    .replace('{name}', 'default')
    .replace('{system}', 'default')
    .replace('{subject}', 'p')
    .replace('{artifactId}', artifactId)
    .replace('{modelId}', 'm')
    .replace('{path}', '0/000.p/1')
    .replaceAll(/\{\w+\}/g, 'd')

/** What an address must be asked with. */
const QUERIES: Readonly<Record<string, string>> = {
  '/v1/aggregate': '?metrics=count',
  '/v1/models/{modelId}/gate': '?modelVersion=1',
}

describe('the OpenAPI document', () => {
  test('is OpenAPI 3.1 with an operation of its own id behind every path', async () => {
    const found = await document()
    expect(found.openapi).toMatch(/^3\.1\.\d+$/)
    expect(found.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
    const ids = operationsOf(found).map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, method, operation } of operationsOf(found)) {
      expect(path).toMatch(/^\/[^?#\s]*$/)
      expect(['get', 'post', 'put', 'patch', 'delete']).toContain(method)
      expect(operation.summary).not.toBe('')
      expect(
        Object.keys(operation.responses).every((status) => /^([1-5]\d\d|[1-5]XX|default)$/.test(status)),
      ).toBe(true)
      expect(Object.values(operation.responses).every(({ description }) => description !== '')).toBe(true)
    }
  })

  test('declares every parameter of a path, and no other as one of the path', async () => {
    for (const { path, operation } of operationsOf(await document())) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(declared.map(({ name }) => name)).toEqual(inPath)
      expect(declared.every(({ required }) => required)).toBe(true)
      const names = (operation.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`)
      expect(new Set(names).size).toBe(names.length)
      expect((operation.parameters ?? []).every(({ schema }) => isSchema(schema))).toBe(true)
    }
  })

  test('has schemas of JSON Schema 2020-12 and references that lead somewhere', async () => {
    const found = await document()
    const references = [...JSON.stringify(found).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer]) =>
      pointer!.split('/'),
    )
    expect(references.length).toBeGreaterThan(0)
    for (const pointer of references) {
      expect(pointer.reduce<unknown>((at, name) => (at as Json | undefined)?.[name], found)).toBeTypeOf(
        'object',
      )
    }
    for (const { operation } of operationsOf(found)) {
      const bodies = [
        operation.requestBody?.content ?? {},
        ...Object.values(operation.responses).map(({ content }) => content),
      ]
      for (const { schema } of bodies.flatMap((content) => Object.values(content)))
        expect({ schema, isSchema: isSchema(schema) }).toEqual({ schema, isSchema: true })
    }
  })

  test('names the statuses and the bodies of recording', async () => {
    const { paths } = await document()
    const { post } = paths['/v1/decisions']!
    expect(Object.keys(post!.requestBody!.content)).toEqual(['application/json', 'application/x-ndjson'])
    expect(Object.keys(post!.responses)).toEqual(['201', '207', '400', '409', 'default'])
    expect(paths).toHaveProperty(['/v1/subjects:lookup', 'post'])
  })

  test('tells which addresses need a key, and those answer 401 without one', async () => {
    const found = await document()
    const open = operationsOf(found).filter(({ operation }) => operation.security.length === 0)
    expect(open.map(({ path }) => path).toSorted()).toEqual(['/healthz', '/openapi.json', '/readyz'])
    for (const { path } of open) expect((await anonymous(path)).status).toBe(200)
    for (const { path, method, operation } of operationsOf(found)) {
      if (operation.security.length === 0) continue
      const problem = await problemOf(anonymous(addressOf(path), { method }), 401, 'unauthorized')
      expect(problem.headers.get('www-authenticate')).toBe('Bearer')
    }
  })

  test('every address answers a GET in the media type it declares', async () => {
    for (const { path, method, operation } of operationsOf(await document())) {
      // Nobody numbers records here; emitters.test.ts asks for their proofs.
      if (method !== 'get' || path === '/v1/emitters/{emitter}/proof') continue
      const response = await server.fetch(`${addressOf(path)}${QUERIES[path] ?? ''}`, {
        headers: { 'Deponent-Purpose': 'a walk over every address' },
      })
      expect({ path, status: response.status }).toEqual({ path, status: 200 })
      const type = response.headers.get('content-type')!.split(';')[0]!
      expect(Object.keys(operation.responses['200']!.content)).toContain(type)
    }
  })
})

const TYPES = new Set<unknown>(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])

/** Whether a value can be a schema: its keywords known to JSON Schema and of the right type, all the way down. */
function isSchema(schema: unknown): boolean {
  if (typeof schema === 'boolean') return true
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return false
  return Object.entries(schema).every(([keyword, value]) => {
    if (keyword === 'type') return [value].flat().every((type) => TYPES.has(type))
    if (keyword === 'properties') return Object.values(value as Json).every(isSchema)
    if (['items', 'additionalProperties', 'propertyNames', 'not'].includes(keyword)) return isSchema(value)
    if (['anyOf', 'oneOf', 'allOf'].includes(keyword))
      return Array.isArray(value) && value.length > 0 && value.every(isSchema)
    if (keyword === 'required' || keyword === 'enum') return Array.isArray(value)
    if (
      ['minimum', 'maximum', 'exclusiveMinimum', 'minItems', 'maxItems', 'minLength', 'maxLength'].includes(
        keyword,
      )
    )
      return typeof value === 'number'
    return ['$ref', 'const', 'description', 'default', 'format', 'pattern'].includes(keyword)
  })
}

describe('addresses', () => {
  test.each(['/v1/nothing', '/v1', '/v1/decisions/d/nothing', '/ledgers/default', '/api/x', '/mcp'])(
    '%s is not found, whatever the method',
    async (path) => {
      for (const method of ['GET', 'POST', 'DELETE'])
        await problemOf(server.fetch(path, { method }), 404, 'not_found')
    },
  )

  test.each([
    ['/v1/decisions', 'POST, GET, HEAD'],
    ['/v1/records', 'POST'],
    ['/v1/decisions/d', 'GET, HEAD'],
    ['/v1/decisions/d/reviews', 'POST'],
    ['/v1/subjects:lookup', 'POST'],
    ['/ledgers/default/tile/0/000', 'GET, HEAD'],
    ['/healthz', 'GET, HEAD'],
    ['/', 'GET, HEAD'],
  ])('%s says which methods it takes', async (path, allowed) => {
    const { headers } = await problemOf(server.fetch(path, { method: 'DELETE' }), 405, 'method_not_allowed')
    expect(headers.get('allow')).toBe(allowed)
    if (!allowed.includes('GET')) await problemOf(server.fetch(path), 405, 'method_not_allowed')
  })

  test('HEAD answers as GET does, without the body', async () => {
    const response = await server.fetch('/v1/decisions/d', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.text()).toBe('')
  })

  test('every answer forbids sniffing and framing, and none about records is kept by a cache', async () => {
    for (const path of ['/', '/healthz', '/v1/decisions', '/v1/nothing', '/ledgers/default/checkpoint']) {
      const { headers } = await server.fetch(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
    for (const path of [
      '/v1/decisions',
      '/v1/decisions/d',
      '/v1/decisions/d/proof',
      '/v1/nothing',
      '/readyz',
    ]) {
      expect((await server.fetch(path)).headers.get('cache-control')).toBe('no-store')
    }
  })
})

describe('the dashboard', () => {
  const BUILT = fileURLToPath(new URL('../../packages/server/dist/dashboard/index.html', import.meta.url))

  test('is built where the server serves it from', () => {
    expect(existsSync(BUILT)).toBe(true)
  })

  test('is served without a key, under a policy that lets nothing foreign or inline run', async () => {
    const response = await anonymous('/')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = response.headers.get('content-security-policy')!
    expect(policy).toMatch(/default-src 'self'/)
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/)
    const page = await response.text()
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|https?:\/\//)
  })

  test('its files are served with their types, for ever where their name has a hash', async () => {
    const page = await (await anonymous('/')).text()
    const files = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!)
    expect(files.length).toBeGreaterThan(2)
    for (const path of files) {
      const response = await anonymous(path)
      expect({ path, status: response.status }).toEqual({ path, status: 200 })
      const [, ending] = /\.(\w+)$/.exec(path)!
      expect(response.headers.get('content-type')).toMatch(
        { js: /javascript/, css: /text\/css/, svg: /svg/ }[ending!]!,
      )
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    }
  })

  test('every screen has an address of its own that may be opened directly', async () => {
    const page = await (await anonymous('/')).text()
    for (const path of [
      '/decisions',
      '/decisions/loan-1',
      '/decisions/loan-1.2',
      '/decisions/a%2Fb',
      '/verify?x=1',
    ]) {
      expect(await (await anonymous(path)).text()).toBe(page)
    }
  })

  test.each(['/nothing.js', '/assets/nothing.js', '/assets/', '/admin-token.txt'])(
    '%s is not there',
    async (path) => {
      await problemOf(anonymous(path), 404, 'not_found')
    },
  )

  test.each([
    '/%',
    '/%ff',
    '/a%00b',
    '/%2e%2e%2f%2e%2e%2fpackage.json',
    '/assets/%2e%2e%2f%2e%2e%2fcli%2fmain.js',
    '/..%5c..%5cpackage.json',
  ])('%s reaches no file', async (path) => {
    const response = await anonymous(path)
    expect([400, 404]).toContain(response.status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })
})

describe('operation', () => {
  test('the key is in DIR/admin-token and in the address that is printed', async () => {
    expect(await adminToken(place)).toBe(server.key)
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  test('/healthz and /readyz say what is so', async () => {
    expect(await server.get('/healthz')).toMatchObject({ status: 'ok', version: expect.any(String) })
    await server.indexed()
    // One declaration, one decision, and the looks of the walk over all addresses.
    interface Ready {
      checks: { ledger: { size: number; checkpointSize: number } }
    }
    // Looks are recorded within a second, and under a checkpoint within another.
    await expect
      .poll(
        async () => {
          const { ledger } = (await server.get<Ready>('/readyz')).checks
          return ledger.size - ledger.checkpointSize
        },
        { timeout: 20_000 },
      )
      .toBe(0)
    await server.indexed()
    const state = await server.get<Ready>('/readyz')
    const { size } = state.checks.ledger
    expect(size).toBeGreaterThan(3)
    expect(state).toMatchObject({
      ready: true,
      checks: {
        ledger: { state: 'open', name: 'default', size, checkpointSize: size },
        index: { state: 'ready', position: size, lag: 0, findings: 0 },
      },
    })
    const nobody = (await (await anonymous('/readyz')).json()) as object
    expect(nobody).toEqual({ ready: true, checks: { ledger: { state: 'open' }, index: { state: 'ready' } } })
  })

  test('/metrics is Prometheus text that counts what happened', async () => {
    await envelopeOf(
      server.post('/v1/decisions', [
        { decisionId: 'd', modelId: 'm', prediction: 1 },
        { modelId: 'm', prediction: 1 },
        {},
      ]),
      207,
    )
    const response = await server.fetch('/metrics')
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const text = await response.text()
    const lines = text.trim().split('\n')
    expect(
      lines.every((line) =>
        /^(|# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? -?([0-9.e+-]+|\+Inf|NaN))$/.test(line),
      ),
    ).toBe(true)
    for (const sample of [
      'deponent_records_recorded_total{ledger="default"} 4',
      'deponent_records_duplicate_total{ledger="default"} 1',
      'deponent_records_rejected_total{ledger="default"} 1',
      'deponent_ledger_writable{ledger="default"} 1',
    ]) {
      expect(lines).toContain(sample)
    }
    const { checks } = await server.get<{ checks: { ledger: { size: number } } }>('/readyz')
    expect(lines).toContain(`deponent_ledger_entries{ledger="default"} ${checks.ledger.size}`)
  })

  test('a sender that hangs up in the middle of its body disturbs nobody', async () => {
    const { hostname, port } = new URL(server.url)
    for (const framing of ['Content-Length: 1000', 'Transfer-Encoding: chunked']) {
      const socket = connect(Number(port), hostname)
      await once(socket, 'connect')
      socket.write(
        `POST /v1/decisions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.key}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n{"mod`,
      )
      await new Promise((resolve) => setTimeout(resolve, 50))
      socket.destroy()
      await once(socket, 'close')
    }
    await envelopeOf(server.post('/v1/decisions', { modelId: 'm', prediction: 1 }), 201)
    expect(server.stderr).toEqual([])
  })

  test('bytes that are no HTTP are answered 400 and disturb nobody', async () => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.write('\u0016\u0003\u0001 hello\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /)
    socket.destroy()
    expect((await server.fetch('/healthz')).status).toBe(200)
    expect(server.stderr).toEqual([])
  })
})
