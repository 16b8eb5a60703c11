import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { openBatch, SEALED_BATCH_TYPE, sealingPublicKey, toBase64 } from '@deponent/format'

/** A request as it arrived. */
export interface Arrived {
  path: string
  authorization: string | undefined
  /** Without their place in the numbering. */
  records: Record<string, unknown>[]
  numbers: (Record<string, unknown> | undefined)[]
  coding: string | undefined
  isSealed: boolean
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
  /** What senders seal to. */
  readonly secret = new Uint8Array(32).fill(7)
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#take(request).then((reply) => {
        if (reply === 'hang up') return request.socket.destroy()
        const sealingKey = toBase64(sealingPublicKey(this.secret))
        response.writeHead(reply.status, {
          'content-type': 'application/json',
          'deponent-sealing-key': sealingKey,
          ...reply.headers,
        })
        return response.end(JSON.stringify(reply.body ?? {}))
      })
    })
  }

  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
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
    const isSealed = request.headers['content-type'] === SEALED_BATCH_TYPE
    const sent = Uint8Array.from(Buffer.concat(chunks))
    const { head, body } = isSealed ? await openBatch(sent, this.secret) : { head: undefined, body: sent }
    const coding = head?.coding ?? request.headers['content-encoding']
    const lines = Buffer.from(coding === 'gzip' ? gunzipSync(body) : body)
      .toString('utf8')
      .split('\n')
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const { headers, url: path = '' } = request
    const arrived = {
      path,
      authorization: headers.authorization,
      records: records.map(({ emitter: _, ...record }) => record),
      numbers: records.map(({ emitter }) => emitter as Record<string, unknown> | undefined),
      coding,
      isSealed,
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
