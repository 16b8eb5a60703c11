/** The root of the keyring: one 32-byte key from a file. Every other secret of the directory is derived from it or wrapped by it. */
import { createHash, createHmac } from 'node:crypto'
import { FormatError, fromHex, fromUtf8, toHex, utf8 } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'

const TITLE = 'deponent root key v0'

const checksum = (hex: string): string => createHash('sha256').update(`${TITLE}\n${hex}\n`).digest('hex')

/** Reads the root key; undefined when absent, FormatError `keyring_damaged` when its checksum does not hold. */
export async function readRootKey(disk: Disk, directory: string): Promise<Uint8Array | undefined> {
  const bytes = await disk.read(`${directory}/root.key`)
  if (!bytes) return undefined
  const [title, hex = '', sum, end] = fromUtf8(bytes).split('\n')
  if (title !== TITLE || sum !== checksum(hex) || end !== '' || hex.length !== 64) {
    throw new FormatError('keyring_damaged', 'root.key does not match its checksum')
  }
  return fromHex(hex)
}

/** Reads the root key, minting it (mode 0600, durable) and its directory when the keyring is new. */
export async function openRootKey(disk: Disk, random: Random, directory: string): Promise<Uint8Array> {
  const known = await readRootKey(disk, directory)
  if (known) return known
  await disk.makeDirectory(directory, 0o700)
  const hex = toHex(random.bytes(32))
  await disk.writeDurably(`${directory}/root.key`, utf8(`${TITLE}\n${hex}\n${checksum(hex)}\n`), 0o600)
  return fromHex(hex)
}

/** A 32-byte key for one use, from the root: HMAC-SHA-256(root, label). */
export function deriveKey(root: Uint8Array, label: string): Uint8Array {
  return new Uint8Array(createHmac('sha256', root).update(label).digest())
}
