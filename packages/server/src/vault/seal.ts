/**
 * One payload, sealed. Record keys are derived, never stored (`docs/format.md`, Payload commitment):
 *
 *   HMAC-SHA-512(key, "deponent/record/v0" ‖ entry id ‖ r) = AES key ‖ recordSalt        key = subject keys, concatenated
 *
 * A vault frame is
 *
 *   0x00|coding ‖ u8 n ‖ n × u32 key number ‖ r (16) ‖ AES-256-GCM(text; zero nonce, AAD = id ‖ root) ‖ tag     sealed
 *   0x80|coding ‖ recordSalt (32) ‖ text                                                                       public
 *   0x20|coding …                                                                  sealed, and some of it shown, see `shown.ts`
 *   0x40 …                                                                                         erased, see `tombstone.ts`
 *
 * The codings of the text are those of `coding.ts`. Public frames hold records of the ledger
 * about itself, with no person in them, that a stranger must read without any key.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import {
  commitRoot,
  concatBytes,
  type Entry,
  FormatError,
  fromHex,
  type PreparedPayload,
  toHex,
  utf8,
} from '@deponent/format'
import { type CodingChoice, decodeText, encodeText } from './coding.ts'
import { Hmac } from './hmac.ts'
import { isShown, leavesAt, sealedBehind, showing } from './shown.ts'
import { isTombstone } from './tombstone.ts'

const PUBLIC = 0x80
/** What a frame is stands in the upper half of its first byte, the coding in the lower. */
const FORMS = 0x10
const R_BYTES = 16
const TAG_BYTES = 16
const ZERO_NONCE = new Uint8Array(12)
const ZERO_COUNTER = new Uint8Array(16)
const LABEL = utf8('deponent/record/v0')

export interface Sealed {
  payload: Entry['payload']
  frame: Uint8Array
}

/** What a frame says before it is opened. */
export interface FrameHead {
  isPublic: boolean
  /** Numbers of the keys that seal it; empty for a public frame and for a tombstone. */
  keyNumbers: number[]
  /** Whether it shows some of what it seals. */
  isShown: boolean
  /** Whether it is the tombstone of a payload that was erased. */
  isErased: boolean
}

/** How a payload is sealed. */
export interface SealChoice extends CodingChoice {
  /** Pointers of leaves that everybody may read. */
  show?: readonly string[]
}

interface RecordSecrets {
  aesKey: KeyObject
  recordSalt: Uint8Array
}

// Keys are handed to the ciphers as KeyObjects: from raw bytes each cipher takes 12-16 µs longer to make.
function recordSecrets(keys: readonly Uint8Array[], id: string, r: Uint8Array): RecordSecrets {
  const hmac = new Hmac('sha512', keys.length === 1 ? keys[0]! : concatBytes(...keys))
  const derived = hmac.digest(concatBytes(LABEL, utf8(id), r))
  return { aesKey: createSecretKey(derived.subarray(0, 32)), recordSalt: derived.subarray(32) }
}

/** `count` 16-byte salts: the AES-256-CTR key stream of `recordSalt` from a zero counter block. */
export function saltsOf(recordSalt: Uint8Array, count: number): Uint8Array {
  return createCipheriv('aes-256-ctr', createSecretKey(recordSalt), ZERO_COUNTER).update(
    new Uint8Array(count * 16),
  )
}

interface Commitment {
  payload: Entry['payload']
  rootBytes: Uint8Array
  salts: Uint8Array
}

function commit(prepared: PreparedPayload, recordSalt: Uint8Array): Commitment {
  const leaves = prepared.leafTexts.length
  const salts = saltsOf(recordSalt, leaves)
  const rootBytes = commitRoot(prepared.leafTexts, salts)
  return { payload: { c: 1, root: toHex(rootBytes), leaves }, rootBytes, salts }
}

