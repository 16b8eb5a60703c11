import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  startWebServer,
  type WebServer,
  type WebServerOptions,
} from '../../packages/server/src/platform/web-server.ts'
import { exchange, hostileRequests, statusesIn, unfinishedRequests } from '../fixtures/hostile-requests.ts'

const HIDDEN = {
  request: 'POST /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}',
  path: '/open',
}

interface Heard {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly connection: Connection
}

let servers: WebServer[] = []
afterEach(async () => {
  for (const server of servers) await server.close(0)
  servers = []
})

/** A server that remembers what its handler heard and whole. */
async function start(
  options: Partial<WebServerOptions> = {},
): Promise<{ server: WebServer; port: number; heard: Heard[] }> {
  const heard: Heard[] = []
  const server = await startWebServer({
    host: '127.0.0.1',
    port: 0,
    handle: async (request, connection) => {
      const body = await request.text()
      heard.push({ method: request.method, path: new URL(request.url).pathname, body, connection })
      return new Response('heard')
    },
    ...options,
  })
  servers.push(server)
  return { server, port: Number(new URL(server.url).port), heard }
}

describe('what two readers could understand differently', () => {
  test.each(hostileRequests(HIDDEN).map((request) => [request.name, request] as const))(
    '%s: an answer of one meaning or none, and nothing hidden is carried out',
    async (_, { bytes, outcome }) => {
      const { server, port, heard } = await start()
      const statuses = statusesIn(await exchange(port, bytes))
      if (outcome === 'handled') expect(statuses).toEqual([200])
      else expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([])
      expect(statuses.length).toBeLessThanOrEqual(1)
      expect(heard.map(({ path }) => path)).toEqual(outcome === 'handled' ? [HIDDEN.path] : [])
      expect(await (await fetch(`${server.url}/open`)).text()).toBe('heard')
    },
  )
})

describe('what does not end', () => {
  test.each(unfinishedRequests(HIDDEN).map((request) => [request.name, request] as const))(
    '%s: is ended by the server, which lives on',
    async (_, { bytes }) => {
      const { server, port, heard } = await start({
        limits: { headersMs: 50, requestMs: 50, lookEveryMs: 20 },
      })
      const statuses = statusesIn(await exchange(port, bytes))
      expect(statuses.every((status) => status === 408)).toBe(true)
      expect(heard).toEqual([])
      expect(await (await fetch(`${server.url}/open`)).text()).toBe('heard')
    },
  )

  test('a connection on which nothing more is asked is closed', async () => {
    const { port } = await start({ limits: { idleMs: 50 } })
    expect(statusesIn(await exchange(port, 'GET /open HTTP/1.1\r\nHost: a\r\n\r\n'))).toEqual([200])
  })

  test('an answer nobody reads is given up', async () => {
    const gone = Promise.withResolvers<void>()
    const { port } = await start({
      handle: ({ signal }) => {
        signal.addEventListener('abort', () => gone.resolve())
        return Promise.resolve(new Response(new Uint8Array(64 * 1_048_576)))
      },
      limits: { silentMs: 100 },
    })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write('GET /open HTTP/1.1\r\nHost: a\r\n\r\n')
    await gone.promise
    socket.destroy()
  })
})

