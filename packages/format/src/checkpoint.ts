/** C2SP tlog-checkpoint: the text a ledger signs to state its size and root. */
import { fromBase64, toBase64 } from './bytes.ts'
import { parseDecimal } from './decimal.ts'
import { FormatError } from './error.ts'
import { checkSize } from './tree/position.ts'
import { checkHash, HASH_BYTES } from './tree/rfc6962.ts'

/** A ledger's own statement of its state. */
export interface Checkpoint {
  /** The name of the ledger, as minted at its creation. */
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

/**
 * The checkpoint of a note text. Extension lines after the root are allowed and not interpreted;
 * anything malformed is FormatError 'bad_checkpoint'.
 */
export function parseCheckpoint(noteText: string): Checkpoint {
  if (!noteText.endsWith('\n')) throw badCheckpoint('does not end in a newline')
  const [origin = '', size = '', root = '', ...extensions] = noteText.slice(0, -1).split('\n')
  if (!isOrigin(origin)) throw badCheckpoint('malformed origin')
  if (extensions.includes('')) throw badCheckpoint('an extension line is empty')
  return { origin, size: parseDecimal(size, 'bad_checkpoint'), root: parseRoot(root) }
}

function parseRoot(text: string): Uint8Array {
  const root = fromBase64(text)
  if (root.length !== HASH_BYTES) throw badCheckpoint('the root is not 32 bytes')
  return root
}

/** The note text of a checkpoint, ending in a newline. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isOrigin(origin)) throw badCheckpoint('malformed origin')
  checkSize(size)
  checkHash(root)
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Whether a text may be an origin: one line, not empty, no control character. */
export function isOrigin(text: string): boolean {
  return text.isWellFormed() && /^\P{Cc}+$/u.test(text)
}

function badCheckpoint(message: string): FormatError {
  return new FormatError('bad_checkpoint', message)
}
