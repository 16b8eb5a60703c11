/*
 * A batch of records that waits on a disk nobody is to read, sealed to the ledger it is for:
 *
 *   deponent sealed batch v1 ⏎
 *   JSON of the head ⏎                      in clear, and authenticated with what follows
 *   enc (32 bytes) ‖ AES-128-GCM(body)      HPKE, hpke.ts
 *
 * The sender cannot open it any more; what it needs to send it, count it or declare it lost stands in the head.
 */
import { concatBytes, fromUtf8, toHex, utf8 } from './bytes.ts'
import { FormatError } from './error.ts'
import { sha256 } from './hash/sha256.ts'
import { messageKeyFrom, messageKeyTo, SEALING_KEY_BYTES, sealingPublicKey } from './hpke.ts'
import type { MessageKey } from './hpke.ts'
import { readJson } from './json/read.ts'
import { isObject } from './json/value.ts'
import type { JsonValue } from './json/value.ts'

/** The media type a sealed batch is sent under. */
export const SEALED_BATCH_TYPE = 'application/vnd.deponent.sealed'

const TITLE = 'deponent sealed batch v1'
const INFO = utf8('deponent/sealed-batch/v1')
/** 10,000 numbers with their links, and room to spare. */
const HEAD_BYTES_MAX = 1_048_576
const TAG_BYTES = 16
const NEWLINE = 0x0a

/** The numbers of the records of a batch, each with its link in the chain, in hex ('' where it has none). */
export interface BatchNumbers {
  readonly id: string
  readonly epoch: number
  readonly numbers: readonly (readonly [seq: number, link: string])[]
}

/** What is known of a sealed batch without opening it. */
export interface BatchHead {
  /** Where it is sent to. */
  readonly path: string
  /** Unix milliseconds when it was sealed. */
  readonly at: number
  readonly records: number
  /** How the lines inside are coded. */
  readonly coding: 'gzip' | 'identity'
  /** The numbers of the records in it, where they are numbered. */
  readonly emitter?: BatchNumbers
}

/** The name of the key a batch is sealed to: the first eight bytes of its SHA-256, in hex. */
export function sealingKeyName(publicKey: Uint8Array): string {
  return toHex(sha256(publicKey).subarray(0, 8))
}

/**
 * Seals lines of JSON to a ledger. `ephemeral` is 32 random bytes, drawn for this batch and forgotten.
 *
 * @throws {FormatError} `bad_key` when `recipient` is no public key
 */
export async function sealBatch(
  head: BatchHead,
  body: Uint8Array<ArrayBuffer>,
  recipient: Uint8Array,
  ephemeral: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const clear = utf8(`${TITLE}\n${JSON.stringify({ ...head, key: sealingKeyName(recipient) })}\n`)
  const { enc, key, nonce } = messageKeyTo(recipient, ephemeral, INFO)
  const aes = await importKey(key, 'encrypt')
  const parameters = { name: 'AES-GCM', iv: nonce, additionalData: clear }
  const sealed = await crypto.subtle.encrypt(parameters, aes, body)
  return concatBytes(clear, enc, new Uint8Array(sealed))
}

/**
 * Opens a batch.
 *
 * @throws {FormatError} `bad_sealed_batch` when it is damaged or was never one, `sealed_to_another` when it is for another key,
 * `bad_key` when what its sender encapsulated is no key
 */
export async function openBatch(
  bytes: Uint8Array<ArrayBuffer>,
  secret: Uint8Array,
): Promise<{ head: BatchHead; body: Uint8Array<ArrayBuffer> }> {
  const { head, keyName, clear, rest } = partsOf(bytes)
  if (keyName !== sealingKeyName(sealingPublicKey(secret)))
    throw new FormatError('sealed_to_another', 'the batch is sealed to another key')
  const { key, nonce } = messageKeyFrom(rest.subarray(0, SEALING_KEY_BYTES), secret, INFO)
  const aes = await importKey(key, 'decrypt')
  const parameters = { name: 'AES-GCM', iv: nonce, additionalData: clear }
  try {
    const opened = await crypto.subtle.decrypt(parameters, aes, rest.subarray(SEALING_KEY_BYTES))
    return { head, body: new Uint8Array(opened) }
  } catch {
    throw damaged('it does not open')
  }
}

/** What stands in clear; not authentic before the batch was opened. @throws {FormatError} `bad_sealed_batch` */
export function readBatchHead(bytes: Uint8Array<ArrayBuffer>): BatchHead {
  return partsOf(bytes).head
}

function partsOf(bytes: Uint8Array<ArrayBuffer>): {
  head: BatchHead
  keyName: unknown
  clear: Uint8Array<ArrayBuffer>
  rest: Uint8Array<ArrayBuffer>
} {
  const titleEnd = bytes.subarray(0, TITLE.length + 1).indexOf(NEWLINE)
  const headEnd = bytes.subarray(0, HEAD_BYTES_MAX).indexOf(NEWLINE, titleEnd + 1)
  const title = new TextDecoder().decode(bytes.subarray(0, titleEnd))
  if (titleEnd !== TITLE.length || headEnd === -1 || title !== TITLE)
    throw damaged('it does not begin as one')
  const rest = bytes.subarray(headEnd + 1)
  if (rest.length < SEALING_KEY_BYTES + TAG_BYTES) throw damaged('it ends too early')
  const { head, keyName } = headOf(bytes.subarray(titleEnd + 1, headEnd))
  return { head, keyName, clear: bytes.subarray(0, headEnd + 1), rest }
}

function headOf(bytes: Uint8Array): { head: BatchHead; keyName: unknown } {
  const value = jsonOf(bytes)
  if (!isObject(value)) throw damaged('its head is no JSON object')
  const { path, at, records, coding, emitter, key } = value
  const isWell =
    typeof path === 'string' &&
    isCount(at) &&
    isCount(records) &&
    (coding === 'gzip' || coding === 'identity') &&
    (emitter === undefined || isNumbers(emitter))
  if (!isWell) throw damaged('its head lacks something')
  return { head: { path, at, records, coding, ...(emitter && { emitter }) }, keyName: key }
}

function jsonOf(bytes: Uint8Array): JsonValue | undefined {
  try {
    const { value, faults } = readJson(fromUtf8(bytes))
    return faults.length > 0 ? undefined : value
  } catch {
    return undefined
  }
}

function isNumbers(value: unknown): value is BatchNumbers {
  if (typeof value !== 'object' || value === null) return false
  const { id, epoch, numbers } = value as Record<string, unknown>
  return typeof id === 'string' && isCount(epoch) && Array.isArray(numbers) && numbers.every(isNumber)
}

function isNumber(value: unknown): boolean {
  return Array.isArray(value) && isCount(value[0]) && typeof value[1] === 'string'
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function importKey(key: MessageKey['key'], use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, [use])
}

function damaged(why: string): FormatError {
  return new FormatError('bad_sealed_batch', `not a sealed batch: ${why}`)
}
