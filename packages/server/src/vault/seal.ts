/**
 * One payload, sealed. A vault frame is
 *
 *   0x00|coding ‖ 1 ‖ u32 key number ‖ r (16) ‖ AES-256-GCM(text; zero nonce, AAD = id ‖ root) ‖ tag     sealed
 *   0x80|coding ‖ recordSalt (32) ‖ text                                                                       public
 *   0x10|coding …                                                                sealed in parts, see `parts-frame.ts`
 *   0x20|coding …                                                                  sealed, and some of it shown, see `shown.ts`
 *   0x40 …                                                                                         erased, see `tombstone.ts`
 *
 * The codings of the text are those of `coding.ts`. Public frames hold records of the ledger
 * about itself, with no person in them, that a stranger must read without any key.
 */
import {
  commitRoot,
  concatBytes,
  type Entry,
  FormatError,
  fromHex,
  type PreparedPayload,
  toHex,
} from '@deponent/format'
import { type CodingChoice, decodeText, encodeText } from './coding.ts'
import type { Opened } from './opened.ts'
import { openParts, type SealingKey } from './parts.ts'
import { decodeParts, isInParts, keysOfParts, R_BYTES, TAG_BYTES } from './parts-frame.ts'
import { boundTo, decrypt, encrypt, recordSecrets, saltsOf } from './record-secrets.ts'
import { isShown, leavesAt, sealedBehind, showing } from './shown.ts'
import { isTombstone } from './tombstone.ts'

const PUBLIC = 0x80
/** What a frame is stands in the upper half of its first byte, the coding in the lower. */
const FORMS = 0x10
const ONE_KEY_HEAD_BYTES = 6

export interface Sealed {
  payload: Entry['payload']
  frame: Uint8Array
}

/** What a frame says before it is opened. */
export interface FrameHead {
  isPublic: boolean
  /** Numbers of the keys that seal any of it; empty for a public frame and for a tombstone. */
  keyNumbers: number[]
  /** Those of them any of which opens its main part. */
  keepers: number[]
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

/** Commits to the payload and seals it under a key; `r` is 16 fresh random bytes, the dictionary durable. */
export function seal(
  id: string,
  prepared: PreparedPayload,
  { number, key }: SealingKey,
  r: Uint8Array,
  { show, ...choice }: SealChoice = {},
): Sealed {
  const secrets = recordSecrets(key, id, r)
  const { payload, rootBytes, salts } = commit(prepared, secrets.recordSalt)
  const { coding, bytes } = encodeText(prepared.text, choice)
  const head = new Uint8Array(ONE_KEY_HEAD_BYTES)
  const view = new DataView(head.buffer)
  view.setUint8(0, coding)
  view.setUint8(1, 1)
  view.setUint32(2, number)
  const frame = concatBytes(head, r, encrypt(secrets.aesKey, bytes, boundTo(id, rootBytes)))
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
  const head: FrameHead = { isPublic: false, keyNumbers: [], keepers: [], isShown: false, isErased: false }
  if (isPublic(frame)) return { ...head, isPublic: true }
  if (isTombstone(frame)) return { ...head, isErased: true }
  if (isShown(frame)) return { ...frameHead(sealedBehind(frame)), isShown: true }
  if (isInParts(frame)) {
    const { all, keepers } = keysOfParts(decodeParts(frame))
    return { ...head, keyNumbers: all, keepers }
  }
  if (frame[0]! >= FORMS || frame[1] !== 1)
    throw new FormatError('payload_malformed', 'the vault frame is of no known form')
  if (frame.length < ONE_KEY_HEAD_BYTES + R_BYTES + TAG_BYTES) throw tooShort()
  const number = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(2)
  return { ...head, keyNumbers: [number], keepers: [number] }
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

/**
 * Opens a frame. Undefined when it is a tombstone, or no key is left that opens it; FormatError `payload_mismatch` when its bytes are not
 * the ones that were sealed for this entry.
 */
export function open(
  entry: { id: string; payload: Entry['payload'] },
  frame: Uint8Array,
  keyOf: (number: number) => Uint8Array | undefined,
  dictionaryOf: (number: number) => Uint8Array | undefined,
): Opened | undefined {
  const { isPublic: isOpen, keyNumbers, isShown: hasShown, isErased } = frameHead(frame)
  if (isErased) return undefined
  if (hasShown) return open(entry, sealedBehind(frame), keyOf, dictionaryOf)
  if (isInParts(frame)) return openParts(entry, frame, keyOf, dictionaryOf)
  const coding = frame[0]! & ~PUBLIC
  if (isOpen)
    return { text: decodeText(coding, frame.subarray(33), dictionaryOf), recordSalt: frame.slice(1, 33) }
  const key = keyOf(keyNumbers[0]!)
  if (!key) return undefined
  const body = ONE_KEY_HEAD_BYTES + R_BYTES
  const { aesKey, recordSalt } = recordSecrets(key, entry.id, frame.subarray(ONE_KEY_HEAD_BYTES, body))
  const bytes = decrypt(aesKey, frame.subarray(body), boundTo(entry.id, fromHex(entry.payload.root)))
  return { text: decodeText(coding, bytes, dictionaryOf), recordSalt }
}
