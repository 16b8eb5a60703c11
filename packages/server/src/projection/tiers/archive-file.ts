/**
 * The file a month is archived in: a tar archive (POSIX ustar) of Parquet files, compressed with zstd, so that `tar --zstd -xf` opens it
 * without us.
 */
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'

const compressed = promisify(zstdCompress)
const decompressed = promisify(zstdDecompress)

/** Bytes of files in one archive, from which on the next one is begun: it is held in memory as a whole. */
export const ARCHIVE_BYTES = 256 * 1024 * 1024

export interface PackedFile {
  /** At most 100 bytes of ASCII. */
  readonly name: string
  readonly bytes: Uint8Array
}

const BLOCK = 512

export async function packFiles(files: readonly PackedFile[]): Promise<Uint8Array> {
  const parts = files.flatMap(({ name, bytes }) => [
    headerOf(name, bytes.length),
    bytes,
    Buffer.alloc(paddingOf(bytes.length)),
  ])
  return compressed(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]))
}

/** @throws Error when it is no archive of ours */
export async function unpackFiles(archive: Uint8Array): Promise<PackedFile[]> {
  const tar = await decompressed(archive)
  const files: PackedFile[] = []
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) return files
    const name = textIn(header, 0, 100)
    const length = Number.parseInt(textIn(header, 124, 12), 8)
    if (
      textIn(header, 257, 5) !== 'ustar' ||
      checksumOf(header) !== Number.parseInt(textIn(header, 148, 8), 8)
    )
      break
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + length)
    if (bytes.length !== length) break
    files.push({ name, bytes })
    at += BLOCK + length + paddingOf(length)
  }
  throw new Error('an archive of the index is damaged')
}

function headerOf(name: string, length: number): Uint8Array {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new RangeError('a file in an archive has a short name')
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('0', 156)
  header.write('ustar', 257)
  header.write('00', 263)
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** The sum of a header's bytes, its own field taken for spaces. */
function checksumOf(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0)
}

function paddingOf(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK
}

function textIn(header: Uint8Array, from: number, length: number): string {
  const text = Buffer.from(header.subarray(from, from + length)).toString('latin1')
  return text.replace(/[\0 ].*$/s, '')
}
