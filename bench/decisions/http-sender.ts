/** Batches as JSON arrays over keep-alive HTTP, as an application without any SDK would post them. */

import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Decision } from './workload.ts'
import type { Acknowledgement, Sender } from './sender.ts'

interface Answer {
  recorded: number
  duplicates?: number
  receipts?: { index?: number }[]
}

interface Response {
  status: number
  retryAfterMs: number
  body: string
}

export async function httpSender(
  url: string,
  token: string,
  batches: readonly Decision[][],
  connections: number,
): Promise<Sender> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const bodies = batches.map((batch) => Buffer.from(JSON.stringify(batch)))
  const send = async (n: number): Promise<Acknowledgement> => {
    for (let retries = 0; ; retries += 1) {
      const response = await post(new URL('/v1/decisions', url), token, agent, bodies[n] ?? Buffer.alloc(0))
      if (response.status === 429 || response.status === 503) {
        await sleep(response.retryAfterMs)
        continue
      }
      return acknowledgementOf(response, batches[n]?.length ?? 0, retries)
    }
  }
  return {
    send,
    close: async () => agent.destroy(),
  }
}

function acknowledgementOf(response: Response, expected: number, retries: number): Acknowledgement {
  if (response.status !== 201) throw new Error(`answered ${response.status}: ${response.body.slice(0, 400)}`)
  const answer = JSON.parse(response.body) as Answer
  if (answer.recorded + (answer.duplicates ?? 0) !== expected)
    throw new Error(`kept ${answer.recorded} of ${expected}`)
  const lastIndex = answer.receipts?.at(-1)?.index
  return lastIndex === undefined ? { retries } : { lastIndex, retries }
}

function post(url: URL, token: string, agent: Agent, body: Buffer): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': body.length,
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent, headers }, (incoming) => {
      read(incoming).then(resolve, reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function read(incoming: IncomingMessage): Promise<Response> {
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part as Buffer)
  return {
    status: incoming.statusCode ?? 0,
    retryAfterMs: Number(incoming.headers['retry-after'] ?? 1) * 1000,
    body: Buffer.concat(parts).toString('utf8'),
  }
}
