/** What the protocol fakes of stores have in common: a server in this process, its clock, and failures that are asked for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TestClock } from '../../packages/server/src/platform/clock.ts'

/** A clock whose time passes by waiting for it. */
export class PassingClock extends TestClock {
  /** How long each wait was, in milliseconds. */
  readonly waits: number[] = []

  override sleep(ms: number): Promise<void> {
    this.waits.push(ms)
    this.advance(ms)
    return Promise.resolve()
  }
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** An answer instead of the one the protocol has, or a connection that ends without one. */
export type Fault = Answer | 'hangs up'

/** A server that answers as `answer` says; `faults` come first, one for each request. */
export class ServedFake {
  readonly faults: Fault[] = []
  /** Turns over a bit of each body that comes, as a bad line would. */
  flipsBits = false
  asked = 0
  /** What happens just before a request is answered. */
  before: (asked: Asked) => void | Promise<void> = () => undefined
  readonly #server: Server
  #endpoint = ''

  constructor(answer: (asked: Asked) => Answer) {
    this.#server = createServer((request, response) => {
      void this.#respond(request, response, answer)
    })
  }

  async #respond(
    request: IncomingMessage,
    response: ServerResponse,
    answer: (asked: Asked) => Answer,
  ): Promise<void> {
    const asked = askedBy(request, await readAll(request))
    this.asked += 1
    await this.before(asked)
    const fault = this.faults.shift()
    if (fault === 'hangs up') {
      response.socket?.destroy()
      return
    }
    if (this.flipsBits && asked.body.length > 0) asked.body[asked.body.length >> 1]! ^= 1
    const { status, headers = {}, body = '' } = fault ?? answer(asked)
    response.writeHead(status, headers)
    response.end(body)
  }

  get endpoint(): string {
    return this.#endpoint
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.#endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function askedBy({ method = '', url = '', headers }: IncomingMessage, body: Buffer): Asked {
  const { pathname, searchParams } = new URL(url, 'http://fake')
  return { method, path: pathname, query: new Map(searchParams), headers: headers as Asked['headers'], body }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The bytes of `Range: bytes=a-b`; undefined when there are none of them. */
export function partOf(bytes: Uint8Array, range: string): Uint8Array | undefined {
  const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
  return Number(from) < bytes.length ? bytes.subarray(Number(from), Number(to) + 1) : undefined
}
