/*
 * The entry: what the ledger holds for ever. It says that a record of some kind from some system was
 * received and what its payload commits to; it holds no person, no model, no claimed time and no text a
 * client chose. One value has one byte string (RFC 8785), so the bytes can be hashed and compared.
 */
import { fromUtf8, utf8 } from './bytes.ts'
import { FormatError } from './error.ts'

export const ENTRY_BYTES_MAX = 65_535
/** Parts of a payload that is split per subject each have their leaves. */
const LEAVES_MAX = 65_536

export interface Entry {
  readonly v: 1
  /** UUIDv7, lower case. */
  readonly id: string
  readonly kind: string
  /** Unix milliseconds by the server's clock; never decreases with the index. */
  readonly receivedAt: number
  /** Slug minted by the server; the name lives in the sealed `system.declared` record. */
  readonly system: string
  readonly emitter?: { readonly id: string; readonly epoch: number; readonly seq: number }
  /** Slug of the retention policy, `unset` without one. */
  readonly retention: string
  readonly payload: {
    readonly c: 1
    /** Root of the payload commitment, 64 lower-case hex digits. */
    readonly root: string
    /** Committed leaves, leaf 0 included. */
    readonly leaves: number
  }
}

const INTEGER = '(0|[1-9][0-9]{0,15})'
const SLUG = '([a-z0-9-]{1,64})'
const UUID_V7 = '([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})'
const KIND = String.raw`([a-z][a-z_]{0,30}(?:\.[a-z][a-z_]{0,60})?)`
const ROOT = '([0-9a-f]{64})'

/** The whole grammar of version 1: what it matches is canonical, and everything canonical matches. */
const ENTRY = new RegExp(
  String.raw`^\{(?:"emitter":\{"epoch":${INTEGER},"id":"${SLUG}","seq":${INTEGER}\},)?"id":"${UUID_V7}","kind":"${KIND}",` +
    String.raw`"payload":\{"c":1,"leaves":${INTEGER},"root":"${ROOT}"\},"receivedAt":${INTEGER},` +
    String.raw`"retention":"${SLUG}","system":"${SLUG}","v":1\}$`,
)
const OTHER_VERSION = /"v":(?:0|[2-9]|[1-9][0-9]+)\}$/

/**
 * Canonical bytes of an entry.
 *
 * @throws FormatError 'bad_entry' when a field breaks its rule
 */
export function encodeEntry(entry: Entry): Uint8Array<ArrayBuffer> {
  const { emitter, payload } = entry
  const text =
    (emitter === undefined
      ? '{'
      : `{"emitter":{"epoch":${emitter.epoch},"id":"${emitter.id}","seq":${emitter.seq}},`) +
    `"id":"${entry.id}","kind":"${entry.kind}","payload":{"c":${payload.c},"leaves":${payload.leaves},` +
    `"root":"${payload.root}"},"receivedAt":${entry.receivedAt},"retention":"${entry.retention}",` +
    `"system":"${entry.system}","v":${entry.v}}`
  readEntry(text)
  return utf8(text)
}

/**
 * Reads an entry; only bytes {@link encodeEntry} could have written are accepted.
 *
 * @throws FormatError 'entry_too_large' · 'bad_utf8' · 'unknown_version' · 'bad_entry'
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.length > ENTRY_BYTES_MAX) {
    throw new FormatError(
      'entry_too_large',
      `entry of ${bytes.length} bytes, the limit is ${ENTRY_BYTES_MAX}`,
    )
  }
  return readEntry(fromUtf8(bytes))
}

function readEntry(text: string): Entry {
  const match = ENTRY.exec(text)
  if (match === null) {
    if (OTHER_VERSION.test(text))
      throw new FormatError('unknown_version', 'entry of another format version', '/v')
    throw new FormatError('bad_entry', 'not a canonical entry')
  }
  const [, epoch, emitterId, seq, id, kind, leaves, root, receivedAt, retention, system] = match
  const entry = {
    v: 1,
    id: id!,
    kind: kind!,
    receivedAt: integer(receivedAt!, '/receivedAt'),
    system: system!,
    retention: retention!,
    payload: { c: 1, root: root!, leaves: leafCount(leaves!) },
  } as const
  if (emitterId === undefined) return entry
  const emitter = {
    id: emitterId,
    epoch: integer(epoch!, '/emitter/epoch'),
    seq: integer(seq!, '/emitter/seq'),
  }
  return { ...entry, emitter }
}

function integer(digits: string, path: string): number {
  const value = Number(digits)
  if (!Number.isSafeInteger(value)) throw new FormatError('bad_entry', 'not an integer in 0..2^53-1', path)
  return value
}

function leafCount(digits: string): number {
  const count = Number(digits)
  if (count < 1 || count > LEAVES_MAX) {
    throw new FormatError('bad_entry', `payload leaves outside 1..${LEAVES_MAX}`, '/payload/leaves')
  }
  return count
}
