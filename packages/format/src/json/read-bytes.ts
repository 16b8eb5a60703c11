import { fromUtf8 } from '../bytes.ts'
import { FormatError } from '../error.ts'
import type { JsonReading } from './read.ts'
import { readJsonItems } from './read.ts'

/** Bad bytes traced to their records; beyond that the text is not worth reading. */
const BAD_BYTES_MAX = 1_000

/**
 * Reads the bytes of one JSON text as readJsonItems does, and lays bad UTF-8 at the door of the one
 * record it is in: fault 'bad_utf8' with the path of the string.
 *
 * @throws FormatError as readJsonItems, and 'bad_utf8' beyond 1,000 bad bytes
 */
export function readJsonItemsFromBytes(bytes: Uint8Array, itemsMax = Infinity): JsonReading[] {
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch {
    return readJsonItems(escapeBadBytes(bytes), 'bad_utf8', itemsMax)
  }
  return readJsonItems(text, 'lone_surrogate', itemsMax)
}

/** Each byte that is no UTF-8 becomes the lone surrogate U+DC00 + byte, which no valid UTF-8 decodes to. */
function escapeBadBytes(bytes: Uint8Array): string {
  let text = ''
  let from = 0
  let bad = 0
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    if (++bad > BAD_BYTES_MAX) throw new FormatError('bad_utf8', 'bytes are not valid UTF-8')
    text += fromUtf8(bytes.subarray(from, at)) + String.fromCharCode(0xdc00 + bytes[at]!)
    from = ++at
  }
  return text + fromUtf8(bytes.subarray(from))
}

/** Bytes of the well-formed sequence starting here (Unicode 16, table 3-7), 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  const second = bytes[at + 1] ?? 0
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}
