/** Checks of how a ledger answers requests. */
import { equalBytes, hashLeaf, tilePath, type Trust, verifyTlogProof } from '@deponent/format'
import { failed, notApplicable, type Outcome, PASSED, unless } from './outcome.ts'
import type { Served } from './published.ts'
import type { Subject } from './subject.ts'

const NO_CHECKPOINT = notApplicable('there is no checkpoint that can be read')
const NOT_SERVED = notApplicable('the ledger was read from files')

const typeOf = ({ headers }: Served): string => headers?.get('content-type')?.toLowerCase() ?? ''
const cacheOf = ({ headers }: Served): string => headers?.get('cache-control')?.toLowerCase() ?? ''

export async function checkpointHeaders(subject: Subject): Promise<Outcome> {
  const { served } = await subject.checkpoint()
  if (!served.headers) return NOT_SERVED
  if (served.status !== 200) return NO_CHECKPOINT
  if (!/^text\/plain;\s*charset=utf-8$/.test(typeOf(served)))
    return failed('the checkpoint is not text/plain; charset=utf-8')
  const isKept =
    /immutable|max-age=\d{3,}/.test(cacheOf(served)) && !/no-(?:cache|store)/.test(cacheOf(served))
  return unless(isKept ? 'caches may keep the checkpoint for long' : undefined)
}

/** Some tiles that the checkpoint calls for. */
async function someTiles(subject: Subject): Promise<string[] | undefined> {
  const { checkpoint } = await subject.checkpoint()
  if (!checkpoint) return undefined
  const width = Math.min(checkpoint.size, 256)
  return width === 0 ? [] : [tilePath(0, 0, width), tilePath('entries', 0, width)]
}

export async function tileHeaders(subject: Subject): Promise<Outcome> {
  const { served } = await subject.checkpoint()
  const paths = await someTiles(subject)
  if (!served.headers) return NOT_SERVED
  if (!paths) return NO_CHECKPOINT
  if (paths.length === 0) return notApplicable('the ledger is empty')
  for (const path of paths) {
    const tile = await subject.ledger.get(path)
    if (typeOf(tile) !== 'application/octet-stream') return failed(`${path} is not application/octet-stream`)
    if (!cacheOf(tile).includes('immutable')) return failed(`${path} is not said to be immutable`)
  }
  return PASSED
}

export async function partialTilesAreBeginnings(subject: Subject): Promise<Outcome> {
  const { checkpoint } = await subject.checkpoint()
  if (!checkpoint) return NO_CHECKPOINT
  const width = Math.min(checkpoint.size, 256)
  if (width < 2) return notApplicable('fewer than two entries')
  for (const level of [0, 'entries'] as const) {
    const whole = await subject.ledger.get(tilePath(level, 0, width))
    for (const part of new Set([1, Math.ceil(width / 2), width - 1])) {
      const path = tilePath(level, 0, part)
      const { status, bytes } = await subject.ledger.get(path)
      // A partial tile may be dropped once the full one is there; a client then reads that.
      if (status === 404 && width === 256) continue
      if (status !== 200) return failed(`${path} is not there (status ${status})`)
      if (!equalBytes(bytes, whole.bytes.subarray(0, bytes.length)) || bytes.length === 0)
        return failed(`${path} is not the beginning of the wider tile`)
      if (level === 0 && bytes.length !== part * 32) return failed(`${path} has ${bytes.length} bytes`)
    }
  }
  return PASSED
}

export async function nothingBeyondTheCheckpoint(subject: Subject): Promise<Outcome> {
  const { served } = await subject.checkpoint()
  if (!served.headers) return NOT_SERVED
  const { checkpoint } = await subject.readCheckpoint()
  if (!checkpoint) return NO_CHECKPOINT
  const beyond = Math.ceil(checkpoint.size / 256) + 1_000
  for (const path of [
    tilePath(0, beyond),
    tilePath('entries', beyond, 7),
    tilePath(9, 0, 1),
    tilePath(63, 0, 1),
  ]) {
    const { status } = await subject.ledger.get(path)
    if (status !== 404) return failed(`${path} answers ${status}, expected 404`)
  }
  return PASSED
}

const HOSTILE = [
  'tile/0/0',
  'tile/0/1000',
  'tile/00/000',
  'tile/64/000',
  'tile/-1/000',
  'tile/0/000.p/0',
  'tile/0/000.p/256',
  'tile/0/000.p/01',
  'tile/0/x001',
  'tile/0/x000/000',
  'tile/0/..%2F..%2F..%2Fcheckpoint',
  'tile/entries/%2e%2e%2f%2e%2e%2fformat.json',
  'tile/0/000%00',
  'tile/0/000%0d%0ax',
]

export async function hostilePathsAreRefused(subject: Subject): Promise<Outcome> {
  const { served } = await subject.checkpoint()
  if (!served.headers) return NOT_SERVED
  for (const path of HOSTILE) {
    const { status } = await subject.ledger.get(path)
    if (status < 400 || status >= 500) return failed(`${path} answers ${status}, expected 400 or 404`)
  }
  return PASSED
}

/** Proofs as the ledger hands them out, of the sampled entries. */
export async function proofsVerify(subject: Subject): Promise<Outcome> {
  const { checkpoint } = await subject.checkpoint()
  const tiles = await subject.tiles()
  if (!subject.routes) return NOT_SERVED
  if (!checkpoint || !tiles) return NO_CHECKPOINT
  let proven = 0
  for (const [index, id] of tiles.ids) {
    const { status, text } = await subject.routes.get(`/v1/decisions/${id}/proof`)
    if (status === 401 || status === 403 || status === 404) continue
    if (status !== 200) return failed(`the proof of entry ${index} answers ${status}`)
    const trust = await ownTrust(subject, checkpoint.origin)
    const report = verifyTlogProof(text, { leafHash: hashLeaf(tiles.sample.get(index)!) }, trust)
    if (report.verdict === 'invalid')
      return failed(`the proof of entry ${index}: ${report.findings[0]!.code}`)
    proven += 1
  }
  return proven > 0 ? PASSED : notApplicable('no proof was handed out')
}

/** Trust in the keys that are believed here, as the verifiers of the format take it. */
export async function ownTrust(subject: Subject, origin: string): Promise<Trust> {
  const uses = ['checkpoint', 'promise'] as const
  const keys = await Promise.all(
    uses.map(async (use) =>
      (await subject.keysFor(use, origin, 0)).map(({ vkey }) => ({ vkey, use, sizes: { from: 0 } })),
    ),
  )
  return { ledgers: [{ origin, keys: keys.flat(), witnesses: [], quorum: 0, timestampRoots: [] }] }
}