/** Commits to the payload and seals it under the given keys (by number); `r` is 16 fresh random bytes, the dictionary durable. */
export function seal(
  id: string,
  prepared: PreparedPayload,
  keys: readonly { number: number; key: Uint8Array }[],
  r: Uint8Array,
  { show, ...choice }: SealChoice = {},
): Sealed {
  const secrets = recordSecrets(
    keys.map(({ key }) => key),
    id,
    r,
  )
  const { payload, rootBytes, salts } = commit(prepared, secrets.recordSalt)
  const { coding, bytes } = encodeText(prepared.text, choice)
  const cipher = createCipheriv('aes-256-gcm', secrets.aesKey, ZERO_NONCE)
  cipher.setAAD(concatBytes(utf8(id), rootBytes))
  const head = new Uint8Array(2 + keys.length * 4)
  const view = new DataView(head.buffer)
  view.setUint8(0, coding)
  view.setUint8(1, keys.length)
  keys.forEach(({ number }, i) => view.setUint32(2 + i * 4, number))
  const frame = concatBytes(head, r, cipher.update(bytes), cipher.final(), cipher.getAuthTag())
  return { payload, frame: show ? showing(frame, leavesAt(prepared, salts, show)) : frame }
}

/** Commits to the payload and keeps it readable by anyone; `recordSalt` is 32 random bytes. */
export function sealPublic(prepared: PreparedPayload, recordSalt: Uint8Array): Sealed {
  const { payload } = commit(prepared, recordSalt)
  const { coding, bytes } = encodeText(prepared.text)
  return { payload, frame: concatBytes(Uint8Array.of(PUBLIC | coding), recordSalt, bytes) }
}

/** Reads the head of a frame; FormatError `payload_malformed` when it is cut off or of no known form. */
export function frameHead(frame: Uint8Array): FrameHead {
  if (frame.length < 2) throw tooShort()
  const head: FrameHead = { isPublic: false, keyNumbers: [], isShown: false, isErased: false }
  if (isPublic(frame)) return { ...head, isPublic: true }
  if (isTombstone(frame)) return { ...head, isErased: true }
  if (isShown(frame)) return { ...frameHead(sealedBehind(frame)), isShown: true }
  if (frame[0]! >= FORMS) throw new FormatError('payload_malformed', 'the vault frame is of no known form')
  const count = frame[1]!
  if (frame.length < 2 + count * 4 + R_BYTES + TAG_BYTES) throw tooShort()
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  return { ...head, keyNumbers: Array.from({ length: count }, (_, i) => view.getUint32(2 + i * 4)) }
}

/** Whether a frame is one that only the ledger itself makes: anybody can read it, or a part of it. */
export function isOwnWord(frame: Uint8Array): boolean {
  return isPublic(frame) || isShown(frame)
}

function isPublic(frame: Uint8Array): boolean {
  return (frame[0]! & PUBLIC) !== 0
}

function tooShort(): FormatError {
  return new FormatError('payload_malformed', 'the vault frame is too short')
}

/** An opened payload: its canonical text and the secret its salts come from. */
export interface Opened {
  text: string
  recordSalt: Uint8Array
}

/**
 * Opens a frame. Undefined when it is a tombstone, or a key it needs is gone; FormatError `payload_mismatch` when its bytes are not the ones that
 * were sealed for this entry.
 */
export function open(
  entry: { id: string; payload: Entry['payload'] },
  frame: Uint8Array,
  keyOf: (number: number) => Uint8Array | undefined,
  dictionaryOf: (number: number) => Uint8Array | undefined,
): Opened | undefined {
  const { isPublic, keyNumbers, isShown: hasShown, isErased } = frameHead(frame)
  if (isErased) return undefined
  if (hasShown) return open(entry, sealedBehind(frame), keyOf, dictionaryOf)
  const coding = frame[0]! & ~PUBLIC
  if (isPublic)
    return { text: decodeText(coding, frame.subarray(33), dictionaryOf), recordSalt: frame.slice(1, 33) }
  const keys = keyNumbers.map(keyOf)
  if (keys.some((key) => !key)) return undefined
  const body = 2 + keyNumbers.length * 4 + R_BYTES
  const secrets = recordSecrets(keys as Uint8Array[], entry.id, frame.subarray(body - R_BYTES, body))
  const decipher = createDecipheriv('aes-256-gcm', secrets.aesKey, ZERO_NONCE)
  decipher.setAAD(concatBytes(utf8(entry.id), fromHex(entry.payload.root)))
  decipher.setAuthTag(frame.subarray(-TAG_BYTES))
  let bytes: Uint8Array
  try {
    bytes = Buffer.concat([decipher.update(frame.subarray(body, -TAG_BYTES)), decipher.final()])
  } catch {
    throw new FormatError('payload_mismatch', 'the sealed payload does not open for its entry')
  }
  return { text: decodeText(coding, bytes, dictionaryOf), recordSalt: secrets.recordSalt }
}
