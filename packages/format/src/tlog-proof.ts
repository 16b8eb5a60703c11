/** C2SP tlog-proof: one leaf's index and inclusion proof, with the signed checkpoint they lead to, as text. */
import { fromBase64, toBase64 } from './bytes.ts'
import { parseDecimal } from './decimal.ts'
import { FormatError } from './error.ts'
import { parseNote } from './note.ts'
import { checkSize } from './tree/position.ts'
import { checkHash, HASH_BYTES } from './tree/rfc6962.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'
/** No tree of 2^53 leaves needs more, and the specification stops at 63. */
const HASHES_MAX = 63

/** A proof taken apart but not checked. */
export interface TlogProof {
  readonly index: number
  /** Nearest sibling first. */
  readonly hashes: readonly Uint8Array[]
  /** The signed checkpoint, verbatim. */
  readonly checkpointNote: string
  /** Bytes the application added. Nothing authenticates them. */
  readonly extra?: Uint8Array
}

/**
 * Takes a proof apart; FormatError 'bad_tlog_proof' when malformed, and that of `parseNote` when the
 * checkpoint in it is not even a note.
 */
export function parseTlogProof(text: string): TlogProof {
  const split = text.indexOf('\n\n')
  if (split < 0) throw badProof('no blank line before the checkpoint')
  const [header, ...lines] = text.slice(0, split).split('\n')
  if (header !== HEADER) throw badProof('not a version 1 proof')
  const extra = valueOfLine(lines[0], 'extra ')
  if (extra !== undefined) lines.shift()
  const index = valueOfLine(lines.shift(), 'index ')
  if (index === undefined) throw badProof('no index line')
  if (lines.length > HASHES_MAX) throw badProof('more than 63 hashes')
  const checkpointNote = text.slice(split + 2)
  parseNote(checkpointNote)
  return {
    index: parseDecimal(index, 'bad_tlog_proof'),
    hashes: lines.map(parseHash),
    checkpointNote,
    ...(extra === undefined ? {} : { extra: fromBase64(extra) }),
  }
}

function valueOfLine(line: string | undefined, name: string): string | undefined {
  return line?.startsWith(name) === true ? line.slice(name.length) : undefined
}

function parseHash(line: string): Uint8Array {
  const hash = fromBase64(line)
  if (hash.length !== HASH_BYTES) throw badProof('a hash is not 32 bytes')
  return hash
}

/** Writes a proof that `parseTlogProof` reads back to the same parts. */
export function formatTlogProof({ index, hashes, checkpointNote, extra }: TlogProof): string {
  checkSize(index)
  if (hashes.length > HASHES_MAX) throw badProof('more than 63 hashes')
  hashes.forEach(checkHash)
  parseNote(checkpointNote)
  const lines = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map(toBase64),
  ]
  return `${lines.join('\n')}\n\n${checkpointNote}`
}

function badProof(message: string): FormatError {
  return new FormatError('bad_tlog_proof', message)
}
