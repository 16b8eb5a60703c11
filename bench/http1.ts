/**
 * As much of an HTTP/1.1 server as a load tool needs, on plain sockets: `Content-Length` bodies, connections that stay open, one request
 * answered before the next of its connection is read. Most of what a request costs in `node:http` (headers as objects, two streams,
 * timers) is not done here. It is for benchmarks on one machine and no server for anything else: it knows no `Transfer-Encoding`, no
 * `Expect`, no timeouts.
 */

import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

const HEAD_BYTES_MAX = 8_192
const BODY_BYTES_MAX = 65_535
const HEAD_END = '\r\n\r\n'
const REQUEST_LINE = /^(GET|POST) (\S+) HTTP\/1\.1\r\n/
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i
const UNSUPPORTED = /\r\n(?:transfer-encoding|expect):/i
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  503: 'Service Unavailable',
}

export interface Request {
  method: string
  path: string
  body: Uint8Array
  /** Sends the answer; to be called once. */
  answer(status: number, body: string | Uint8Array): void
}

interface Head {
  method: string
  path: string
  bodyAt: number
  end: number
}

/** Calls `handle` with each request; the server does not listen yet. `closeAll` closes it and every connection. */
export function http1Server(handle: (request: Request) => void): { server: Server; closeAll(): void } {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = new Connection(socket, handle)
    sockets.add(socket)
    socket.on('data', (chunk: Buffer) => connection.take(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  const closeAll = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { server, closeAll }
}

class Connection {
  readonly #socket: Socket
  readonly #handle: (request: Request) => void
  #unread: Buffer | undefined
  #isAnswering = false

  constructor(socket: Socket, handle: (request: Request) => void) {
    this.#socket = socket
    this.#handle = handle
  }

  take(chunk: Buffer): void {
    this.#unread = this.#unread ? Buffer.concat([this.#unread, chunk]) : chunk
    if (!this.#isAnswering) this.#next()
  }

  #next(): void {
    const bytes = this.#unread
    const head = bytes && headOf(bytes)
    if (head === 'malformed') {
      this.#send(400, 'not a request this server reads')
      this.#socket.end()
      return
    }
    if (!bytes || !head || bytes.length < head.end) return
    this.#unread = bytes.length > head.end ? bytes.subarray(head.end) : undefined
    this.#isAnswering = true
    const { method, path, bodyAt, end } = head
    this.#handle({
      method,
      path,
      body: bytes.subarray(bodyAt, end),
      answer: (status, body) => this.#answer(status, body),
    })
  }

  #answer(status: number, body: string | Uint8Array): void {
    this.#send(status, body)
    this.#isAnswering = false
    if (this.#unread) this.#next()
  }

  #send(status: number, body: string | Uint8Array): void {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const head = `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\nContent-Length: ${length}${HEAD_END}`
    if (typeof body === 'string') this.#socket.write(head + body)
    else this.#socket.write(Buffer.concat([Buffer.from(head), body]))
  }
}

/** What the bytes begin with, or undefined when the end of the head has not come yet. */
function headOf(bytes: Buffer): Head | 'malformed' | undefined {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) return bytes.length > HEAD_BYTES_MAX ? 'malformed' : undefined
  const text = bytes.toString('latin1', 0, headEnd)
  const line = REQUEST_LINE.exec(text)
  const bodyBytes = Number(CONTENT_LENGTH.exec(text)?.[1] ?? 0)
  if (!line || bodyBytes > BODY_BYTES_MAX || UNSUPPORTED.test(text)) return 'malformed'
  const bodyAt = headEnd + HEAD_END.length
  return { method: line[1]!, path: line[2]!, bodyAt, end: bodyAt + bodyBytes }
}
