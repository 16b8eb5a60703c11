/**
 * The keys of the pages of one keyring, in a small file of their own, `keyring/<ledger>.pages`, that is only ever replaced whole:
 *
 *   "DPNPAGE1" ‖ u32 number of pages ‖ 12-byte nonce ‖ AES-256-GCM(pages × (key ‖ next key)) ‖ 16-byte tag ‖ SHA-256 of all before
 *
 * A page is written again under its next key, of zeros where there is none; once it is, that becomes its key and the one before is gone. That is
 * what destroys a key of a subject: no copy of an older page opens any more. What the file held before is written over in its place,
 * as far as the file system does things in place.
 */
import { concatBytes, equalBytes, FormatError, utf8 } from '@deponent/format'
import type { Disk, DiskFile } from '../platform/disk.ts'
import { KEY_BYTES } from './key-frames.ts'
import { AROUND_BYTES, isWhole, openBehind, sealBehind } from './sealed-bytes.ts'

const MAGIC = utf8('DPNPAGE1')
const HEAD_BYTES = 24
const NONCE_AT = 12

/** The keys of one page. */
export interface PageKeys {
  readonly key: Uint8Array
  /** Under which it is being written again. */
  readonly next?: Uint8Array
}

/** Where page keys lie, and the 32 bytes they are wrapped with, used for nothing else. */
export interface PageKeyPlace {
  readonly disk: Disk
  readonly path: string
  readonly wrappingKey: Uint8Array
}

/** The keys by page; undefined when there is no file. FormatError `keyring_damaged`. */
export async function readPageKeys({
  disk,
  path,
  wrappingKey,
}: PageKeyPlace): Promise<PageKeys[] | undefined> {
  const bytes = await disk.read(path)
  return bytes && openPages(wrappingKey, bytes)
}

/** Replaces all of them; durable when this resolves, and what was there before written over. `nonce`: 12 fresh random bytes. */
export async function writePageKeys(
  { disk, path, wrappingKey }: PageKeyPlace,
  nonce: Uint8Array,
  pages: readonly PageKeys[],
): Promise<void> {
  const before = (await disk.size(path)) === undefined ? undefined : await disk.open(path, 'write')
  try {
    await disk.writeDurably(path, sealPages(wrappingKey, nonce, pages), 0o600)
    if (before) await overwrite(before)
  } finally {
    await before?.close()
  }
}

/** Writes zeros over a file that has no name any more. */
async function overwrite(file: DiskFile): Promise<void> {
  await file.write(new Uint8Array(await file.size()), 0)
  await file.datasync()
}

function sealPages(wrappingKey: Uint8Array, nonce: Uint8Array, pages: readonly PageKeys[]): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  head.set(MAGIC)
  new DataView(head.buffer).setUint32(8, pages.length)
  head.set(nonce, NONCE_AT)
  const content = concatBytes(...pages.flatMap(({ key, next }) => [key, next ?? new Uint8Array(KEY_BYTES)]))
  return sealBehind(wrappingKey, head, content)
}

/** Whether the bytes are a page-key file that nothing happened to; no key is needed to tell. */
export function isWholePageFile(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEAD_BYTES + AROUND_BYTES && equalBytes(bytes.subarray(0, 8), MAGIC) && isWhole(bytes)
  )
}

function openPages(wrappingKey: Uint8Array, bytes: Uint8Array): PageKeys[] {
  if (!isWholePageFile(bytes))
    throw new FormatError('keyring_damaged', 'the file of page keys does not match its checksum')
  const content = openBehind(wrappingKey, bytes, HEAD_BYTES)
  if (!content)
    throw new FormatError('keyring_damaged', 'the page keys of the keyring do not open with this root key')
  const count = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(8)
  if (content.length !== count * 2 * KEY_BYTES)
    throw new FormatError('keyring_damaged', 'the file of page keys holds another number than it says')
  return Array.from({ length: count }, (_, i) => {
    const keyAt = i * 2 * KEY_BYTES
    const key = content.slice(keyAt, keyAt + KEY_BYTES)
    const next = content.slice(keyAt + KEY_BYTES, keyAt + 2 * KEY_BYTES)
    return next.some((byte) => byte !== 0) ? { key, next } : { key }
  })
}
