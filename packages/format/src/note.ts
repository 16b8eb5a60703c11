/**
 * C2SP signed-note: a text ending in a newline, a blank line, then one signature per line,
 * `— <name> base64(key id ‖ signature)`. Text and signatures part at the last blank line, so a text may
 * hold blank lines itself.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { concatBytes, equalBytes, fromBase64, fromUtf8, toBase64, utf8 } from './bytes.ts'
import { cosignatureTimeS, cosignedMessage, ed25519PartOf } from './cosignature.ts'
import { FormatError } from './error.ts'
import { isKeyName, KEY_TYPE } from './key.ts'
import type { VerifierKey } from './key.ts'

/** Longest note read, in UTF-16 code units. */
export const NOTE_LENGTH_MAX = 1_000_000
/** Most signatures read on one note; the specification asks for at least 16. */
export const NOTE_SIGNATURES_MAX = 100

const KEY_ID_BYTES = 4
const SIGNATURE_LINE = /^— ([^ ]+) ([^ ]+)$/

/** One signature line, taken apart but not checked. */
export interface NoteSignature {
  readonly name: string
  readonly keyId: Uint8Array
  /** What follows the key id; its meaning depends on the type of the key. */
  readonly signature: Uint8Array
}

/** A note taken apart. `text` is what was signed and ends in a newline. */
export interface Note {
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Checks an Ed25519 signature (RFC 8032). Answers `false` for anything malformed; never throws. */
export type Ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

/** Ed25519 in portable code, refusing non-canonical encodings. `node:crypto` is faster where it exists. */
export const verifyEd25519: Ed25519Verify = (publicKey, message, signature) => {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}

/** Takes a note apart; FormatError 'bad_note' for everything the specification calls malformed. */
export function parseNote(note: string | Uint8Array): Note {
  const whole = typeof note === 'string' ? note : fromUtf8(note)
  checkText(whole)
  const split = whole.lastIndexOf('\n\n')
  if (split < 0) throw badNote('no blank line before the signatures')
  const block = whole.slice(split + 2)
  if (!block.endsWith('\n')) throw badNote('the last signature line does not end')
  const lines = block.slice(0, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX) throw badNote('too many signatures')
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignatureLine) }
}

function parseSignatureLine(line: string): NoteSignature {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? []
  if (name === undefined || encoded === undefined || !isKeyName(name))
    throw badNote('malformed signature line')
  const bytes = fromBase64(encoded)
  if (bytes.length <= KEY_ID_BYTES) throw badNote('a signature line without a signature')
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) }
}

/** Writes a note. `text` must end in a newline; FormatError 'bad_note' for what `parseNote` would refuse. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  if (!text.endsWith('\n')) throw badNote('the text does not end in a newline')
  if (signatures.length === 0 || signatures.length > NOTE_SIGNATURES_MAX)
    throw badNote('needs 1 to 100 signatures')
  const note = `${text}\n${signatures.map(formatSignatureLine).join('')}`
  checkText(note)
  return note
}

function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  if (!isKeyName(name)) throw badNote('malformed key name')
  if (keyId.length !== KEY_ID_BYTES || signature.length === 0) throw badNote('malformed signature')
  return `— ${name} ${toBase64(concatBytes(keyId, signature))}\n`
}

function checkText(text: string): void {
  if (text.length > NOTE_LENGTH_MAX) throw badNote('longer than 1,000,000 characters')
  if (!text.isWellFormed()) throw badNote('holds a lone surrogate')
  // eslint-disable-next-line no-control-regex -- control characters are exactly what is refused here
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw badNote('holds a control character')
}

/**
 * The given keys that signed the note, in the order of its lines, each once. Signatures by other keys
 * are ignored; a signature that names a given key and does not verify condemns the whole note:
 * FormatError 'bad_signature'. An empty answer means that nobody given signed.
 */
export function verifyNote(
  note: Note,
  keys: readonly VerifierKey[],
  verify: Ed25519Verify = verifyEd25519,
): VerifierKey[] {
  const signers = new Set<VerifierKey>()
  for (const line of note.signatures) {
    const named = keys.filter((key) => key.name === line.name && equalBytes(key.keyId, line.keyId))
    if (named.length === 0) continue
    const signer = named.find((key) => isSignedBy(key, note.text, line.signature, verify))
    if (signer === undefined)
      throw new FormatError('bad_signature', 'a signature by a known key does not verify')
    signers.add(signer)
  }
  return [...signers]
}

function isSignedBy(key: VerifierKey, text: string, signature: Uint8Array, verify: Ed25519Verify): boolean {
  if (key.type === KEY_TYPE.ed25519) return verify(key.publicKey, utf8(text), signature)
  const timeS = cosignatureTimeS(signature)
  return timeS !== undefined && verify(key.publicKey, cosignedMessage(text, timeS), ed25519PartOf(signature))
}

function badNote(message: string): FormatError {
  return new FormatError('bad_note', message)
}
