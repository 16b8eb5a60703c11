import { getRequestListener } from '@hono/node-server'
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server as PlainServer,
  type ServerOptions,
} from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Connection, directConnection, proxiedConnection } from './connection.ts'
import { ConnectionCount, RequestGate } from './request-gate.ts'
import { TlsFileError, type TlsFiles } from './tls-files.ts'
import { WEB_LIMITS, type WebLimits } from './web-limits.ts'

export type { Connection } from './connection.ts'

export interface WebServer {
  readonly url: string
  /**
   * Where commands on the same machine reach it. With TLS this is a second listener, plain and on loopback only: they know the
   * server by the directory it runs on, and its certificate is made out to a name that is not theirs to check.
   */
  readonly localUrl: string
  /** Stops taking connections and resolves when those open have been answered or `graceMs` is over. */
  close(graceMs?: number): Promise<void>
}

export interface WebServerOptions {
  readonly host: string
  /** 0 lets the system choose a free one. */
  readonly port: number
  /** HTTPS with this certificate, which is read again while the server runs. */
  readonly tls?: TlsFiles
  /** A proxy in front says who is connected. */
  readonly isBehindProxy?: boolean
  readonly limits?: Partial<WebLimits>
  /** How often the files of the certificate are looked at. */
  readonly tlsEveryMs?: number
  handle(request: Request, connection: Connection): Response | Promise<Response>
  /** Told of what goes wrong while it serves; never of anything a request said. */
  onTrouble?(reason: string): void
}

const TLS_EVERY_MS = 10_000
const LOOPBACK = '127.0.0.1'

/** Serves a web-standard handler on one address; rejects when the address cannot be had. */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const served = await listen(options)
  if (!options.tls) return { url: served.url, localUrl: served.localUrl, close: served.close }
  const { tls: _, isBehindProxy: __, ...plain } = options
  try {
    const local = await listen({ ...plain, host: LOOPBACK, port: 0 })
    return {
      url: served.url,
      localUrl: local.url,
      close: async (graceMs) => {
        await Promise.all([served.close(graceMs), local.close(graceMs)])
      },
    }
  } catch (error) {
    await served.close(0)
    throw error
  }
}

function listen(options: WebServerOptions): Promise<WebServer> {
  const { host, port, tls, isBehindProxy = false, handle } = options
  const limits = { ...WEB_LIMITS, ...options.limits }
  const connectionOf = isBehindProxy ? proxiedConnection : directConnection
  let isClosing = false
  const answer = (request: Request, { incoming }: { incoming: unknown }): Response | Promise<Response> => {
    const response = handle(request, connectionOf(incoming as IncomingMessage))
    return isClosing ? withoutReuse(response) : response
  }
  const listener = getRequestListener(answer, { hostname: host })
  const gate = new RequestGate(limits, (request, response) => void listener(request, response))
  const server = serverOf(limits, tls)
  server.on('request', (request, response) => gate.enter(request, response))
  server.on('clientError', (error, socket) => gate.broken(error, socket))
  server.maxConnections = limits.connections
  server.maxRequestsPerSocket = limits.requestsPerConnection
  // Node drops what is beyond this without a word; the gate counts and refuses.
  server.maxHeadersCount = 0
  server.setTimeout(limits.silentMs)
  if (!isBehindProxy) {
    const count = new ConnectionCount(limits.connectionsPerAddress)
    server.on('connection', (socket) => count.enter(socket))
  }
  const stopRenewal = tls ? renew(server as TlsServer, tls, options) : () => {}
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      stopRenewal()
      reject(error)
    }
    server.once('error', failed)
    server.listen(port, host, () => {
      server.off('error', failed)
      const address = server.address() as AddressInfo
      const origin = (name: string): string =>
        `${tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${address.port}`
      resolve({
        url: origin(isEverywhere(host) ? 'localhost' : host),
        localUrl: origin(isEverywhere(host) ? LOOPBACK : host),
        close: (graceMs = 3_000) => {
          isClosing = true
          stopRenewal()
          return close(server, graceMs)
        },
      })
    })
  })
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function serverOf(limits: WebLimits, tls: TlsFiles | undefined): PlainServer | TlsServer {
  const options: ServerOptions = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: limits.lookEveryMs,
    // Said so that no flag of the process can loosen it.
    insecureHTTPParser: false,
    requireHostHeader: true,
  }
  if (!tls) return createPlainServer(options)
  return createTlsServer({ ...options, ...tls.context, handshakeTimeout: limits.handshakeMs })
}

/** Looks at the certificate's files from time to time; the returned function ends it. */
function renew(
  server: TlsServer,
  tls: TlsFiles,
  { tlsEveryMs = TLS_EVERY_MS, onTrouble }: WebServerOptions,
): () => void {
  let told = ''
  const look = async (): Promise<void> => {
    try {
      if (await tls.refresh()) server.setSecureContext(tls.context)
      told = ''
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error
      if (error.message !== told) onTrouble?.(error.message)
      told = error.message
    }
  }
  const timer = setInterval(() => void look(), tlsEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

function close(server: PlainServer | TlsServer, graceMs: number): Promise<void> {
  return new Promise((closed) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(force)
      closed()
    })
    server.closeIdleConnections()
  })
}

/** The last answer on its connection: a sender that goes on sending would keep a closing server alive. */
async function withoutReuse(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer
  response.headers.set('Connection', 'close')
  return response
}
