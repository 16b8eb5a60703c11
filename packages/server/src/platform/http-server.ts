import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpRequest {
  readonly method: string
  /** Path and query as sent. */
  readonly target: string
  /** Names in lower case; a repeated header joined by ', '. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface HttpResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

export interface HttpListener {
  readonly host: string
  readonly port: number
  /** Stops listening and drops open connections. */
  close(): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  /** 0 lets the system choose a free one. */
  readonly port: number
  /** A larger body is answered 413 without being read to its end. */
  readonly bodyBytesMax: number
}

class BodyTooLarge extends Error {}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new BodyTooLarge()
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}

function send(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  // An answer to HEAD states the length of what it does not hold.
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers })
  response.end(body)
}

/**
 * Listens for plain HTTP with whole bodies on both sides: no streaming, no routing. `handle` must not throw; if it does,
 * the caller of the endpoint gets a bare 500 and nothing of the error.
 */
export async function listen(
  options: ListenOptions,
  handle: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<HttpListener> {
  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown): HttpResponse => ({
        status: error instanceof BodyTooLarge ? 413 : 500,
        body: '',
      }))
      .then((answered) => send(response, answered))
      .catch(() => response.destroy())
  })
  const answer = async (request: IncomingMessage): Promise<HttpResponse> =>
    handle({
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      headers: headersOf(request),
      body: await readBody(request, options.bodyBytesMax),
    })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    host: options.host,
    port,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
