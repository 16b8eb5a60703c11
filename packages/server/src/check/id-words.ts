/** Ids of entries as numbers, four of 32 bits for each, one id behind the other. */

export const ID_WORDS = 4

const HEX_DIGITS = 8
const HEX_VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? 0 : value
})

/** Writes a UUID to `words`, from `at` on. */
export function writeIdWords(id: string, words: Uint32Array, at: number): void {
  let word = 0
  let digits = 0
  for (let i = 0; i < id.length; i += 1) {
    const code = id.charCodeAt(i)
    if (code === 0x2d) continue
    word = (word << 4) | HEX_VALUES[code & 0x7f]!
    digits += 1
    if (digits % HEX_DIGITS === 0) words[at + digits / HEX_DIGITS - 1] = word
  }
}

/** The UUID that `words` holds from `at` on. */
export function idAt(words: Uint32Array, at: number): string {
  const hex = Array.from(words.subarray(at, at + ID_WORDS), (word) =>
    word.toString(16).padStart(8, '0'),
  ).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Unix ms in the head of a UUIDv7. */
export function mintedAt(words: Uint32Array, at: number): number {
  return words[at]! * 0x1_0000 + (words[at + 1]! >>> 16)
}
