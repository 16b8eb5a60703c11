/** What stands between the parser and the handler: refuses, and makes sure that nothing behind a refused request is carried out. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { networkOf } from './remote-address.ts'
import { requestFault, type RequestFault } from './request-fault.ts'
import type { WebLimits } from './web-limits.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => void

const TOO_MANY: RequestFault = {
  status: 429,
  code: 'too_many_requests',
  detail: 'too many requests on this connection wait for their answers',
  headers: { 'Retry-After': '1' },
}

export class RequestGate {
  readonly #limits: WebLimits
  readonly #listener: Listener
  /** Connections on which something was refused: nothing that comes on them is believed any more. */
  readonly #closing = new WeakSet<Duplex>()
  /** Answers to requests that were let in, until they are sent. */
  readonly #waiting = new WeakMap<Duplex, Set<ServerResponse>>()

  constructor(limits: WebLimits, listener: Listener) {
    this.#limits = limits
    this.#listener = listener
  }

  /** A request whose headers have been read. */
  enter(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    // It arrived behind one that was refused, so where it began is that sender's word: it goes with the connection.
    if (this.#closing.has(socket)) return
    const waiting = this.#waitingOn(socket)
    const fault =
      waiting.size < this.#limits.pipelined ? requestFault(headOf(request), this.#limits) : TOO_MANY
    if (fault) {
      this.#closing.add(socket)
      refuse(response, fault)
      return
    }
    waiting.add(response)
    response.once('close', () => waiting.delete(response))
    this.#listener(request, response)
  }

  /** What the parser could not read, or what did not come in time. */
  broken(error: Error & { code?: string }, socket: Duplex): void {
    // What was refused is being answered, and the connection ends with that.
    if (this.#closing.has(socket)) return
    this.#closing.add(socket)
    const fault = faultOf(error.code ?? '')
    const isNext = this.#isNextToBeAnswered(socket)
    if (fault && isNext && socket.writable) socket.end(plainAnswer(fault), () => socket.destroy())
    else socket.destroy()
  }

  /**
   * Whether what just failed to arrive is what the other side hears about next: the body of the only request, or a request when
   * none waits. An answer in any other place would be taken for that of an earlier request, or for a part of one.
   */
  #isNextToBeAnswered(socket: Duplex): boolean {
    const [first, ...more] = this.#waitingOn(socket)
    return !first || (more.length === 0 && !first.headersSent && !first.req.complete)
  }

  #waitingOn(socket: Duplex): Set<ServerResponse> {
    const known = this.#waiting.get(socket)
    if (known) return known
    const waiting = new Set<ServerResponse>()
    this.#waiting.set(socket, waiting)
    return waiting
  }
}

function headOf(request: IncomingMessage): Parameters<typeof requestFault>[0] {
  const { method = '', url = '', httpVersion, rawHeaders } = request
  return { method, target: url, httpVersion, rawHeaders }
}

/** The answer to a failure below HTTP; undefined where there is nobody who would understand one. */
function faultOf(code: string): RequestFault | undefined {
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: 431, code: 'headers_too_large', detail: 'the headers are too large' }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, code: 'request_timeout', detail: 'the request did not arrive in time' }
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return { status: 413, code: 'chunk_extensions_too_large', detail: 'the chunk extensions are too large' }
  if (code.startsWith('HPE_')) return { status: 400, code: 'bad_request', detail: 'this is not HTTP/1.1' }
  return undefined
}

/** As `application/problem+json` (RFC 9457), like every other refusal of this server. */
function bodyOf({ status, code, detail }: RequestFault): string {
  const title = code.replaceAll('_', ' ')
  return JSON.stringify({ type: `https://deponent.invalid/problems/${code}`, title, status, code, detail })
}

function headersOf(fault: RequestFault, body: string): Record<string, string> {
  return {
    ...fault.headers,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  }
}

function refuse(response: ServerResponse, fault: RequestFault): void {
  const body = bodyOf(fault)
  response.writeHead(fault.status, headersOf(fault, body))
  response.end(body)
}

/** The same where there is no request to answer. */
function plainAnswer(fault: RequestFault): string {
  const body = bodyOf(fault)
  const lines = Object.entries(headersOf(fault, body)).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status] ?? ''}\r\n${lines.join('')}\r\n${body}`
}

/** Counts open connections by where they come from. */
export class ConnectionCount {
  readonly #most: number
  readonly #open = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** Lets a connection in until it closes, or closes it. */
  enter(socket: Socket): void {
    const from = networkOf(socket.remoteAddress ?? '')
    const open = this.#open.get(from) ?? 0
    if (open >= this.#most) {
      socket.destroy()
      return
    }
    this.#open.set(from, open + 1)
    socket.once('close', () => this.#leave(from))
  }

  #leave(from: string): void {
    const open = (this.#open.get(from) ?? 1) - 1
    if (open === 0) this.#open.delete(from)
    else this.#open.set(from, open)
  }
}
