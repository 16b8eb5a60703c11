const NEWLINE = 0x0a
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const

/** The lines of `bytes` without their `\n`, in order; a last line may lack it. */
export function* splitLines(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(NEWLINE, start)
    if (end === -1) break
    yield bytes.subarray(start, end)
    start = end + 1
  }
  if (start < bytes.length) yield bytes.subarray(start)
}

/** True when the line holds nothing but what JSON calls white space. */
export function isBlank(line: Uint8Array): boolean {
  return line.every(isSpace)
}

/** The first byte that is not white space; undefined when there is none. */
export function firstByteOf(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => !isSpace(byte))
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === NEWLINE
}

/** The bytes of a file or a pipe, in whatever pieces they come. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** The chunks without a leading byte order mark, which may be cut in two as well. */
export async function* chunksWithoutByteOrderMark(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  let beginning: Uint8Array | undefined = new Uint8Array()
  for await (const chunk of chunks) {
    if (beginning === undefined) yield chunk
    else if (beginning.length + chunk.length < BYTE_ORDER_MARK.length)
      beginning = Buffer.concat([beginning, chunk])
    else {
      yield withoutByteOrderMark(Buffer.concat([beginning, chunk]))
      beginning = undefined
    }
  }
  if (beginning !== undefined) yield beginning
}

/** `bytes` without a leading UTF-8 byte order mark, which spreadsheets write and JSON forbids (RFC 8259 §8.1). */
export function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? bytes.subarray(3) : bytes
}
