/**
 * Frames of keys, appended one after another in the file of a page (`docs/format.md`, 12.4):
 *
 *   "DPNKEYR1" ‖ u64 first number ‖ u32 count ‖ 12-byte nonce ‖ AES-256-GCM(count × (scope ‖ key)) ‖ 16-byte tag ‖ SHA-256 of all before
 *
 * The trailing SHA-256 lets anyone find damage; the key of the page is needed to read. A destroyed key leaves a pair of zeros, so that
 * the numbers of those behind it stay what they are.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { concatBytes, equalBytes, FormatError, utf8 } from '@deponent/format'

const MAGIC = utf8('DPNKEYR1')
const HEAD_BYTES = 32
const TAG_BYTES = 16
const SUM_BYTES = 32
/** Of a scope id its first half is kept: enough to tell subjects apart, as nobody without the tenant key can look for two that agree. */
export const SCOPE_BYTES = 16
export const KEY_BYTES = 32
const PAIR_BYTES = SCOPE_BYTES + KEY_BYTES

/** A scope and its key; both zeros once the key is destroyed. */
export interface KeyPair {
  readonly scope: Uint8Array
  readonly key: Uint8Array
}

/** A frame as it lies in a file: which numbers it holds, and the bytes that are authenticated. */
export interface KeyFrame {
  readonly first: number
  readonly count: number
  /** Where the next one begins. */
  readonly end: number
  readonly sealed: Uint8Array
}

/** What is left where a key was destroyed. */
export const DESTROYED: KeyPair = { scope: new Uint8Array(SCOPE_BYTES), key: new Uint8Array(KEY_BYTES) }

export function isDestroyed({ key }: KeyPair): boolean {
  return key.every((byte) => byte === 0)
}

/** Bytes of a frame of so many keys. */
export const keyFrameBytes = (count: number): number =>
  HEAD_BYTES + count * PAIR_BYTES + TAG_BYTES + SUM_BYTES

/** The frame at `at`, or undefined when there is none that is whole. */
function wholeFrameAt(bytes: Uint8Array, at: number): KeyFrame | undefined {
  if (at + HEAD_BYTES > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = Number(view.getBigUint64(at + 8))
  const count = view.getUint32(at + 16)
  const end = at + keyFrameBytes(count)
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

/**
 * Splits the file of a page whose first key has the number `first` into frames. `torn` is true when the last one was not finished.
 * FormatError `keyring_damaged` when one is not as it was written.
 */
export function readKeyFrames(
  bytes: Uint8Array,
  first = 0,
): { frames: KeyFrame[]; end: number; next: number; torn: boolean } {
  const frames: KeyFrame[] = []
  let at = 0
  let next = first
  for (;;) {
    const frame = frameAt(bytes, at, next)
    if (frame === 'end' || frame === 'torn') return { frames, end: at, next, torn: frame === 'torn' }
    frames.push(frame)
    at = frame.end
    next = frame.first + frame.count
  }
}

/** A frame of these pairs, numbered from `first`, under the key of its page; `nonce` is 12 fresh random bytes. */
export function sealKeyFrame(
  pageKey: Uint8Array,
  nonce: Uint8Array,
  first: number,
  pairs: readonly KeyPair[],
): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  const view = new DataView(head.buffer)
  head.set(MAGIC, 0)
  view.setBigUint64(8, BigInt(first))
  view.setUint32(16, pairs.length)
  head.set(nonce, 20)
  const cipher = createCipheriv('aes-256-gcm', pageKey, nonce)
  cipher.setAAD(head)
  const content = concatBytes(...pairs.flatMap(({ scope, key }) => [scope, key]))
  const sealed = concatBytes(head, cipher.update(content), cipher.final(), cipher.getAuthTag())
  return concatBytes(sealed, createHash('sha256').update(sealed).digest())
}

/** The pairs of a frame; undefined when it does not open with this key. */
export function openKeyFrame(pageKey: Uint8Array, { sealed }: KeyFrame): KeyPair[] | undefined {
  const decipher = createDecipheriv('aes-256-gcm', pageKey, sealed.subarray(20, HEAD_BYTES))
  decipher.setAAD(sealed.subarray(0, HEAD_BYTES))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  let content: Uint8Array
  try {
    content = Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
  return Array.from({ length: content.length / PAIR_BYTES }, (_, i) => {
    const at = i * PAIR_BYTES
    return {
      scope: new Uint8Array(content.subarray(at, at + SCOPE_BYTES)),
      key: new Uint8Array(content.subarray(at + SCOPE_BYTES, at + PAIR_BYTES)),
    }
  })
}
