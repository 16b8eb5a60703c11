/** What the recording state learns of an entry: from the log as it is written, or from ledger and vault later. Both say the same. */
import {
  canonicalJson,
  type CanonicalRecord,
  CLASSIFICATION,
  classificationOf,
  decodeEntry,
  type Entry,
  fromHex,
  isAltered,
  isObject,
  statesDeletion,
} from '@deponent/format'
import { isOwnWord } from '../vault/seal.ts'
import { decodeTombstone, isTombstone } from '../vault/tombstone.ts'
import type { Vault } from '../vault/vault.ts'
import { decodeAttachment } from './attachment.ts'
import { counterIn } from './counters.ts'
import { FORGOTTEN } from './dedupe.ts'
import { emitterDeclaredIn, linkIn, numberOf, statementIn } from './emitter-facts.ts'
import { headOfMac, knownDigestOf, type Mark, type Marker } from './marker.ts'
import { RETENTION_DECLARED } from './retentions.ts'
import type { ReadEntry } from './reader.ts'
import { isRegistered, REGISTERED_KINDS } from './register.ts'
import type { StateFact } from './state.ts'
import type { Numbering } from './submission.ts'

/** Kinds whose content the recording state needs, as they begin in an entry's bytes. */
const OWN_KINDS = [
  'system.declared"',
  'change"',
  'vault.sealed"',
  'erasure"',
  'retention.expired"',
  'emitter.',
  'counter.',
  ...REGISTERED_KINDS,
].map((kind) => Buffer.from(`"kind":"${kind}`))

/** What an entry says as it stands in the log. */
export function factFromFrame(vault: Vault, entryBytes: Uint8Array, attachment: Uint8Array): StateFact {
  const { mark, link: kept, frame } = decodeAttachment(attachment)
  const numbered = numberOf(entryBytes)
  const link = kept ?? (isTombstone(frame) ? decodeTombstone(frame).link : undefined)
  const facts = {
    ...(mark && { mark }),
    ...(numbered && { numbered: { ...numbered, ...(link && { link }) } }),
  }
  if (mark && !numbered) return facts
  const bytes = Buffer.from(entryBytes.buffer, entryBytes.byteOffset, entryBytes.byteLength)
  if (!OWN_KINDS.some((kind) => bytes.includes(kind))) return facts
  const entry = decodeEntry(entryBytes)
  const record = vault.record(entry, frame)
  return { ...facts, ...(record && ownFact(entry, record, isOwnWord(frame))) }
}

/** What a record of the product itself tells the state. Anybody may send one about segments or erasures; only the ledger's own count. */
function ownFact(entry: Entry, record: CanonicalRecord, isOwn: boolean): StateFact {
  const { kind, system } = entry
  if (isRegistered(kind)) return { registered: { entry, record } }
  const declaresEmitter = emitterDeclaredIn(entry, record)
  if (declaresEmitter) return { declaresEmitter }
  const states = statementIn(entry, record)
  if (states) return { states }
  const counter = counterIn(entry, record)
  if (counter) return { counter }
  if (kind === 'system.declared' && typeof record.name === 'string')
    return { declares: { slug: system, name: record.name } }
  return isOwn ? factOfVault(kind, record) : {}
}

function factOfVault(kind: string, record: CanonicalRecord): StateFact {
  const { first, digest, setRoot } = record
  if (kind === 'change') return retentionDeclaredIn(record)
  if (kind === 'vault.sealed' && typeof first === 'number' && typeof digest === 'string')
    return { sealedSegment: { first, digest } }
  return statesDeletion(kind) && typeof setRoot === 'string' ? { erases: setRoot } : {}
}

function retentionDeclaredIn({ object, details }: CanonicalRecord): StateFact {
  if (object !== RETENTION_DECLARED || !isObject(details)) return {}
  const { slug, digest } = details
  return typeof slug === 'string' && typeof digest === 'string' ? { declaresRetention: { slug, digest } } : {}
}

/** What an entry says as it is read from ledger and vault. */
export function factFromRecord(marker: Marker, read: ReadEntry): StateFact {
  const { entry, record, erased, isOwn = false, systemName } = read
  const { emitter, receivedAt } = entry
  const link = linkIn(record) ?? erased?.link
  const numbered = emitter && {
    numbered: {
      slug: emitter.id,
      epoch: emitter.epoch,
      seq: emitter.seq,
      receivedAt,
      ...(link && { link }),
    },
  }
  const mark = markOf(marker, entry, record, systemName, read.erasedFields)
  return { ...(mark && { mark }), ...numbered, ...(record && ownFact(entry, record, isOwn)) }
}

/** The mark by which a resend of a recorded record is known. `erasedFields`: so many are not there any more. */
export function markOf(
  marker: Marker,
  { kind }: Entry,
  record: CanonicalRecord | undefined,
  systemName: string,
  erasedFields = 0,
): Mark | undefined {
  if (!record) return undefined
  const { decisionId, emitter } = record
  if (kind === 'decision' && typeof decisionId === 'string') {
    const key = marker.nameOf(systemName, 'decision', decisionId)
    return { key, mac: contentMacOf(marker, record, erasedFields) }
  }
  if (emitter !== undefined) return marker.markOfNumber(emitter as unknown as Numbering)
  const digest = knownDigestOf(kind, record)
  return digest === undefined ? undefined : marker.markOfDigest(systemName, kind, digest)
}

/** MAC of a record as it was sent; `FORGOTTEN` when that cannot be told any more. */
function contentMacOf(marker: Marker, record: CanonicalRecord, erasedFields: number): string {
  const classification = classificationOf(record)
  if (classification?.content !== undefined) return headOfMac(fromHex(classification.content))
  if (erasedFields > 0 || (classification && isAltered(classification))) return FORGOTTEN
  const { emitter: _, [CLASSIFICATION]: __, ...content } = record
  return headOfMac(marker.macOf(canonicalJson(content)))
}
