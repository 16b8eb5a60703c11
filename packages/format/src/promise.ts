/**
 * The promise of one group commit, signed under the receipt key before any record of it is acknowledged:
 *
 *   <origin>/promise
 *   <start> <end>          half-open range of the ledger
 *   <base64 root>          RFC 6962 root over the leaves start..end alone
 *   <unix ms>
 *
 * Each receipt carries the path from its leaf to that root. A checkpoint that contradicts a promise
 * proves misbehaviour.
 */
import { equalBytes, fromBase64, toBase64 } from './bytes.ts'
import { isOrigin } from './checkpoint.ts'
import { parseDecimal } from './decimal.ts'
import { FormatError } from './error.ts'
import { checkSize } from './tree/position.ts'
import { checkHash, HASH_BYTES, rootOf } from './tree/rfc6962.ts'

const SUFFIX = '/promise'

/** What the ledger promised at `at` (Unix ms): these leaves stand at start..end for ever. */
export interface LedgerPromise {
  /** The ledger's origin, without the `/promise` of the note and of its key's name. */
  readonly origin: string
  readonly start: number
  readonly end: number
  readonly root: Uint8Array
  readonly at: number
}

/** The promise of a note text; anything malformed, an empty range included, is FormatError 'bad_promise'. */
export function parsePromise(noteText: string): LedgerPromise {
  const [name = '', range = '', root = '', at = '', end, ...rest] = noteText.split('\n')
  if (end !== '' || rest.length > 0) throw badPromise('not four lines')
  const promise = {
    origin: parseName(name),
    ...parseRange(range),
    root: fromBase64(root),
    at: parseDecimal(at, 'bad_promise'),
  }
  if (promise.root.length !== HASH_BYTES) throw badPromise('the root is not 32 bytes')
  return promise
}

function parseName(name: string): string {
  const origin = name.slice(0, -SUFFIX.length)
  if (!name.endsWith(SUFFIX) || !isOrigin(origin))
    throw badPromise('first line is not an origin and /promise')
  return origin
}

function parseRange(range: string): { start: number; end: number } {
  const [start = '', end = '', ...rest] = range.split(' ')
  if (rest.length > 0) throw badPromise('second line is not a start and an end')
  const parsed = { start: parseDecimal(start, 'bad_promise'), end: parseDecimal(end, 'bad_promise') }
  if (parsed.start >= parsed.end) throw badPromise('the range is empty')
  return parsed
}

/** The note text of a promise, ending in a newline. */
export function formatPromise({ origin, start, end, root, at }: LedgerPromise): string {
  if (!isOrigin(origin)) throw badPromise('malformed origin')
  for (const number of [start, end, at]) checkSize(number)
  if (start >= end) throw badPromise('the range is empty')
  checkHash(root)
  return `${promiseName(origin)}\n${start} ${end}\n${toBase64(root)}\n${at}\n`
}

/** The name of the key that signs a ledger's promises, which is also the first line of each. */
export function promiseName(origin: string): string {
  return origin + SUFFIX
}

function badPromise(message: string): FormatError {
  return new FormatError('bad_promise', message)
}

/** Whether leaves start..end of the ledger, in order, are the ones that were promised. */
export function keepsPromise(promise: LedgerPromise, leafHashes: readonly Uint8Array[]): boolean {
  return leafHashes.length === promise.end - promise.start && equalBytes(rootOf(leafHashes), promise.root)
}
