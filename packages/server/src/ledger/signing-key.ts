import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import {
  type Ed25519Verify,
  formatVkey,
  FormatError,
  fromBase64,
  fromUtf8,
  parseVkey,
  toBase64,
  toHex,
  utf8,
} from '@deponent/format'
import type { Disk } from '../platform/disk.ts'

const PKCS8_ED25519 = fromBase64('MC4CAQAwBQYDK2VwBCIEIA==')
const SPKI_ED25519 = fromBase64('MCowBQYDK2VwAyEA')
const FILE_TITLE = 'deponent ed25519 seed v1'

/** An Ed25519 key that signs notes under one name (C2SP signed-note, type 0x01). */
export class SigningKey {
  readonly name: string
  readonly vkey: string
  readonly #private: KeyObject
  readonly #keyId: Uint8Array

  /** `seed` is the 32-byte Ed25519 private seed. */
  constructor(name: string, seed: Uint8Array) {
    this.name = name
    this.#private = createPrivateKey({
      key: Buffer.concat([PKCS8_ED25519, seed]),
      format: 'der',
      type: 'pkcs8',
    })
    const spki = createPublicKey(this.#private).export({ format: 'der', type: 'spki' })
    this.vkey = formatVkey(name, new Uint8Array(spki.subarray(-32)))
    this.#keyId = parseVkey(this.vkey).keyId
  }

  /** The signed note of `text`, which must end in a newline. */
  note(text: string): string {
    return noteBy(text, [this])
  }

  /** The signature line of `text` under this key, with its newline. */
  line(text: string): string {
    const signature = sign(null, utf8(text), this.#private)
    return `— ${this.name} ${toBase64(new Uint8Array([...this.#keyId, ...signature]))}\n`
  }
}

/** The note of `text`, which must end in a newline, signed by each of the keys in order. */
export function noteBy(text: string, keys: readonly SigningKey[]): string {
  return `${text}\n${keys.map((key) => key.line(text)).join('')}`
}

const publicKeys = new Map<string, KeyObject>()

/** Ed25519 verification by the platform's OpenSSL, about ten times as fast as the portable one. */
export const nativeVerify: Ed25519Verify = (publicKey, message, signature) => {
  const name = toHex(publicKey)
  let key = publicKeys.get(name)
  if (!key) {
    key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicKey]), format: 'der', type: 'spki' })
    publicKeys.set(name, key)
  }
  return verify(null, message, key, signature)
}

/** Reads a seed file; undefined when absent, FormatError `keyring_damaged` when its own checksum does not hold. */
export async function readSeed(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  const bytes = await disk.read(path)
  if (!bytes) return undefined
  const [title, seed, checksum, end] = fromUtf8(bytes).split('\n')
  const sum = createHash('sha256').update(`${title}\n${seed}\n`).digest('hex')
  if (title !== FILE_TITLE || checksum !== sum || end !== '' || !seed) {
    throw new FormatError(
      'keyring_damaged',
      `signing key file ${path.split('/').at(-1)} does not match its checksum`,
    )
  }
  return fromBase64(seed)
}

/** Writes a seed file, readable by its owner only, durable when this resolves. */
export async function writeSeed(disk: Disk, path: string, seed: Uint8Array): Promise<void> {
  const head = `${FILE_TITLE}\n${toBase64(seed)}\n`
  const sum = createHash('sha256').update(head).digest('hex')
  await disk.writeDurably(path, utf8(`${head}${sum}\n`), 0o600)
}
