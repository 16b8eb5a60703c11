/**
 * Our ledger behind the protocol of Tessera's load tool, so that it can drive both: `POST /add` with a leaf as body, answered with its
 * index in decimal once it is durable; `/checkpoint` and `/tile/…` as C2SP tlog-tiles. The HTTP in front is `http1.ts`, not the
 * server of the product: what is compared is sequencing, durability, tree and checkpoints. Requests that arrive in one turn of the
 * event loop are handed to the ledger together; each has its own leaf, index and answer.
 *
 *   node bench/tessera-front.ts DIR PORT        prints its verifier key and its URL, runs until SIGTERM
 */

import { join } from 'node:path'
import { parseTilePath } from '@deponent/format'
import { http1Server } from './http1.ts'
import type { Request } from './http1.ts'
import { openRawLedger } from './ledger/raw-ledger.ts'

const [directory = '', port = '0'] = process.argv.slice(2)
const { ledger, vkey } = await openRawLedger(join(directory, 'ledger'), join(directory, 'signer'))

let arrived: Request[] = []
const { server, closeAll } = http1Server((request) => {
  if (request.method !== 'POST' || request.path !== '/add') void read(request)
  else if (arrived.push(request) === 1) setImmediate(addArrived)
})
server.listen(Number(port), '127.0.0.1', 4_096, () => {
  const address = server.address()
  console.log(vkey)
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`)
})
process.on('SIGTERM', () => {
  closeAll()
  void ledger.close().then(() => process.exit(0))
})

function addArrived(): void {
  const requests = arrived
  arrived = []
  ledger.appendLeaves(requests.map(({ body }) => body)).then(
    ({ first }) => requests.forEach((request, i) => request.answer(200, String(first + i))),
    (error: Error) => requests.forEach((request) => request.answer(503, error.message)),
  )
}

async function read(request: Request): Promise<void> {
  const bytes = await stored(request.path).catch(() => undefined)
  request.answer(bytes === undefined ? 404 : 200, bytes ?? 'not here')
}

async function stored(path: string): Promise<string | Uint8Array | undefined> {
  if (path === '/checkpoint') return ledger.checkpoint?.note
  const { level, n, width } = parseTilePath(path.slice(1))
  return level === 'entries' ? ledger.entryTile(n, width) : ledger.hashTile(level, n, width)
}
