/** Disclosed leaves as JSON, in a bundle and beside a sealed payload that shows some of its own: `[{"leaf","salt","text","path"}]`. */
import { fromBase64, toBase64 } from './bytes.ts'
import { Field } from './document.ts'
import { HASH_BYTES } from './tree/rfc6962.ts'
import { SALT_BYTES } from './verify/disclosure.ts'
import type { DisclosedLeaf } from './verify/disclosure.ts'

/** No tree of 2^53 leaves needs more. */
const HASHES_MAX = 63

/** The JSON text of disclosed leaves, without white space. */
export function formatLeaves(leaves: readonly DisclosedLeaf[]): string {
  return JSON.stringify(leaves.map(leafJson))
}

/** Takes such a text apart. FormatError 'bad_disclosure' for one that `formatLeaves` does not write. */
export function readLeaves(text: string): DisclosedLeaf[] {
  const document = Field.document(text, 'bad_disclosure')
  const leaves = parseLeaves(document)
  if (formatLeaves(leaves) !== text) throw document.misfit('not written as leaves are')
  return leaves
}

export function parseLeaves(disclosed: Field): DisclosedLeaf[] {
  const hashes = new HashTexts()
  const leaves = disclosed.list().map((item) => parseLeaf(item, hashes))
  if (leaves.length === 0) throw disclosed.misfit('discloses nothing')
  if (!isAscending(leaves.map(({ index }) => index)))
    throw disclosed.misfit('not in the order of the leaves, each once')
  return leaves
}

function parseLeaf(item: Field, hashes: HashTexts): DisclosedLeaf {
  item.only('leaf', 'salt', 'text', 'path')
  return {
    index: item.field('leaf').position(),
    salt: bytesAt(item.field('salt'), SALT_BYTES),
    text: item.field('text').text(),
    path: hashes.list(item.field('path')),
  }
}

export function leafJson({ index, salt, text, path }: DisclosedLeaf): object {
  return { leaf: index, salt: toBase64(salt), text, path: path.map(toBase64) }
}

export function bytesAt(item: Field, length: number): Uint8Array {
  const bytes = item.decode(fromBase64)
  if (bytes.length !== length) throw item.misfit(`not ${length} bytes`)
  return bytes
}

export function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || numbers[i - 1]! < number)
}

/** Reads lists of hashes. Proofs of one tree share most of theirs, so each text is decoded once. */
export class HashTexts {
  readonly #known = new Map<string, Uint8Array>()

  /** At most 63 hashes of 32 bytes. */
  list(field: Field): Uint8Array[] {
    const texts = field.texts()
    if (texts.length > HASHES_MAX) throw field.misfit('has more than 63 hashes')
    return texts.map((text, i) => this.#known.get(text) ?? this.#decode(text, field, i))
  }

  #decode(text: string, field: Field, i: number): Uint8Array {
    const hash = bytesAt(field.list()[i]!, HASH_BYTES)
    this.#known.set(text, hash)
    return hash
  }
}
