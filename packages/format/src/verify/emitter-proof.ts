/*
 * The file that shows that an emitter has exactly the numbers from…to of an epoch (docs/format.md, Emitter proof): written by whoever
 * keeps the ledger, read by whoever doubts it. Reading takes it apart and believes nothing.
 */
import { fromBase64, toBase64 } from '../bytes.ts'
import { FormatError } from '../error.ts'
import { readJson } from '../json/read.ts'
import type { JsonObject, JsonValue } from '../json/value.ts'
import { isObject } from '../json/value.ts'
import type { DisclosedLeaf } from './disclosure.ts'

const LINK_BYTES = 32

/** An entry with its inclusion proof and some leaves of its payload. */
export interface ProofItem {
  readonly index: number
  /** The entry's text. */
  readonly entry: string
  /** Sibling hashes up to the checkpoint's root, nearest first. */
  readonly proof: readonly Uint8Array[]
  readonly disclosed: readonly DisclosedLeaf[]
  /** The link of a record whose payload was erased: it can be disclosed no more, and is what a stated head behind it leads through. */
  readonly erasedLink?: Uint8Array
}

/** What is claimed: that the emitter has exactly these numbers. */
export interface EmitterClaim {
  readonly emitter: string
  readonly slug: string
  readonly epoch: number
  readonly from: number
  readonly to: number
}

export interface EmitterProof {
  readonly origin: string
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string
  readonly claim: EmitterClaim
  readonly declared: ProofItem
  readonly entries: readonly ProofItem[]
  readonly losses: readonly ProofItem[]
  readonly heads: readonly ProofItem[]
}

/** Whether a text begins as such a file does; nothing else is looked at. */
export function isEmitterProof(text: string): boolean {
  return /^\s*\{\s*"emitterProof"\s*:/.test(text)
}

export function writeEmitterProof({ entries, losses, heads, declared, ...proof }: EmitterProof): string {
  const written = {
    emitterProof: 0,
    ...proof,
    declared: writtenItem(declared),
    entries: entries.map(writtenItem),
    losses: losses.map(writtenItem),
    heads: heads.map(writtenItem),
  }
  return `${JSON.stringify(written)}\n`
}

/** @throws FormatError 'bad_emitter_proof' when it is not one */
export function readEmitterProof(text: string): EmitterProof {
  const { value, faults } = readJson(text)
  if (faults.length > 0 || !isObject(value)) throw bad('it is not a JSON object')
  if (value['emitterProof'] !== 0) throw bad('it is of another version')
  const { origin, checkpoint, claim, declared } = value
  if (typeof origin !== 'string' || typeof checkpoint !== 'string')
    throw bad('origin or checkpoint is missing')
  return {
    origin,
    checkpoint,
    claim: readClaim(claim),
    declared: readItem(declared),
    entries: readItems(value, 'entries'),
    losses: readItems(value, 'losses'),
    heads: readItems(value, 'heads'),
  }
}

function writtenItem({ index, entry, proof, disclosed, erasedLink }: ProofItem): JsonObject {
  return {
    index,
    entry,
    proof: proof.map(toBase64),
    disclosed: disclosed.map(({ index: leaf, salt, text, path }) => ({
      leaf,
      salt: toBase64(salt),
      text,
      path: path.map(toBase64),
    })),
    ...(erasedLink && { erased: { link: toBase64(erasedLink) } }),
  }
}

function readClaim(claim: JsonValue | undefined): EmitterClaim {
  if (!isObject(claim)) throw bad('the claim is missing')
  const { emitter, slug } = claim
  if (typeof emitter !== 'string' || typeof slug !== 'string') throw bad('the claim names no emitter')
  const [epoch, from, to] = ['epoch', 'from', 'to'].map((member) => numberIn(claim, member)) as [
    number,
    number,
    number,
  ]
  if (from > to) throw bad('the claim ends before it begins')
  return { emitter, slug, epoch, from, to }
}

function readItems(value: JsonObject, member: string): ProofItem[] {
  const items = value[member]
  if (!Array.isArray(items)) throw bad(`${member} is missing`)
  return items.map(readItem)
}

function readItem(item: JsonValue | undefined): ProofItem {
  if (!isObject(item)) throw bad('an item is not an object')
  const { entry, proof, disclosed, erased } = item
  if (typeof entry !== 'string' || !Array.isArray(disclosed)) throw bad('an item lacks its entry or leaves')
  return {
    index: numberIn(item, 'index'),
    entry,
    proof: readHashes(proof),
    disclosed: disclosed.map(readLeaf),
    ...(erased !== undefined && { erasedLink: readErasedLink(erased, disclosed.length) }),
  }
}

function readErasedLink(erased: JsonValue, disclosed: number): Uint8Array {
  const link = isObject(erased) ? erased['link'] : undefined
  const bytes = typeof link === 'string' ? bytesOf(link) : undefined
  if (bytes?.length !== LINK_BYTES) throw bad('an erased record has no link of 32 bytes')
  if (disclosed > 0) throw bad('an erased record discloses something')
  return bytes
}

function readLeaf(leaf: JsonValue): DisclosedLeaf {
  if (!isObject(leaf)) throw bad('a disclosed leaf is not an object')
  const { salt, text, path } = leaf
  if (typeof salt !== 'string' || typeof text !== 'string') throw bad('a disclosed leaf lacks salt or text')
  return { index: numberIn(leaf, 'leaf'), salt: bytesOf(salt), text, path: readHashes(path) }
}

function readHashes(hashes: JsonValue | undefined): Uint8Array[] {
  if (!Array.isArray(hashes)) throw bad('a list of hashes is missing')
  return hashes.map((hash) => {
    if (typeof hash !== 'string') throw bad('a hash is not base64')
    return bytesOf(hash)
  })
}

function bytesOf(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch (error) {
    if (error instanceof FormatError) throw bad('a value is not base64')
    throw error
  }
}

function numberIn(object: JsonObject, member: string): number {
  const value = object[member]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bad(`${member} is not a whole number`)
  return value
}

function bad(message: string): FormatError {
  return new FormatError('bad_emitter_proof', message)
}
