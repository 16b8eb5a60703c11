/**
 * An anchor: a published checkpoint about whose time somebody outside has spoken, by a cosignature on its
 * note or by an RFC 3161 timestamp over its note text.
 */
import { fromBase64, toBase64 } from './bytes.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { Field } from './document.ts'
import { parseNote } from './note.ts'
import { TIMESTAMP_BYTES_MAX } from './timestamp/token.ts'

/** Most timestamps read on one anchor. */
export const ANCHOR_TIMESTAMPS_MAX = 16

/** A checkpoint and what was said about its time. */
export interface Anchor {
  /** Size of the checkpoint. */
  readonly size: number
  /** The signed checkpoint, cosignature lines included. */
  readonly note: string
  /** RFC 3161 tokens (DER) over the note text: the lines before the blank line. */
  readonly timestamps: readonly Uint8Array[]
}

/** The JSON form of an anchor. */
export interface AnchorJson {
  readonly checkpoint: string
  /** Base64 each. */
  readonly timestamps: readonly string[]
}

/** The JSON form. */
export function formatAnchor({ note, timestamps }: Anchor): AnchorJson {
  return { checkpoint: note, timestamps: timestamps.map(toBase64) }
}

/** The anchor of its JSON text, or of the parsed JSON; FormatError 'bad_anchor' with the path of what is wrong. */
export function parseAnchor(json: unknown): Anchor {
  return anchorOf(Field.document(json, 'bad_anchor').only('checkpoint', 'timestamps'))
}

/** The anchor at a place of a larger document, whose error code a misfit then has. */
export function anchorOf(item: Field): Anchor {
  const checkpoint = item.field('checkpoint')
  const note = checkpoint.text()
  const { size } = checkpoint.decode((text) => parseCheckpoint(parseNote(text).text))
  const tokens = item.field('timestamps').list()
  if (tokens.length > ANCHOR_TIMESTAMPS_MAX) {
    throw item.field('timestamps').misfit(`more than ${ANCHOR_TIMESTAMPS_MAX} timestamps`)
  }
  return { size, note, timestamps: tokens.map(parseTimestamp) }
}

function parseTimestamp(item: Field): Uint8Array {
  if (item.text().length > (TIMESTAMP_BYTES_MAX / 3) * 4 + 4) throw item.misfit('an excessive timestamp')
  return item.decode(fromBase64)
}
