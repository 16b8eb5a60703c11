import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What a vendor's API answers to one request: JSON with a status, or a list of server-sent events, after which the stream ends, stays
 * open, or breaks.
 */
export type VendorReply =
  | { status?: number; json: unknown }
  | { events: { event?: string; data: unknown }[]; after?: 'end' | 'silence' | 'break' }

/** A model vendor on this machine, as far as its client can tell. */
export class VendorApi {
  readonly requests: { path: string; body: Record<string, unknown> }[] = []
  reply: VendorReply = { json: {} }
  /** What is answered first, one each; `reply` follows. */
  readonly replies: VendorReply[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>
        this.requests.push({ path: request.url ?? '', body })
        const reply = this.replies.shift() ?? this.reply
        if ('json' in reply) {
          response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' })
          response.end(JSON.stringify(reply.json))
          return
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const { event, data } of reply.events) {
          const name = event === undefined ? '' : `event: ${event}\n`
          response.write(`${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
        }
        if (reply.after === 'break') response.write('', () => response.destroy())
        else if (reply.after !== 'silence') response.end()
      })
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
