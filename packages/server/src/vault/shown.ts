/**
 * A sealed payload that shows some of its own leaves to everybody (`docs/format.md`, 12.2):
 *
 *   0x20|coding ‖ u16 length ‖ the leaves as in a bundle, UTF-8 ‖ u8 n ‖ … as a sealed frame from there on
 *
 * An `erasure` shows its `/setRoot` so: whoever holds the tombstone of an erased payload can open it without any key. What is shown is
 * believed by its path to the root in the entry. The shape is left out, and with it the names of the fields that stay sealed.
 */
import {
  concatBytes,
  type DisclosedLeaf,
  discloseLeaves,
  FormatError,
  formatLeaves,
  fromUtf8,
  type PreparedPayload,
  readLeaves,
  utf8,
} from '@deponent/format'

export const SHOWN = 0x20
const FORM = 0xf0
const LENGTH_AT = 1
const LEAVES_AT = 3
const LENGTH_MAX = 0xffff

/** Whether a vault frame shows some of what it seals. */
export function isShown(frame: Uint8Array): boolean {
  return ((frame[0] ?? 0) & FORM) === SHOWN
}

/** The leaves of a payload at `pointers`, opened; a pointer that the record does not have is a mistake of the caller. */
export function leavesAt(
  { leafTexts, pointers: all }: PreparedPayload,
  salts: Uint8Array,
  pointers: readonly string[],
): DisclosedLeaf[] {
  const indices = pointers.map((pointer) => all.indexOf(pointer) + 1)
  if (indices.includes(0)) throw new Error('a field that is to be shown is not in the record')
  return discloseLeaves(
    leafTexts,
    salts,
    indices.toSorted((a, b) => a - b),
  )
}

/** A sealed frame with leaves before it that everybody may read. */
export function showing(sealed: Uint8Array, leaves: readonly DisclosedLeaf[]): Uint8Array {
  const text = utf8(formatLeaves(leaves))
  if (text.length > LENGTH_MAX) throw new FormatError('too_long', 'more is to be shown than a frame takes')
  const head = new Uint8Array(LEAVES_AT)
  head[0] = SHOWN | sealed[0]!
  new DataView(head.buffer).setUint16(LENGTH_AT, text.length)
  return concatBytes(head, text, sealed.subarray(1))
}

/** The sealed frame behind what is shown; FormatError `payload_malformed` when it is cut off. */
export function sealedBehind(frame: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(frame[0]! & ~FORM), frame.subarray(endOfLeaves(frame)))
}

/** What a frame shows; FormatError `payload_malformed` when it is nothing that could be disclosed. */
export function leavesShown(frame: Uint8Array): DisclosedLeaf[] {
  const end = endOfLeaves(frame)
  try {
    return readLeaves(fromUtf8(frame.subarray(LEAVES_AT, end)))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new FormatError('payload_malformed', 'what a sealed payload shows cannot be read')
  }
}

function endOfLeaves(frame: Uint8Array): number {
  const length = (frame[LENGTH_AT] ?? 0) * 256 + (frame[LENGTH_AT + 1] ?? 0)
  if (frame.length <= LEAVES_AT + length)
    throw new FormatError('payload_malformed', 'the vault frame is too short')
  return LEAVES_AT + length
}
