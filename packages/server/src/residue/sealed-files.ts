/**
 * Files of the embedded index, which its engine encrypts: a head, then AES-256 in counter mode.
 *
 *   "ENC" ‖ u16 version ‖ u16 algorithm ‖ fingerprint of the key (16) ‖ initial counter (16) ‖ zeros up to 64 bytes
 */
import { createDecipheriv } from 'node:crypto'
import type { DiskFile } from '../platform/disk.ts'

const HEAD_BYTES = 64
const COUNTER_AT = 23
const BLOCK_BYTES = 16

/** The plain content of an encrypted file, read as the file itself is; undefined when it is none. `key`: 32 bytes. */
export async function unsealed(file: DiskFile, key: Uint8Array): Promise<DiskFile | undefined> {
  const head = await file.read(0, HEAD_BYTES)
  if (head.length < HEAD_BYTES || Buffer.from(head.subarray(0, 3)).toString('latin1') !== 'ENC')
    return undefined
  const counter = head.subarray(COUNTER_AT, COUNTER_AT + BLOCK_BYTES)
  return {
    path: file.path,
    read: async (position, length) => {
      const skipped = position % BLOCK_BYTES
      const sealed = await file.read(HEAD_BYTES + position - skipped, length + skipped)
      const iv = counterAt(counter, (position - skipped) / BLOCK_BYTES)
      return createDecipheriv('aes-256-ctr', key, iv).update(sealed).subarray(skipped)
    },
    size: async () => (await file.size()) - HEAD_BYTES,
    write: () => Promise.reject(new Error('what is searched is not written')),
    datasync: () => Promise.reject(new Error('what is searched is not written')),
    close: () => file.close(),
  }
}

/** The counter so many blocks on, as a 128-bit number, the highest byte first. */
function counterAt(counter: Uint8Array, blocks: number): Uint8Array {
  const moved = new Uint8Array(counter)
  let rest = blocks
  for (let i = BLOCK_BYTES - 1; i >= 0 && rest > 0; i -= 1) {
    const sum = moved[i]! + (rest % 256)
    moved[i] = sum % 256
    rest = Math.floor(rest / 256) + (sum > 255 ? 1 : 0)
  }
  return moved
}
