/**
 * Our ledger behind the protocol of Tessera's load tool, so that it can drive both: `POST /add` with a leaf as body, answered with its
 * index in decimal once it is durable; `/checkpoint` and `/tile/…` as C2SP tlog-tiles. The HTTP in front is the smallest `node:http`
 * can be; what is compared is sequencing, durability, tree and checkpoints.
 *
 *   node bench/tessera-front.ts DIR PORT        prints its verifier key and its URL, runs until SIGTERM
 */

import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { parseTilePath } from '@deponent/format'
import { openRawLedger } from './ledger/raw-ledger.ts'

const [directory = '', port = '0'] = process.argv.slice(2)
const { ledger, vkey } = await openRawLedger(join(directory, 'ledger'), join(directory, 'signer'))

const server = createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/add') add(request, response)
  else void read(request.url ?? '', response)
})
server.keepAliveTimeout = 60_000
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address()
  console.log(vkey)
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`)
})
process.on('SIGTERM', () => {
  server.closeAllConnections()
  server.close()
  void ledger.close().then(() => process.exit(0))
})

function add(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const leaf = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    ledger.appendLeaves([leaf ?? Buffer.alloc(0)]).then(
      ({ first }) => response.end(String(first)),
      (error: Error) => response.writeHead(503).end(error.message),
    )
  })
}

async function read(url: string, response: ServerResponse): Promise<void> {
  const bytes = url === '/checkpoint' ? ledger.checkpoint?.note : await tile(url.slice(1))
  if (bytes === undefined) response.writeHead(404).end()
  else response.end(bytes)
}

function tile(path: string): Promise<Uint8Array | undefined> {
  const { level, n, width } = parseTilePath(path)
  return level === 'entries' ? ledger.entryTile(n, width) : ledger.hashTile(level, n, width)
}
