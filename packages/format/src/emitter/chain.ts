/*
 * The chain an emitter keeps over what it sent, blinded so that a head tells nothing about the records below it:
 *
 *   link_n = HMAC-SHA-256(blind, JCS(record as sent, without `emitter`))
 *   head_n = SHA-256(0x13 ‖ head_{n−1} ‖ u64be n ‖ link_n)
 *
 * A number its emitter declared lost without a link is passed over: head_n = head_{n−1}.
 */
import { concatBytes, u64be, utf8 } from '../bytes.ts'
import { hmacSha256 } from '../hash/hmac.ts'
import { sha256 } from '../hash/sha256.ts'

const HEAD = new Uint8Array([0x13])

/** The head before the first record: 32 zero bytes. */
export const EMPTY_HEAD: Uint8Array = new Uint8Array(32)

/** The head after record `seq`, whose link is 32 bytes. */
export function nextHead(head: Uint8Array, seq: number, link: Uint8Array): Uint8Array {
  return sha256(concatBytes(HEAD, head, u64be(seq), link))
}

/** The link of a record: `blind` is 32 bytes, `sent` the RFC 8785 text of the record as sent, without `emitter`. */
export function emitterLink(blind: Uint8Array, sent: string): Uint8Array {
  return hmacSha256(blind, utf8(sent))
}
