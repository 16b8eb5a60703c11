/** The ledger as C2SP tlog-tiles serves it: checkpoint, tiles, keys. */
import { FormatError, parseTilePath } from '@deponent/format'
import { type Call, type Handler, json } from '../call.ts'
import { Problem } from '../problem.ts'

/** Tiles never change; `private`, because a cache between may not hand out what needs a key. */
const IMMUTABLE = {
  'Content-Type': 'application/octet-stream',
  'Cache-Control': 'private, max-age=31536000, immutable',
}

export const getCheckpoint: Handler = (call) => {
  const { checkpoint } = ledgerOf(call)
  if (!checkpoint) throw notYet()
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' }
  return new Response(checkpoint.note, { headers })
}

export const getTile: Handler = async (call) => {
  const ledger = ledgerOf(call)
  let tile: ReturnType<typeof parseTilePath>
  try {
    tile = parseTilePath(`tile/${call.params.path ?? ''}`)
  } catch (error) {
    if (error instanceof FormatError) throw new Problem(400, error.code, error.message)
    throw error
  }
  const { level, n, width } = tile
  const bytes =
    level === 'entries' ? await ledger.entryTile(n, width) : await ledger.hashTile(level, n, width)
  if (!bytes) throw new Problem(404, 'not_found', 'the latest checkpoint does not reach this tile')
  return new Response(new Uint8Array(bytes), { headers: IMMUTABLE })
}

/** The key that signs checkpoints, as one line of text; with the receipt key and the origin when JSON is asked for. */
export const getVkey: Handler = (call) => {
  const { keys, ledger } = call.services.tenant
  const { vkeys } = keys
  ledgerOf(call)
  if (call.request.headers.get('accept')?.includes('application/json'))
    return json({ origin: ledger.origin, ...vkeys })
  return new Response(`${vkeys.checkpoint}\n`, {
    headers: { 'Content-Type': 'text/plain; charset=utf-8', Vary: 'Accept' },
  })
}

export function notYet(): Problem {
  return new Problem(409, 'not_yet_published', 'no checkpoint covers this yet', {}, { 'Retry-After': '1' })
}

/** The ledger a route names: the doorkeeper let nobody in to another. */
export function ledgerOf({ services }: Call): Call['services']['tenant']['ledger'] {
  return services.tenant.ledger
}
