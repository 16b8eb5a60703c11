/**
 * What a sender keeps: the saved answer of a POST, or one receipt of it with the `promise` inside. The
 * promise is signed; a receipt ties one leaf to it by a path.
 */
import { fromBase64, fromHex } from './bytes.ts'
import { Field } from './document.ts'
import { HASH_BYTES } from './tree/rfc6962.ts'

/** The part of one receipt that can be checked. Its `id` is not: only the entry itself shows it. */
export interface Receipt {
  readonly index: number
  readonly leafHash: Uint8Array
  /** From the leaf to the promised root, nearest sibling first; a duplicate has none. */
  readonly path?: readonly Uint8Array[]
}

/** Receipts and the signed promise they were given with. */
export interface SavedReceipts {
  /** The promise note; null where everything was a duplicate or nothing was kept. */
  readonly promise: string | null
  readonly receipts: readonly Receipt[]
}

/**
 * Reads a saved answer or a single receipt, as JSON text or already parsed. FormatError 'bad_receipt' with
 * the path of what is wrong.
 */
export function parseReceipts(json: unknown): SavedReceipts {
  const saved = Field.document(json, 'bad_receipt')
  const list = saved.field('receipts')
  const promise = saved.field('promise')
  return {
    promise: promise.isNull ? null : promise.text(),
    receipts: list.absent ? [parseReceipt(saved)] : list.list().map(parseReceipt),
  }
}

function parseReceipt(receipt: Field): Receipt {
  const leaf = {
    index: receipt.field('index').position(),
    leafHash: hashAt(receipt.field('leafHash'), fromHex),
  }
  const path = receipt.field('path')
  return path.absent ? leaf : { ...leaf, path: path.list().map((hash) => hashAt(hash, fromBase64)) }
}

function hashAt(item: Field, decoder: (text: string) => Uint8Array): Uint8Array {
  const hash = item.decode(decoder, 'not a hash')
  if (hash.length !== HASH_BYTES) throw item.misfit('not 32 bytes')
  return hash
}
