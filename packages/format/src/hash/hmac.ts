import { concatBytes } from '../bytes.ts'
import { sha256 } from './sha256.ts'

const BLOCK_BYTES = 64

/** HMAC-SHA-256 (RFC 2104) under a key of at most 64 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const inner = new Uint8Array(BLOCK_BYTES).fill(0x36)
  const outer = new Uint8Array(BLOCK_BYTES).fill(0x5c)
  key.forEach((byte, i) => {
    inner[i]! ^= byte
    outer[i]! ^= byte
  })
  return sha256(concatBytes(outer, sha256(concatBytes(inner, message))))
}
