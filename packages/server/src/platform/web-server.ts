import { serve } from '@hono/node-server'
import type { AddressInfo } from 'node:net'

export interface WebServer {
  readonly url: string
  /** Stops taking connections and resolves when those open have been answered or `graceMs` is over. */
  close(graceMs?: number): Promise<void>
}

export interface WebServerOptions {
  host: string
  /** 0 lets the system choose a free one. */
  port: number
  handle(request: Request): Response | Promise<Response>
}

const HEADERS_MS = 15_000
const REQUEST_MS = 120_000

/** Serves a web-standard handler over HTTP on one address; rejects when the address cannot be had. */
export function startWebServer({ host, port, handle }: WebServerOptions): Promise<WebServer> {
  return new Promise((resolve, reject) => {
    const serverOptions = { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: 65_000 }
    let isClosing = false
    const fetch = (request: Request): Response | Promise<Response> =>
      isClosing ? withoutReuse(handle(request)) : handle(request)
    const server = serve({ fetch, hostname: host, port, serverOptions }, (address: AddressInfo) => {
      server.off('error', reject)
      resolve({
        url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
        close: (graceMs = 3_000) =>
          new Promise((closed) => {
            isClosing = true
            const force = setTimeout(
              () => 'closeAllConnections' in server && server.closeAllConnections(),
              graceMs,
            )
            server.close(() => {
              clearTimeout(force)
              closed()
            })
            if ('closeIdleConnections' in server) server.closeIdleConnections()
          }),
      })
    })
    server.once('error', reject)
  })
}

/** The last answer on its connection: a sender that goes on sending would keep a closing server alive. */
async function withoutReuse(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer
  response.headers.set('Connection', 'close')
  return response
}
