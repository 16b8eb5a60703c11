/**
 * The statement that one key of a ledger replaces another, signed by both:
 *
 *   <origin>/rotation
 *   <use> <size>           the new key counts from this ledger size on, the old one up to it
 *   <vkey of the old key>
 *   <vkey of the new key>
 *
 * The public entry that carries it stands at index size - 1, so the first checkpoint that covers it has that size.
 */
import { isOrigin } from './checkpoint.ts'
import { parseDecimal } from './decimal.ts'
import { FormatError } from './error.ts'
import { KEY_TYPE, parseVkey } from './key.ts'
import { promiseName } from './promise.ts'
import { checkSize } from './tree/position.ts'
import type { KeyUse } from './trust.ts'

const SUFFIX = '/rotation'

/** A change of keys. */
export interface Rotation {
  readonly origin: string
  readonly use: KeyUse
  /** Ledger size from which the next key counts and to which the previous one does, both ends included. */
  readonly from: number
  /** vkey texts. */
  readonly previous: string
  readonly next: string
}

/** The rotation of a note text; anything malformed is FormatError 'bad_rotation'. */
export function parseRotation(noteText: string): Rotation {
  const [name = '', when = '', previous = '', next = '', end, ...rest] = noteText.split('\n')
  if (end !== '' || rest.length > 0) throw badRotation('not four lines')
  const origin = name.slice(0, -SUFFIX.length)
  if (!name.endsWith(SUFFIX) || !isOrigin(origin))
    throw badRotation('first line is not an origin and /rotation')
  const [, use, from = ''] = /^(checkpoint|promise) ([0-9]+)$/.exec(when) ?? []
  if (use !== 'checkpoint' && use !== 'promise') throw badRotation('second line is not a use and a size')
  const rotation: Rotation = { origin, use, from: parseDecimal(from, 'bad_rotation'), previous, next }
  checkRotation(rotation)
  return rotation
}

/** The note text of a rotation, ending in a newline. */
export function formatRotation(rotation: Rotation): string {
  checkRotation(rotation)
  const { origin, use, from, previous, next } = rotation
  return `${origin}${SUFFIX}\n${use} ${from}\n${previous}\n${next}\n`
}

function checkRotation({ origin, use, from, previous, next }: Rotation): void {
  if (!isOrigin(origin)) throw badRotation('malformed origin')
  checkSize(from)
  if (from === 0) throw badRotation('no entry can stand before size 0')
  if (previous === next) throw badRotation('the two keys are one')
  const name = use === 'promise' ? promiseName(origin) : origin
  for (const vkey of [previous, next]) {
    const key = parseVkey(vkey)
    if (key.type !== KEY_TYPE.ed25519 || key.name !== name)
      throw badRotation(`a ${use} key of this ledger is a plain Ed25519 key of its name`)
  }
}

function badRotation(message: string): FormatError {
  return new FormatError('bad_rotation', message)
}
