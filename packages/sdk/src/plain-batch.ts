/*
 * A spooled batch that is not sealed, for who asked for that: a title, the head, the lines.
 */
import type { BatchHead } from '@deponent/format'

const TITLE = 'deponent plain batch v1\n'
const NEWLINE = 0x0a

export function plainBatch(head: BatchHead, lines: Uint8Array): Uint8Array<ArrayBuffer> {
  const clear = new TextEncoder().encode(`${TITLE}${JSON.stringify(head)}\n`)
  const bytes = new Uint8Array(clear.length + lines.length)
  bytes.set(clear)
  bytes.set(lines, clear.length)
  return bytes
}

/** Undefined when it is none. @throws when it is one and damaged */
export function readPlainBatch(
  bytes: Uint8Array<ArrayBuffer>,
): { head: BatchHead; body: Uint8Array<ArrayBuffer> } | undefined {
  const decoder = new TextDecoder()
  if (decoder.decode(bytes.subarray(0, TITLE.length)) !== TITLE) return undefined
  const headEnd = bytes.indexOf(NEWLINE, TITLE.length)
  const head = JSON.parse(decoder.decode(bytes.subarray(TITLE.length, headEnd))) as BatchHead
  return { head, body: bytes.subarray(headEnd + 1) }
}
