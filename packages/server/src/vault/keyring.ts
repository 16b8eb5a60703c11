/**
 * The keys of subjects (and of system-months, for records about nobody), by number. One file per ledger, frames appended:
 *
 *   "DPNKEYR1" ‖ u64 first number ‖ u32 count ‖ 12-byte nonce ‖ AES-256-GCM(count × (scope ‖ key)) ‖ 16-byte tag ‖ SHA-256 of all before
 *
 * Invariants:
 * - a key is durable before any frame of the ledger uses it: callers await `flush` between `numberOf` and `append`;
 * - a frame is durable before the next is written, and all of them before `begin` resolves: a read proves nothing;
 * - `open` writes nothing: whoever knows which keys are in use says whether the keyring may go on (`Vault.keysMissing`);
 * - the trailing SHA-256 lets anyone find damage; the wrapping key, derived from the root, is needed to read;
 * - no byte of a whole frame ever changes.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { concatBytes, equalBytes, FormatError, utf8 } from '@deponent/format'
import type { Disk, DiskFile } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { deriveKey } from './root-key.ts'

const MAGIC = utf8('DPNKEYR1')
const HEAD_BYTES = 32
const TAG_BYTES = 16
const SUM_BYTES = 32
/** Of a scope id its first half is kept: enough to tell subjects apart, as nobody without the tenant key can look for two that agree. */
const SCOPE_BYTES = 16
const PAIR_BYTES = SCOPE_BYTES + 32

interface KeyFrame {
  first: number
  count: number
  end: number
  sealed: Uint8Array
}

const frameBytes = (count: number): number => HEAD_BYTES + count * PAIR_BYTES + TAG_BYTES + SUM_BYTES

/** The frame at `at`, or undefined when there is none that is whole. */
function wholeFrameAt(bytes: Uint8Array, at: number): KeyFrame | undefined {
  if (at + HEAD_BYTES > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = Number(view.getBigUint64(at + 8))
  const count = view.getUint32(at + 16)
  const end = at + frameBytes(count)
  if (end > bytes.length || !equalBytes(bytes.subarray(at, at + 8), MAGIC)) return undefined
  const sealed = bytes.subarray(at, end - SUM_BYTES)
  const sum = createHash('sha256').update(sealed).digest()
  return equalBytes(sum, bytes.subarray(end - SUM_BYTES, end)) ? { first, count, end, sealed } : undefined
}

/** True when a whole frame begins anywhere behind `at`. */
function isFollowed(bytes: Uint8Array, at: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let next = buffer.indexOf(MAGIC, at + 1); next >= 0; next = buffer.indexOf(MAGIC, next + 1)) {
    if (wholeFrameAt(bytes, next)) return true
  }
  return false
}

/**
 * The frame at `at`; 'end' at the end of the file, 'torn' when there is no whole frame there and none behind it. A power cut
 * loses any of the pages of a frame that was being written, the first as well as the last; what a whole frame follows was
 * synced before that was written, so it is damaged.
 */
function frameAt(bytes: Uint8Array, at: number, expectedFirst: number): KeyFrame | 'end' | 'torn' {
  if (at === bytes.length) return 'end'
  const frame = wholeFrameAt(bytes, at)
  if (frame?.first === expectedFirst) return frame
  if (!frame && !isFollowed(bytes, at)) return 'torn'
  throw new FormatError('keyring_damaged', `the keyring frame of keys from ${expectedFirst} is damaged`)
}

/** Splits a keyring file into frames. `torn` is true when the last one was not finished. */
export function readKeyFrames(bytes: Uint8Array): { frames: KeyFrame[]; end: number; torn: boolean } {
  const frames: KeyFrame[] = []
  let at = 0
  let first = 0
  for (;;) {
    const frame = frameAt(bytes, at, first)
    if (frame === 'end' || frame === 'torn') return { frames, end: at, torn: frame === 'torn' }
    frames.push(frame)
    at = frame.end
    first = frame.first + frame.count
  }
}

function sealFrame(
  wrappingKey: Uint8Array,
  nonce: Uint8Array,
  first: number,
  pairs: readonly Uint8Array[],
): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  const view = new DataView(head.buffer)
  head.set(MAGIC, 0)
  view.setBigUint64(8, BigInt(first))
  view.setUint32(16, pairs.length)
  head.set(nonce, 20)
  const cipher = createCipheriv('aes-256-gcm', wrappingKey, nonce)
  cipher.setAAD(head)
  const sealed = concatBytes(head, cipher.update(concatBytes(...pairs)), cipher.final(), cipher.getAuthTag())
  return concatBytes(sealed, createHash('sha256').update(sealed).digest())
}

function openFrame(wrappingKey: Uint8Array, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', wrappingKey, sealed.subarray(20, HEAD_BYTES))
  decipher.setAAD(sealed.subarray(0, HEAD_BYTES))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return new Uint8Array(
      Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]),
    )
  } catch {
    throw new FormatError('keyring_damaged', 'a keyring frame does not open with this root key')
  }
}

/** Every key of a keyring file, by number, for reading only; a torn last frame is left out. FormatError `keyring_damaged`. */
export function readKeys(bytes: Uint8Array, root: Uint8Array): Uint8Array[] {
  const wrappingKey = deriveKey(root, 'deponent/keyring/v0')
  return readKeyFrames(bytes).frames.flatMap(({ count, sealed }) => {
    const pairs = openFrame(wrappingKey, sealed)
    return Array.from({ length: count }, (_, i) =>
      pairs.slice(i * PAIR_BYTES + SCOPE_BYTES, (i + 1) * PAIR_BYTES),
    )
  })
}

