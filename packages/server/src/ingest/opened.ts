/** Files as they are found: compressed or not, and by their first bytes what is in them. */
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { FormatError, readJson, readJsonItemsFromBytes } from '@deponent/format'
import { readCsv } from './csv.ts'
import { BODY_BYTES_MAX } from './decompress.ts'
import { readJsonRows, rowOf } from './jsonl.ts'
import {
  type Chunks,
  chunksWithoutByteOrderMark,
  firstByteOf,
  splitLines,
  withoutByteOrderMark,
} from './lines.ts'
import { type RowReading, SourceError } from './source-row.ts'

export const CONTAINERS = ['csv', 'jsonl', 'json', 'parquet'] as const
export type Container = (typeof CONTAINERS)[number]

/** What is looked at to tell what a file is. */
const HEAD_BYTES = 65_536
const GZIP = [0x1f, 0x8b]
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd]
const PARQUET = [...Buffer.from('PAR1')]
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

export interface OpenedFile {
  readonly container: Container
  /** Decompressed. */
  readonly chunks: Chunks
}

/** @throws SourceError `bad_encoding` while the chunks are read, when what is compressed is damaged */
export async function openFile(chunks: Chunks): Promise<OpenedFile> {
  const raw = await headOf(chunks)
  const compression = [GZIP, ZSTD].find((magic) => startsWith(raw.head, magic))
  if (compression === undefined) return { container: containerOf(raw.head), chunks: raw.chunks }
  const inner = await headOf(
    decompressed(raw.chunks, compression === GZIP ? createGunzip() : createZstdDecompress()),
  )
  return { container: containerOf(inner.head), chunks: inner.chunks }
}

/** The rows of a file; Parquet is read by the engine, not here. */
export function rowsIn({ container, chunks }: OpenedFile): AsyncGenerator<RowReading> {
  if (container === 'csv') return readCsv(chunks)
  return container === 'jsonl' ? readJsonRows(chunks) : readJsonDocument(chunks)
}

function containerOf(head: Uint8Array): Container {
  if (startsWith(head, PARQUET)) return 'parquet'
  const first = firstByteOf(withoutByteOrderMark(head))
  if (first === undefined) return 'jsonl'
  if (first === OPEN_BRACKET) return 'json'
  if (first !== OPEN_BRACE) return 'csv'
  return isBegun(head) ? 'json' : 'jsonl'
}

/** Whether the first line is only the beginning of an object. */
function isBegun(head: Uint8Array): boolean {
  if (!head.includes(0x0a)) return false
  const [line = head] = splitLines(head)
  try {
    readJson(Buffer.from(line).toString())
    return false
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return /^\s*\{\s*(?:"[^"]*"\s*:\s*[[{]?\s*)?$/.test(Buffer.from(line).toString())
  }
}

/** A document as a whole: each element of an array, or the one object, is a row, numbered from 1. */
async function* readJsonDocument(chunks: Chunks): AsyncGenerator<RowReading> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunksWithoutByteOrderMark(chunks)) {
    parts.push(chunk)
    length += chunk.length
    if (length > BODY_BYTES_MAX)
      throw new SourceError(
        'too_large',
        1,
        `a JSON document may have ${BODY_BYTES_MAX} bytes; use JSON Lines`,
      )
  }
  yield* itemsOf(Buffer.concat(parts)).map((reading, i) => rowOf(i + 1, reading))
}

function itemsOf(bytes: Uint8Array): ReturnType<typeof readJsonItemsFromBytes> {
  try {
    return readJsonItemsFromBytes(bytes)
  } catch (error) {
    if (error instanceof FormatError) throw new SourceError(error.code, 1, error.message)
    throw error
  }
}

function startsWith(head: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => head[i] === byte)
}

/** The first bytes, and all of them again. */
async function headOf(chunks: Chunks): Promise<{ head: Uint8Array; chunks: Chunks }> {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  const first: Uint8Array[] = []
  let length = 0
  while (length < HEAD_BYTES) {
    const { done, value } = await iterator.next()
    if (done) break
    first.push(value)
    length += value.length
  }
  return { head: Buffer.concat(first), chunks: continued(first, iterator) }
}

async function* continued(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* first
    for (;;) {
      const { done, value } = await rest.next()
      if (done) return
      yield value
    }
  } finally {
    await rest.return?.()
  }
}

async function* decompressed(
  chunks: Chunks,
  stream: ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false })
  source.on('error', (error) => stream.destroy(error))
  try {
    for await (const chunk of source.pipe(stream) as AsyncIterable<Uint8Array>) yield chunk
  } catch (error) {
    if (error instanceof SourceError || !isOfZlib(error)) throw error
    throw new SourceError('bad_encoding', 1, 'what is compressed here is damaged or ends too early')
  } finally {
    source.destroy()
    stream.destroy()
  }
}

function isOfZlib(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && /^(?:Z_|ERR_ZSTD|ZSTD_|ERR_ZLIB)/.test(String(error.code))
  )
}
