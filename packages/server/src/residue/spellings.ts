/** The forms in which a text may lie in a file. */

/** One form, as bytes to look for. `kind` is what may be said of it; the bytes are not. */
export interface Spelling {
  readonly kind: string
  readonly bytes: Buffer
}

/** Fewer bytes are found everywhere by chance, and say nothing. */
export const SOUGHT_BYTES_MIN = 4

/** A text as itself, in UTF-16, escaped as JSON and in addresses, in hexadecimal, and inside base64 at each of its three alignments. */
export function spellingsOf(text: string): Spelling[] {
  return [...new Set([text, text.normalize('NFC'), text.normalize('NFD')])].flatMap((form) => formsOf(form))
}

/** Bytes as they are, in hexadecimal and inside base64. */
export function spellingsOfBytes(kind: string, bytes: Uint8Array): Spelling[] {
  const hex = Buffer.from(bytes).toString('hex')
  return longEnough([
    { kind, bytes: Buffer.from(bytes) },
    { kind: `${kind} in hexadecimal`, bytes: Buffer.from(hex) },
    { kind: `${kind} in hexadecimal`, bytes: Buffer.from(hex.toUpperCase()) },
    ...base64FormsOf(bytes).map((form) => ({ kind: `${kind} in base64`, bytes: Buffer.from(form) })),
  ])
}

function formsOf(text: string): Spelling[] {
  const utf8 = Buffer.from(text)
  const hex = utf8.toString('hex')
  const quoted = JSON.stringify(text).slice(1, -1)
  const escaped = escapedFormsOf(quoted)
  return longEnough([
    { kind: 'text', bytes: utf8 },
    { kind: 'UTF-16', bytes: Buffer.from(text, 'utf16le') },
    { kind: 'UTF-16', bytes: Buffer.from(text, 'utf16le').swap16() },
    ...escaped.map((form) => ({ kind: 'JSON escapes', bytes: Buffer.from(form) })),
    { kind: 'percent-encoding', bytes: Buffer.from(encodeURIComponent(text.toWellFormed())) },
    { kind: 'hexadecimal', bytes: Buffer.from(hex) },
    { kind: 'hexadecimal', bytes: Buffer.from(hex.toUpperCase()) },
    ...base64FormsOf(utf8).map((form) => ({ kind: 'base64', bytes: Buffer.from(form) })),
  ])
}

/** What JSON makes of a text: shortest, and with everything outside ASCII as \\u and four digits, of either case. */
function escapedFormsOf(quoted: string): string[] {
  const escape = (digits: (hex: string) => string): string =>
    quoted.replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${digits(unit.charCodeAt(0).toString(16).padStart(4, '0'))}`,
    )
  return [quoted, escape((hex) => hex), escape((hex) => hex.toUpperCase())]
}

/** The characters that depend on nothing but these bytes, wherever they stand in what is encoded; in both alphabets. */
function base64FormsOf(bytes: Uint8Array): string[] {
  const forms = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6))
  })
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}

function longEnough(spellings: readonly Spelling[]): Spelling[] {
  const seen = new Set<string>()
  return spellings.filter(({ bytes }) => {
    const key = bytes.toString('latin1')
    if (bytes.length < SOUGHT_BYTES_MIN || seen.has(key)) return false
    seen.add(key)
    return true
  })
}
