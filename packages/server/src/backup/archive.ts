/**
 * Several files in one piece, so that they are there together or not at all:
 *
 *   u32 length of the list ‖ list, JSON [[name, bytes], …] ‖ the files in its order, back to back
 */
import { concatBytes, fromUtf8, utf8 } from '@deponent/format'

export type Files = ReadonlyMap<string, Uint8Array>

export function encodeArchive(files: Files): Uint8Array {
  const list = utf8(JSON.stringify([...files].map(([name, bytes]) => [name, bytes.length])))
  const head = new Uint8Array(4)
  new DataView(head.buffer).setUint32(0, list.length)
  return concatBytes(head, list, ...files.values())
}

/** Undefined when the bytes are no archive. */
export function decodeArchive(bytes: Uint8Array): Files | undefined {
  if (bytes.length < 4) return undefined
  const listEnd = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const list = listIn(bytes.subarray(4, listEnd))
  if (!list || listEnd + list.reduce((sum, [, length]) => sum + length, 0) !== bytes.length) return undefined
  let at = listEnd
  return new Map(list.map(([name, length]) => [name, bytes.subarray(at, (at += length))]))
}

function listIn(text: Uint8Array): [string, number][] | undefined {
  try {
    const list: unknown = JSON.parse(fromUtf8(text))
    return Array.isArray(list) && list.every(isNamed) ? list : undefined
  } catch {
    return undefined
  }
}

function isNamed(item: unknown): item is [string, number] {
  return (
    Array.isArray(item) &&
    typeof item[0] === 'string' &&
    Number.isSafeInteger(item[1]) &&
    Number(item[1]) >= 0
  )
}
