/**
 * Frames of keys, appended one after another in the file of a page (`docs/format.md`, 12.4):
 *
 *   "DPNKEYR1" ‖ u64 first number ‖ u32 count ‖ 12-byte nonce ‖ AES-256-GCM(count × (scope ‖ key)) ‖ 16-byte tag ‖ SHA-256 of all before
 *
 * The trailing SHA-256 lets anyone find damage; the key of the page is needed to read. A destroyed key leaves a pair of zeros, so that
 * the numbers of those behind it stay what they are.
 */
import { concatBytes, equalBytes, FormatError, utf8 } from '@deponent/format'
import { AROUND_BYTES, isFollowed, isWhole, openBehind, sealBehind } from './sealed-bytes.ts'

const MAGIC = utf8('DPNKEYR1')
const HEAD_BYTES = 32
/** Of a scope id its first half is kept: enough to tell subjects apart, as nobody without the tenant key can look for two that agree. */
export const SCOPE_BYTES = 16
export const KEY_BYTES = 32
const PAIR_BYTES = SCOPE_BYTES + KEY_BYTES

/** A scope and its key; both zeros once the key is destroyed. */
export interface KeyPair {
  readonly scope: Uint8Array
  readonly key: Uint8Array
}

/** A frame as it lies in a file, and which numbers it holds. */
export interface KeyFrame {
  readonly first: number
  readonly count: number
  /** Where the next one begins. */
  readonly end: number
  readonly bytes: Uint8Array
}

export function isDestroyed({ key }: KeyPair): boolean {
  return key.every((byte) => byte === 0)
}

/** Bytes of a frame of so many keys. */
export const keyFrameBytes = (count: number): number => HEAD_BYTES + count * PAIR_BYTES + AROUND_BYTES

/** The frame at `at`, or undefined when there is none that is whole. */
function wholeFrameAt(bytes: Uint8Array, at: number): KeyFrame | undefined {
  if (at + HEAD_BYTES > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = Number(view.getBigUint64(at + 8))
  const count = view.getUint32(at + 16)
  const end = at + keyFrameBytes(count)
  if (end > bytes.length || !equalBytes(bytes.subarray(at, at + 8), MAGIC)) return undefined
  const frame = bytes.subarray(at, end)
  return isWhole(frame) ? { first, count, end, bytes: frame } : undefined
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
  if (!frame && !isFollowed(bytes, at, MAGIC, (next) => wholeFrameAt(bytes, next) !== undefined))
    return 'torn'
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
  return sealBehind(pageKey, head, concatBytes(...pairs.flatMap(({ scope, key }) => [scope, key])))
}

/** The pairs of a frame; undefined when it does not open with this key. */
export function openKeyFrame(pageKey: Uint8Array, { bytes }: KeyFrame): KeyPair[] | undefined {
  const content = openBehind(pageKey, bytes, HEAD_BYTES)
  if (!content) return undefined
  return Array.from({ length: content.length / PAIR_BYTES }, (_, i) => {
    const at = i * PAIR_BYTES
    return {
      scope: content.slice(at, at + SCOPE_BYTES),
      key: content.slice(at + SCOPE_BYTES, at + PAIR_BYTES),
    }
  })
}
