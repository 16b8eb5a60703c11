/**
 * `keyring/master.key`: the master key, wrapped. Five lines of text:
 *
 *   deponent master key v1
 *   directory <32 hex digits>                          minted with the master key, and kept when it is wrapped anew
 *   root-key <16 hex digits> | aws-kms <key ARN>       what unwraps it
 *   <base64 of the wrapped key>
 *   <hex SHA-256 of the four lines before, with their newlines>
 *
 * Under a root key, wrapped is nonce (12) ‖ AES-256-GCM(master key) ‖ tag (16), the AES key being derived from the root key; the
 * additional data are the first three lines. Under a key management service it is what that service answered, with the encryption
 * context `{ledgerDirectory: <the 32 hex digits>}`. The checksum lets anyone find damage.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { FormatError, fromUtf8, utf8 } from '@deponent/format'
import { deriveKey } from './root-key.ts'

const TITLE = 'deponent master key v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
const WRAPPED_BYTES_MAX = 6_144

/** What a master key is wrapped for and by. */
export interface MasterHead {
  /** 32 hex digits that belong to this data directory alone. */
  readonly directory: string
  /** `root-key <id>` or `aws-kms <ARN>`. */
  readonly wrappedBy: string
}

export interface MasterFile extends MasterHead {
  readonly wrapped: Uint8Array
}

export function encodeMasterFile({ wrapped, ...head }: MasterFile): Uint8Array {
  const lines = `${headText(head)}${Buffer.from(wrapped).toString('base64')}\n`
  return utf8(`${lines}${sumOf(lines)}\n`)
}

/** FormatError `keyring_damaged` unless the file is whole and its checksum holds. */
export function decodeMasterFile(bytes: Uint8Array): MasterFile {
  const lines = textOf(bytes).split('\n')
  const [title, directoryLine = '', wrappedBy = '', base64 = '', sum, end] = lines
  const directory = /^directory ([0-9a-f]{32})$/.exec(directoryLine)?.[1]
  const isWhole = lines.length === 6 && title === TITLE && end === ''
  if (!isWhole || sum !== sumOf(`${lines.slice(0, 4).join('\n')}\n`))
    throw damaged('does not match its checksum')
  const wrapped = new Uint8Array(Buffer.from(base64, 'base64'))
  const isKnown = /^(root-key [0-9a-f]{16}|aws-kms [!-~]{1,2048})$/.test(wrappedBy)
  const isCanonical = Buffer.from(wrapped).toString('base64') === base64
  if (directory === undefined || !isKnown || !isCanonical || wrapped.length > WRAPPED_BYTES_MAX)
    throw damaged('is wrapped in a way this release does not know')
  return { directory, wrappedBy, wrapped }
}

/** Wraps a master key under a root key. */
export function wrapUnderRoot(
  master: Uint8Array,
  root: Uint8Array,
  head: MasterHead,
  nonce: Uint8Array,
): MasterFile {
  const key = wrappingKey(root)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(utf8(headText(head)))
  const sealed = Buffer.concat([nonce, cipher.update(master), cipher.final(), cipher.getAuthTag()])
  key.fill(0)
  return { ...head, wrapped: new Uint8Array(sealed) }
}

/** The master key in a file that a root key wraps; FormatError `keyring_damaged` when it does not open. */
export function unwrapUnderRoot({ wrapped, ...head }: MasterFile, root: Uint8Array): Uint8Array {
  if (wrapped.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES) throw damaged('holds no wrapped key')
  const key = wrappingKey(root)
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, NONCE_BYTES))
  decipher.setAAD(utf8(headText(head)))
  decipher.setAuthTag(wrapped.subarray(-TAG_BYTES))
  try {
    const parts = [decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]
    return new Uint8Array(Buffer.concat(parts))
  } catch {
    throw damaged('does not open with the root key it names')
  } finally {
    key.fill(0)
  }
}

function headText({ directory, wrappedBy }: MasterHead): string {
  return `${TITLE}\ndirectory ${directory}\n${wrappedBy}\n`
}

const wrappingKey = (root: Uint8Array): Uint8Array => deriveKey(root, 'deponent/master/v1')

const sumOf = (lines: string): string => createHash('sha256').update(lines).digest('hex')

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (error) {
    if (error instanceof FormatError) throw damaged('is not text')
    throw error
  }
}

function damaged(what: string): FormatError {
  return new FormatError('keyring_damaged', `master.key ${what}`)
}
