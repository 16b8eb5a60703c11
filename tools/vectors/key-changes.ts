/** Vectors of changed keys: statements of rotations, and the digest over the bundles of a succeeded ledger. */
import {
  digestOfBundles,
  encodeEntryTile,
  formatRotation,
  sha256,
  TILE_WIDTH,
  toHex,
  utf8,
} from '../../packages/format/src/index.ts'
import { LEDGER_SIGNER, ORIGIN, RECEIPT_SIGNER, STRANGER } from './ledger.ts'
import { noteBy, noteSigner } from './signers.ts'
import type { VectorSigner } from './signers.ts'

const NEXT = noteSigner(ORIGIN, 8)
const NEXT_RECEIPT = noteSigner(`${ORIGIN}/promise`, 9)

function textOf(
  use: 'checkpoint' | 'promise',
  from: number,
  previous: VectorSigner,
  next: VectorSigner,
): string {
  return formatRotation({ origin: ORIGIN, use, from, previous: previous.vkey, next: next.vkey })
}

/** Whether an entry that shows a statement at an index changes a key. */
export function rotationVectors(): object {
  const text = textOf('checkpoint', 7, LEDGER_SIGNER, NEXT)
  const promise = textOf('promise', 7, RECEIPT_SIGNER, NEXT_RECEIPT)
  const note = noteBy(text, LEDGER_SIGNER, NEXT)
  return {
    description: 'Statements of rotations (notes) and the index of the entry that shows them.',
    valid: [
      {
        index: 6,
        statement: note,
        origin: ORIGIN,
        use: 'checkpoint',
        from: 7,
        previous: LEDGER_SIGNER.vkey,
        next: NEXT.vkey,
      },
      {
        index: 6,
        statement: noteBy(promise, NEXT_RECEIPT, RECEIPT_SIGNER),
        origin: ORIGIN,
        use: 'promise',
        from: 7,
        previous: RECEIPT_SIGNER.vkey,
        next: NEXT_RECEIPT.vkey,
      },
    ],
    invalid: [
      { name: 'another index', index: 7, statement: note },
      { name: 'the old key alone', index: 6, statement: noteBy(text, LEDGER_SIGNER) },
      { name: 'the new key alone', index: 6, statement: noteBy(text, NEXT) },
      { name: 'a stranger for the old key', index: 6, statement: noteBy(text, STRANGER, NEXT) },
      {
        name: 'another size than was signed',
        index: 7,
        statement: note.replace('checkpoint 7', 'checkpoint 8'),
      },
      {
        name: 'a leading zero',
        index: 6,
        statement: noteBy(text.replace('checkpoint 7', 'checkpoint 07'), LEDGER_SIGNER, NEXT),
      },
      {
        name: 'another use',
        index: 6,
        statement: noteBy(text.replace('checkpoint 7', 'witness 7'), LEDGER_SIGNER, NEXT),
      },
      { name: 'a fifth line', index: 6, statement: noteBy(`${text}more\n`, LEDGER_SIGNER, NEXT) },
    ],
  }
}

export function successionVectors(): object {
  const sizes = [0, 1, 255, 256, 257, 600]
  return {
    description:
      'Digest over the bundles of a ledger of `size` entries, of which entry i is the decimal text of i; bundles hold 256 entries.',
    valid: sizes.map((size) => {
      const entries = Array.from({ length: size }, (_, i) => utf8(String(i)))
      const hashes: Uint8Array[] = []
      for (let from = 0; from < size; from += TILE_WIDTH)
        hashes.push(sha256(encodeEntryTile(entries.slice(from, from + TILE_WIDTH))))
      return { size, bundles: hashes.map((hash) => toHex(hash)), digest: digestOfBundles(size, hashes) }
    }),
  }
}