describe('how much one client may ask', () => {
  test('requests that are sent one behind the other are answered in their order', async () => {
    const { port, heard } = await start()
    const ask = (path: string, last = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${last}\r\n`
    const received = await exchange(port, ask('/1') + ask('/2') + ask('/3', 'Connection: close\r\n'))
    expect(statusesIn(received)).toEqual([200, 200, 200])
    expect(heard.map(({ path }) => path)).toEqual(['/1', '/2', '/3'])
  })

  test('those before a refused one are answered, those behind it are not carried out', async () => {
    const { port, heard } = await start()
    const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    const received = await exchange(port, ask('/1') + ask('/..') + ask('/3'))
    expect(statusesIn(received)).toEqual([200, 400])
    expect(heard.map(({ path }) => path)).toEqual(['/1'])
  })

  test('what is broken in a later request is no part of the answer to an earlier one', async () => {
    const release = Promise.withResolvers<Response>()
    const { port } = await start({ handle: () => release.promise })
    const received = exchange(port, 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n')
    expect(statusesIn(await received)).toEqual([])
    release.resolve(new Response('late'))
  })

  test('more than a few unanswered requests on one connection are refused', async () => {
    const { port, heard } = await start({ limits: { pipelined: 3 } })
    const received = await exchange(port, 'GET /open HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(10))
    expect(statusesIn(received)).toEqual([200, 200, 200, 429])
    expect(heard).toHaveLength(3)
  })

  test('more connections from one address than it may have are closed at once', async () => {
    const { port } = await start({ limits: { connectionsPerAddress: 2 } })
    const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    await Promise.all(held.map((socket) => once(socket, 'connect')))
    const ask = 'GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    expect(await exchange(port, ask)).toBe('')
    held[0]!.destroy()
    for (;;) if (statusesIn(await exchange(port, ask))[0] === 200) break
    held[1]!.destroy()
  })

  test('the last request a connection may carry says so', async () => {
    const { port } = await start({ limits: { requestsPerConnection: 2, idleMs: 50 } })
    const received = await exchange(port, 'GET /open HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2))
    expect(statusesIn(received)).toEqual([200, 200])
    expect(received).toMatch(/connection: close/i)
  })
})

describe('an answer to nobody in particular', () => {
  test('names no server and no version', async () => {
    const { port } = await start()
    for (const bytes of ['GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 'x\r\n\r\n']) {
      expect(await exchange(port, bytes)).not.toMatch(/^(?:server|x-powered-by|via):/im)
    }
  })

  test('repeats nothing of what it refuses', async () => {
    const { port } = await start()
    const received = await exchange(port, 'GET /..?Alice HTTP/1.1\r\nHost: a\r\nX-A: Alice\r\n\r\n')
    expect(statusesIn(received)).toEqual([400])
    expect(received).toContain('application/problem+json')
    expect(received).not.toContain('Alice')
  })
})

describe('who is connected', () => {
  const forwarded = { 'X-Forwarded-For': '10.9.9.9, 192.0.2.7', 'X-Forwarded-Proto': 'http, https' }

  test('is the other end of the connection, whatever a request says', async () => {
    const { server, heard } = await start()
    await fetch(`${server.url}/open`, { headers: forwarded })
    expect(heard.map(({ connection }) => connection)).toEqual([
      { remoteAddress: '127.0.0.1', isSecure: false },
    ])
  })

  test('is behind a proxy what the proxy itself appended, and no more of the chain', async () => {
    const { server, heard } = await start({ isBehindProxy: true })
    await fetch(`${server.url}/open`, { headers: forwarded })
    expect(heard.map(({ connection }) => connection)).toEqual([
      { remoteAddress: '192.0.2.7', isSecure: true },
    ])
  })

  test.each([
    ['two headers are one list', 'X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2', '192.0.2.2'],
    ['a port is no part of the address', 'X-Forwarded-For: 192.0.2.1:1234', '192.0.2.1'],
    ['an address in brackets', 'X-Forwarded-For: [2001:db8::1]:1234', '2001:db8::1'],
    ['IPv4 inside IPv6 is IPv4', 'X-Forwarded-For: ::ffff:192.0.2.3', '192.0.2.3'],
    ['what is no address is not taken for one', 'X-Forwarded-For: 192.0.2.1, unknown', '127.0.0.1'],
    ['a proxy that says nothing stands for itself', 'X-A: 1', '127.0.0.1'],
  ])('behind a proxy: %s', async (_, header, remoteAddress) => {
    const { port, heard } = await start({ isBehindProxy: true })
    await exchange(port, `GET /open HTTP/1.1\r\nHost: a\r\n${header}\r\nConnection: close\r\n\r\n`)
    expect(heard.map(({ connection }) => connection)).toEqual([{ remoteAddress, isSecure: false }])
  })
})
