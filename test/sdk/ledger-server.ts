import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** A request as it arrived. */
export interface Arrived {
  path: string
  authorization: string | undefined
  /** Without their place in the numbering. */
  records: Record<string, unknown>[]
  numbers: (Record<string, unknown> | undefined)[]
  coding: string | undefined
  head: string | undefined
  seen: string | undefined
}

/** What to answer: a status with a body, or `hang up` for a connection that breaks. */
export type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | 'hang up'

/** Answers as a server that keeps every record, with receipts nobody signed. */
export function keepAll({ records }: Arrived): Reply {
  const receipts = records.map((record, position) => ({
    position,
    id: `entry-${String(record['decisionId'])}`,
    decisionId: record['decisionId'],
    ledger: 'default',
    index: position,
    leafHash: 'ab'.repeat(32),
    status: 'recorded',
    path: [],
  }))
  const body = {
    recorded: records.length,
    duplicates: 0,
    rejected: 0,
    receipts,
    promise: 'a note',
    errors: [],
  }
  return { status: 201, body }
}

/** A tiny HTTP server that remembers what was sent to it and answers as it is told, `keepAll` at first. */
export class LedgerServer {
  readonly arrived: Arrived[] = []
  /** What was sent to /v1/records: statements about the numbering. */
  readonly statements: Record<string, unknown>[] = []
  reply: (request: Arrived, count: number) => Reply | Promise<Reply> = keepAll
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#take(request).then((reply) => {
        if (reply === 'hang up') return request.socket.destroy()
        response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
        return response.end(JSON.stringify(reply.body ?? {}))
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

  /** Every record that ever arrived, in order. */
  get records(): Record<string, unknown>[] {
    return this.arrived.flatMap(({ records }) => records)
  }

  async #take(request: IncomingMessage): Promise<Reply> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const sent = Buffer.concat(chunks)
    const coding = request.headers['content-encoding']
    const lines = (coding === 'gzip' ? gunzipSync(sent) : sent).toString('utf8').split('\n')
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const { headers, url: path = '' } = request
    const arrived = {
      path,
      authorization: headers.authorization,
      records: records.map(({ emitter: _, ...record }) => record),
      numbers: records.map(({ emitter }) => emitter as Record<string, unknown> | undefined),
      coding,
      head: headers['deponent-emitter-head'] as string | undefined,
      seen: headers['deponent-seen'] as string | undefined,
    }
    if (path === '/v1/records') {
      this.statements.push(...arrived.records)
      return keepAll(arrived)
    }
    this.arrived.push(arrived)
    return this.reply(arrived, this.arrived.length)
  }
}
