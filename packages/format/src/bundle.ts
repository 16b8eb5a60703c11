/**
 * A bundle: entries of one ledger with the fields somebody chose to show, and what is needed to check them
 * without asking anybody, in one JSON text. It never holds trust: a bundle that said whom to believe would
 * vouch for itself.
 *
 *   {"bundle":1,"origin":…,"checkpoint":"<signed note>",
 *    "anchors":[{"checkpoint":"<signed note>","timestamps":["<base64>"],"consistency":["<base64 hash>"]}],
 *    "entries":[{"index":41,"entry":"<entry text>","proof":["<base64 hash>"],"disclosed":[{"leaf":0,"salt":…,"text":…,"path":[…]}]}],
 *    "statement":{…what the exporter says, never believed…}}
 *
 * Of each payload an entry says one thing: `disclosed` (in part or whole), nothing (withheld), `absent`
 * (the exporter had none to show) or `erased` (with the tombstone that shows it).
 */
import { ANCHOR_TIMESTAMPS_MAX } from './anchor.ts'
import { fromBase64, toBase64 } from './bytes.ts'
import { bytesAt, HashTexts, isAscending, leafJson, parseLeaves } from './disclosed-leaves.ts'
import { Field } from './document.ts'
import { FormatError } from './error.ts'
import { readJson } from './json/read.ts'
import { TIMESTAMP_BYTES_MAX } from './timestamp/token.ts'
import { SALT_BYTES } from './verify/disclosure.ts'
import type { DisclosedLeaf } from './verify/disclosure.ts'

/** The version of the text; another one is refused. */
export const BUNDLE_VERSION = 1
/** Longest text read, in UTF-16 code units. */
export const BUNDLE_LENGTH_MAX = 256 * 1_048_576
/** Most entries in one bundle. */
export const BUNDLE_ENTRIES_MAX = 10_000
/** Most anchors in one bundle. */
export const BUNDLE_ANCHORS_MAX = 256
/** Most members of a statement, and the length of one. */
const STATEMENT_MEMBERS_MAX = 32
const STATEMENT_LENGTH_MAX = 1_000

/** Shows that the index of an entry is in the set an erasure entry commits to (format, section 14). */
export interface Tombstone {
  /** Index of the erasure entry, which is in the same bundle with its `/setRoot` disclosed. */
  readonly erasure: number
  /** The place in the sorted set, whose size is two to the length of the path. */
  readonly position: number
  readonly salt: Uint8Array
  readonly path: readonly Uint8Array[]
}

/** What a bundle says of the payload of one entry. */
export type BundlePayload =
  | { readonly state: 'disclosed'; readonly leaves: readonly DisclosedLeaf[] }
  | { readonly state: 'withheld' }
  | { readonly state: 'absent' }
  | { readonly state: 'erased'; readonly tombstone: Tombstone }

/** One entry of a bundle. */
export interface BundleEntry {
  readonly index: number
  /** The canonical text of the entry, the leaf of the ledger. */
  readonly entry: string
  /** Its inclusion proof under the bundle's checkpoint, nearest sibling first. */
  readonly proof: readonly Uint8Array[]
  readonly payload: BundlePayload
}

/** An earlier or equal checkpoint about whose time somebody outside has spoken. */
export interface BundleAnchor {
  /** The signed note with its cosignatures. */
  readonly checkpoint: string
  /** RFC 3161 tokens over the text of the note. */
  readonly timestamps: readonly Uint8Array[]
  /** The consistency proof between this checkpoint and the bundle's, from the smaller to the larger. */
  readonly consistency: readonly Uint8Array[]
}

/** A bundle, taken apart and not checked. */
export interface Bundle {
  readonly origin: string
  /** The signed checkpoint all proofs lead to, verbatim. */
  readonly checkpoint: string
  readonly anchors: readonly BundleAnchor[]
  /** By ascending index, each index once. */
  readonly entries: readonly BundleEntry[]
  /** What the exporter says about the export. Nothing vouches for it. */
  readonly statement?: Readonly<Record<string, string>>
}

/**
 * Takes the text of a bundle apart. FormatError 'bad_bundle' with the path of what is wrong. A member that
 * this version does not know is refused, and so is a name that comes twice: two readers of one bundle must
 * not see two things.
 */
export function parseBundle(text: string): Bundle {
  if (text.length > BUNDLE_LENGTH_MAX) throw badBundle('longer than 256 Mi characters')
  const value = parseUnambiguous(text)
  const document = Field.document(value, 'bad_bundle').only(
    'bundle',
    'origin',
    'checkpoint',
    'anchors',
    'entries',
    'statement',
  )
  if (document.field('bundle').position() !== BUNDLE_VERSION)
    throw document.field('bundle').misfit('another version than 0')
  const hashes = new HashTexts()
  const statement = document.field('statement')
  return {
    origin: document.field('origin').text(),
    checkpoint: document.field('checkpoint').text(),
    anchors: atMost(document.field('anchors').list(), BUNDLE_ANCHORS_MAX, document.field('anchors')).map(
      (anchor) => parseAnchor(anchor, hashes),
    ),
    entries: parseEntries(document.field('entries'), hashes),
    ...(statement.absent ? {} : { statement: parseStatement(statement) }),
  }
}

/**
 * The value of a JSON text that every reader must understand alike. Text as `formatBundle` writes it is
 * shown to be so by being written again; any other is read a second time by the reader that sees repeated
 * names, because that one takes longer.
 */
