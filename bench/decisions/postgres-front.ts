/** The smallest HTTP server that keeps decisions in PostgreSQL: reads a JSON array, stores it, answers how many. */

import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { INSERT, parametersOf, TABLE_KINDS } from './postgres-tables.ts'
import type { Decision } from './workload.ts'

const [url, kind, connections] = process.argv.slice(2)
const table = TABLE_KINDS.find((one) => one === kind)
if (url === undefined || table === undefined)
  throw new Error('usage: postgres-front.ts DATABASE_URL TABLE CONNECTIONS')
const pool = new pg.Pool({ connectionString: url, max: Number(connections) })

const server = createServer((incoming, outgoing) => {
  store(incoming).then(
    (recorded) =>
      outgoing.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ recorded })),
    (error: unknown) => outgoing.writeHead(500).end(String(error)),
  )
})

async function store(incoming: IncomingMessage): Promise<number> {
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part as Buffer)
  const batch = JSON.parse(Buffer.concat(parts).toString('utf8')) as Decision[]
  await pool.query({
    name: 'append',
    text: INSERT[table ?? 'plain'],
    values: parametersOf(table ?? 'plain', batch),
  })
  return batch.length
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.(`http://127.0.0.1:${port}`)
})
