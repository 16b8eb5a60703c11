/** RFC 3161 requests. */
import { concatBytes, fromHex } from '../bytes.ts'
import { sha256 } from '../hash/sha256.ts'

/** Media types of a request and of its answer (RFC 3161 §3.4). */
export const TIMESTAMP_MEDIA = {
  query: 'application/timestamp-query',
  reply: 'application/timestamp-reply',
} as const

const VERSION_1 = '020101'
const IMPRINT_SHA256 = '3031300d060960864801650304020105000420'
const CERTIFICATE_WANTED = '0101ff'

/**
 * A TimeStampReq for the SHA-256 of `message`, asking for the authority's certificate. It carries no nonce: an
 * older token over the same bytes, played back, is as true a statement and says more.
 */
export function formatTimestampRequest(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const content = concatBytes(
    fromHex(VERSION_1 + IMPRINT_SHA256),
    sha256(message),
    fromHex(CERTIFICATE_WANTED),
  )
  return concatBytes(Uint8Array.of(0x30, content.length), content)
}