function parseUnambiguous(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badBundle('not JSON')
  }
  if (typeof value !== 'object' || value === null) throw badBundle('not an object')
  if (!isWrittenAs(value, text.trimEnd()) && !isReadAlike(text))
    throw badBundle('JSON that readers may disagree on')
  return value
}

function isWrittenAs(value: object, text: string): boolean {
  // Half a surrogate pair is written as it was read, and another reader would refuse it.
  if (text.includes(String.raw`\ud`) || !text.isWellFormed()) return false
  try {
    return JSON.stringify(value) === text
  } catch {
    // Nested deeper than the writer can follow.
    return false
  }
}

function isReadAlike(text: string): boolean {
  try {
    return readJson(text).faults.length === 0
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}

function parseAnchor(item: Field, hashes: HashTexts): BundleAnchor {
  item.only('checkpoint', 'timestamps', 'consistency')
  const timestamps = item.field('timestamps')
  return {
    checkpoint: item.field('checkpoint').text(),
    timestamps: atMost(timestamps.list(), ANCHOR_TIMESTAMPS_MAX, timestamps).map(parseTimestamp),
    consistency: hashes.list(item.field('consistency')),
  }
}

function parseTimestamp(item: Field): Uint8Array {
  if (item.text().length > 2 * TIMESTAMP_BYTES_MAX) throw item.misfit('a timestamp has at most 65,536 bytes')
  const token = item.decode(fromBase64)
  if (token.length > TIMESTAMP_BYTES_MAX) throw item.misfit('a timestamp has at most 65,536 bytes')
  return token
}

function parseEntries(list: Field, hashes: HashTexts): BundleEntry[] {
  const entries = atMost(list.list(), BUNDLE_ENTRIES_MAX, list).map((item) => parseEntry(item, hashes))
  if (entries.length === 0) throw list.misfit('has no entry')
  if (!isAscending(entries.map(({ index }) => index)))
    throw list.misfit('not in the order of the ledger, each entry once')
  return entries
}

function parseEntry(item: Field, hashes: HashTexts): BundleEntry {
  item.only('index', 'entry', 'proof', 'disclosed', 'absent', 'erased')
  return {
    index: item.field('index').position(),
    entry: item.field('entry').text(),
    proof: hashes.list(item.field('proof')),
    payload: parsePayload(item),
  }
}

function parsePayload(item: Field): BundlePayload {
  const [disclosed, absent, erased] = [item.field('disclosed'), item.field('absent'), item.field('erased')]
  if ([disclosed, absent, erased].filter((field) => !field.absent).length > 1)
    throw item.misfit('says two things of one payload')
  if (!disclosed.absent) return { state: 'disclosed', leaves: parseLeaves(disclosed) }
  if (!erased.absent) return { state: 'erased', tombstone: parseTombstone(erased) }
  if (absent.absent) return { state: 'withheld' }
  if (!absent.isTrue) throw absent.misfit('is true or not there')
  return { state: 'absent' }
}

function parseTombstone(item: Field): Tombstone {
  item.only('erasure', 'position', 'salt', 'path')
  return {
    erasure: item.field('erasure').position(),
    position: item.field('position').position(),
    salt: bytesAt(item.field('salt'), SALT_BYTES),
    path: new HashTexts().list(item.field('path')),
  }
}

function parseStatement(item: Field): Readonly<Record<string, string>> {
  const members = item.members()
  if (members.length > STATEMENT_MEMBERS_MAX) throw item.misfit('has more than 32 members')
  return Object.fromEntries(
    members.map((name) => {
      const text = item.field(name).text()
      if (text.length > STATEMENT_LENGTH_MAX) throw item.misfit('a member is longer than 1,000 characters')
      return [name, text]
    }),
  )
}

function atMost<T>(items: T[], max: number, list: Field): T[] {
  if (items.length > max) throw list.misfit(`has more than ${max} items`)
  return items
}

/** The text of a bundle, which `parseBundle` reads back to the same parts. */
export function formatBundle(bundle: Bundle): string {
  const { origin, checkpoint, anchors, entries, statement } = bundle
  const text = JSON.stringify({
    bundle: BUNDLE_VERSION,
    origin,
    checkpoint,
    anchors: anchors.map(anchorJson),
    entries: entries.map(({ index, entry, proof, payload }) => ({
      index,
      entry,
      proof: proof.map(toBase64),
      ...payloadJson(payload),
    })),
    ...(statement !== undefined && { statement }),
  })
  return text
}

function anchorJson({ checkpoint, timestamps, consistency }: BundleAnchor): object {
  return { checkpoint, timestamps: timestamps.map(toBase64), consistency: consistency.map(toBase64) }
}

function payloadJson(payload: BundlePayload): object {
  switch (payload.state) {
    case 'disclosed':
      return { disclosed: payload.leaves.map(leafJson) }
    case 'erased':
      return { erased: tombstoneJson(payload.tombstone) }
    case 'absent':
      return { absent: true }
    case 'withheld':
      return {}
  }
}

function tombstoneJson({ erasure, position, salt, path }: Tombstone): object {
  return { erasure, position, salt: toBase64(salt), path: path.map(toBase64) }
}

function badBundle(message: string): FormatError {
  return new FormatError('bad_bundle', message)
}
