/** The text of a record that is sealed, and the text by which a resend of it is known. */
import {
  type CanonicalRecord,
  canonicalJson,
  CLASSIFICATION,
  FormatError,
  type JsonValue,
  type PreparedPayload,
  preparePayload,
  toHex,
} from '@deponent/format'
import type { Classified } from '../vault/classify/classifier.ts'
import type { Accepted, Numbering } from './submission.ts'

/** Largest canonical text of a record, in bytes of UTF-8. */
export const PAYLOAD_BYTES_MAX = 262_144

/** An accepted record with its id, and as it is to be sealed. */
export type Identified = Accepted &
  Classified & {
    id: string
    /** The record as its sender meant it, normalised and before any policy: what a resend is compared with. */
    sent: CanonicalRecord
  }

export interface Prepared {
  /** Canonical text of the record as its sender meant it. */
  content: string
  /** What is sealed: the record, what was done to it and, when it has one, its place in its emitter's numbering. */
  sealed: PreparedPayload
}

/**
 * `isInParts`: whether it is sealed in parts that can be erased apart. Of such a record nothing is kept by which a part that is gone
 * could be tried out. FormatError `payload_too_large`, `too_many_leaves` or `too_deep` when the record is beyond the limits.
 */
export function prepare(
  item: Identified,
  isInParts: boolean,
  macOf: (content: string) => Uint8Array,
): Prepared {
  const { id, record, emitter } = item
  const content = item.isAltered ? canonicalJson(item.sent) : undefined
  const said = content === undefined || isInParts ? record : withMac(record, macOf(content))
  const whole =
    emitter === undefined ? said : { ...said, emitter: numberingKept(emitter, !item.isAltered && !isInParts) }
  const sealed = preparePayload(whole, id)
  const text = content ?? textWithout(sealed.text, whole, item.sent)
  if (Buffer.byteLength(text) > PAYLOAD_BYTES_MAX) {
    throw new FormatError('payload_too_large', `the record is larger than ${PAYLOAD_BYTES_MAX} bytes`)
  }
  return { content: text, sealed }
}

/** The record cannot tell any more what it was; its MAC can, to whoever holds the key of the ledger. */
function withMac(record: CanonicalRecord, mac: Uint8Array): CanonicalRecord {
  const said = record[CLASSIFICATION] as CanonicalRecord
  return { ...record, [CLASSIFICATION]: { ...said, content: toHex(mac) } }
}

/**
 * With its blind the link of a record is a way to try out what was left out of it, or erased from it, so that the blind goes before
 * that. Nothing is lost: the link is over a record that nobody has, or that may be erased in part.
 */
function numberingKept({ blind, ...rest }: Numbering, isWhole: boolean): { [name: string]: JsonValue } {
  return isWhole ? { ...rest, blind } : rest
}

/** The canonical text of a record, cut out of the text that is sealed: writing it again would cost as much as sealing. */
function textWithout(text: string, whole: CanonicalRecord, sent: CanonicalRecord): string {
  let left = text
  for (const name of ['emitter', CLASSIFICATION]) {
    if (whole[name] === undefined) continue
    const cut = without(left, `"${name}":${canonicalJson(whole[name])}`)
    // A record that holds the same a second time is written out again: nobody cuts in the wrong place.
    if (cut === undefined) return canonicalJson(sent)
    left = cut
  }
  return left
}

function without(text: string, member: string): string | undefined {
  const at = text.indexOf(member)
  const end = at + member.length
  if (at < 0 || text.includes(member, at + 1)) return undefined
  return text[end] === ','
    ? text.slice(0, at) + text.slice(end + 1)
    : text.slice(0, at - (text[at - 1] === ',' ? 1 : 0)) + text.slice(end)
}
