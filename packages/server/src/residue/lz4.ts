/** Inflates one block of LZ4 (the block format, without a frame); undefined when it is not one of that length. */
export function lz4Block(block: Uint8Array, length: number): Uint8Array | undefined {
  const out = new Uint8Array(length)
  let from = 0
  let to = 0
  while (from < block.length) {
    const token = block[from++]!
    const literals = lengthOf(block, from, token >> 4)
    from = literals.next
    if (from + literals.length > block.length || to + literals.length > length) return undefined
    out.set(block.subarray(from, from + literals.length), to)
    from += literals.length
    to += literals.length
    // The last sequence is literals only.
    if (from === block.length) return to === length ? out : undefined
    const distance = block[from]! | ((block[from + 1] ?? 0) << 8)
    const match = lengthOf(block, from + 2, token & 15)
    from = match.next
    const end = to + match.length + MATCH_MIN
    if (distance === 0 || distance > to || end > length) return undefined
    // Byte by byte: a match may reach into what it writes.
    for (; to < end; to += 1) out[to] = out[to - distance]!
  }
  return undefined
}

const MATCH_MIN = 4

/** A length that begins in the token and goes on in bytes while they are 255. */
function lengthOf(block: Uint8Array, at: number, start: number): { length: number; next: number } {
  let length = start
  let next = at
  if (start < 15) return { length, next }
  for (;;) {
    const byte = block[next++]
    if (byte === undefined) return { length: Number.POSITIVE_INFINITY, next }
    length += byte
    if (byte !== 255) return { length, next }
  }
}