const mapKey = (scope: Uint8Array): string =>
  Buffer.from(scope.buffer, scope.byteOffset, SCOPE_BYTES).toString('latin1')

/**
 * Makes durable what was read: the life before may have ended, or its sync failed, with the last frame in the system's memory
 * only. Those before it are durable, as each was before the next was written. The last is written again because a sync that
 * failed once has nothing left to write.
 */
async function settle(disk: Disk, file: DiskFile, last: Uint8Array | undefined, end: number): Promise<void> {
  try {
    if (last) await file.write(last, end - last.length)
    await file.datasync()
    await disk.syncDirectory(dirname(file.path))
  } catch (error) {
    await file.close()
    throw error
  }
}

/** What a keyring file held when it was opened. */
interface StoredFrames {
  exists: boolean
  isTorn: boolean
  /** The last whole frame, none in an empty keyring. */
  last?: Uint8Array
}

export class Keyring {
  readonly #disk: Disk
  readonly #path: string
  readonly #random: Random
  readonly #wrappingKey: Uint8Array
  readonly #stored: StoredFrames
  readonly #numbers = new Map<string, number>()
  readonly #keys: Uint8Array[] = []
  #file: DiskFile | undefined
  #unwritten: Uint8Array[] = []
  #end: number
  #flushing: Promise<void> | undefined
  #failed: Error | undefined

  private constructor(
    disk: Disk,
    random: Random,
    path: string,
    wrappingKey: Uint8Array,
    stored: StoredFrames,
    end: number,
  ) {
    this.#disk = disk
    this.#random = random
    this.#path = path
    this.#wrappingKey = wrappingKey
    this.#stored = stored
    this.#end = end
  }

  /** Reads the keyring at `path`, which may be missing; FormatError `keyring_damaged` unless every key can be read. */
  static async open(disk: Disk, random: Random, path: string, root: Uint8Array): Promise<Keyring> {
    const bytes = await disk.read(path)
    const { frames, end, torn } = readKeyFrames(bytes ?? new Uint8Array(0))
    const last = frames.at(-1)
    const stored: StoredFrames = { exists: bytes !== undefined, isTorn: torn }
    if (bytes && last) stored.last = bytes.subarray(last.end - frameBytes(last.count), last.end)
    const wrappingKey = deriveKey(root, 'deponent/keyring/v0')
    const keyring = new Keyring(disk, random, path, wrappingKey, stored, end)
    for (const frame of frames) keyring.#load(openFrame(wrappingKey, frame.sealed))
    return keyring
  }

  /**
   * Makes the keyring ready for new keys, creating it when there is none: what was read becomes durable, and a torn last frame
   * is cut off. Only for a keyring known to hold every key that was ever used: a last frame damaged at rest looks torn too.
   */
  async begin(): Promise<void> {
    const { exists, isTorn, last } = this.#stored
    if (!exists) await this.#disk.writeDurably(this.#path, new Uint8Array(0), 0o600)
    if (isTorn) await this.#disk.truncate(this.#path, this.#end)
    const file = await this.#disk.open(this.#path, 'write')
    await settle(this.#disk, file, last, this.#end)
    this.#file = file
  }

  get size(): number {
    return this.#keys.length
  }

  /** The number of the scope's key, minting one when it has none. Await `flush` before relying on it. */
  numberOf(scope: Uint8Array): number {
    const known = this.#numbers.get(mapKey(scope))
    if (known !== undefined) return known
    if (!this.#file) throw new Error('the keyring was not opened for writing')
    const pair = concatBytes(scope.subarray(0, SCOPE_BYTES), this.#random.bytes(32))
    this.#unwritten.push(pair)
    return this.#remember(pair)
  }

  /** The number of the scope's key if it has one. */
  existing(scope: Uint8Array): number | undefined {
    return this.#numbers.get(mapKey(scope))
  }

  /** The key with this number, or undefined when it does not exist (any more). */
  key(number: number): Uint8Array | undefined {
    return this.#keys[number]
  }

  /** Makes every key minted so far durable, and says no before `begin`. After a failure the keyring stays refused. */
  async flush(): Promise<void> {
    if (!this.#file) throw new Error('the keyring was not opened for writing')
    while (this.#unwritten.length > 0 || this.#flushing) {
      if (this.#failed) throw this.#failed
      this.#flushing ??= this.#write().finally(() => {
        this.#flushing = undefined
      })
      await this.#flushing
    }
    if (this.#failed) throw this.#failed
  }

  async close(): Promise<void> {
    await this.#flushing?.catch(() => undefined)
    await this.#file?.close()
  }

  async #write(): Promise<void> {
    const pairs = this.#unwritten
    this.#unwritten = []
    const first = this.#keys.length - pairs.length
    const frame = sealFrame(this.#wrappingKey, this.#random.bytes(12), first, pairs)
    try {
      await this.#file!.write(frame, this.#end)
      await this.#file!.datasync()
      this.#end += frame.length
    } catch (error) {
      this.#failed = error instanceof Error ? error : new Error(String(error))
      throw this.#failed
    }
  }

  #load(pairs: Uint8Array): void {
    for (let at = 0; at < pairs.length; at += PAIR_BYTES) this.#remember(pairs.slice(at, at + PAIR_BYTES))
  }

  #remember(pair: Uint8Array): number {
    const number = this.#keys.length
    this.#keys.push(pair.slice(SCOPE_BYTES))
    this.#numbers.set(mapKey(pair), number)
    return number
  }
}
