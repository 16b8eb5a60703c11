/**
 * A root key as it lies in a file, and what is derived from a 32-byte secret. The root key wraps one other key, the master key
 * (`master-key.ts`), and nothing else is done with it.
 */
import { createHash, createHmac } from 'node:crypto'
import { FormatError, fromHex, fromUtf8, toHex, utf8 } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'

const TITLE = 'deponent root key v1'
const KEY_BYTES = 32
/** Enough to tell two root keys apart, and nothing to find one by: it is a digest of 32 random bytes. */
const ID_BYTES = 8

const checksum = (hex: string): string => createHash('sha256').update(`${TITLE}\n${hex}\n`).digest('hex')

/**
 * The key in a text: 64 hex digits, alone or under a title with a checksum behind, as `writeRootKey` writes it. FormatError
 * `keyring_damaged` otherwise, which names `place` and repeats nothing of the text.
 */
export function parseRootKey(text: string, place: string): Uint8Array {
  const lines = text.trimEnd().split('\n')
  const [title, hex = '', sum] = lines.length === 1 ? [TITLE, lines[0], checksum(lines[0]!)] : lines
  if (lines.length !== 1 && (title !== TITLE || sum !== checksum(hex) || lines.length !== 3))
    throw new FormatError('keyring_damaged', `the root key in ${place} does not match its checksum`)
  if (!/^[0-9a-f]{64}$/i.test(hex))
    throw new FormatError('keyring_damaged', `${place} holds no root key: expected 64 hex digits`)
  return fromHex(hex.toLowerCase())
}

/** Reads the root key at `path`; undefined when there is no such file, FormatError `keyring_damaged` when it holds none. */
export async function readRootKey(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  const bytes = await disk.read(path)
  return bytes && parseRootKey(fromUtf8(bytes), path.slice(path.lastIndexOf('/') + 1))
}

/** Writes a root key, mode 0600; durable when this resolves. */
export async function writeRootKey(disk: Disk, path: string, root: Uint8Array): Promise<void> {
  const hex = toHex(root)
  await disk.writeDurably(path, utf8(`${TITLE}\n${hex}\n${checksum(hex)}\n`), 0o600)
}

/** The name of a root key: 16 hex digits that tell it from another and say nothing of it. */
export function rootKeyId(root: Uint8Array): string {
  return toHex(deriveKey(root, 'deponent/root-id/v1').subarray(0, ID_BYTES))
}

/** Label of the key, from the master key, that an embedded index is encrypted with on disk. */
export const INDEX_KEY = 'deponent/index/v1'

/** A 32-byte key for one use, from a secret: HMAC-SHA-256(secret, label). */
export function deriveKey(secret: Uint8Array, label: string): Uint8Array {
  if (secret.length !== KEY_BYTES) throw new Error('keys are derived from 32 bytes')
  return new Uint8Array(createHmac('sha256', secret).update(label).digest())
}
