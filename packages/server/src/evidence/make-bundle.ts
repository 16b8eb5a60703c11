/**
 * Makes bundles: entries of the ledger, the fields somebody chose opened from the vault, and the proofs that lead to one
 * checkpoint. What it makes it has checked: a payload that does not commit to its entry is an error here and not a bundle.
 */
import {
  type Anchor,
  type Bundle,
  BUNDLE_ANCHORS_MAX,
  BUNDLE_ENTRIES_MAX,
  type BundleAnchor,
  type BundleEntry,
  type BundlePayload,
  type CanonicalRecord,
  chosenLeaves,
  consistencyProof,
  decodeEntry,
  type Entry,
  fromUtf8,
  inclusionProof,
  type JsonValue,
  type NodeReader,
  preparePayload,
  openedSetRoot,
  SET_ROOT_POINTER,
  toHex,
  type Tombstone,
} from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import { disclosed, leavesOf, type OpenedLeaves, recommit } from '../vault/opened.ts'
import { decodeTombstone, isTombstone } from '../vault/tombstone.ts'
import type { Vault } from '../vault/vault.ts'

/** Leaves one bundle may disclose; at about 400 bytes each the text stays well below what a reader takes. */
export const BUNDLE_LEAVES_MAX = 200_000

/** How long an erasure that a tombstone leads to may take to come under a checkpoint, in milliseconds. */
const PUBLISHED_WAIT_MS = 5_000

export interface BundleSources {
  ledger: Ledger
  vault: Vault
  /** Indices of the entries in which one checkpoint key replaced another. */
  keyChanges: readonly number[]
  /** Which entry erased the set with this root (hex). */
  erasureEntries: { entryOf(setRoot: string): number | undefined }
}

/** What is asked for. */
export interface BundleOrder {
  /** Ascending, each once, all below the size of the latest checkpoint. */
  indices: readonly number[]
  /** Pointers whose leaves are opened, with those below them; the shape is opened always. */
  disclose: readonly string[] | 'all'
  /** What of a record may be shown: the record with everything else covered. */
  view(entry: Entry, record: CanonicalRecord): JsonValue
  statement: Readonly<Record<string, string>>
}

/** Chosen fields may not be shown to whoever asked. */
export class FieldsSealed extends Error {
  /** Top-level names. */
  readonly fields: readonly string[]

  constructor(fields: readonly string[]) {
    super('fields that are sealed were asked for')
    this.fields = fields
  }
}

/** The choice opened more leaves than a bundle may have, or none at all. */
export class ChoiceRefused extends Error {
  readonly code: 'bundle_too_large' | 'nothing_disclosed'

  constructor(code: 'bundle_too_large' | 'nothing_disclosed', message: string) {
    super(message)
    this.code = code
  }
}

function tooLarge(message: string): ChoiceRefused {
  return new ChoiceRefused('bundle_too_large', `${message}; ask for fewer at once`)
}

/**
 * Makes the bundle of some entries under the latest checkpoint.
 *
 * @throws FieldsSealed · ChoiceRefused · FormatError when stored bytes are damaged
 */
export async function makeBundle(sources: BundleSources, order: BundleOrder): Promise<Bundle> {
  const { ledger } = sources
  const tombstones = await tombstonesAmong(sources, order.indices)
  const erasures = new Set([...tombstones.values()].map(({ erasure }) => erasure))
  await ledger.published(Math.max(0, ...erasures) + 1, PUBLISHED_WAIT_MS)
  const { note, size } = ledger.checkpoint!
  const opening = new Opening(order)
  const nodes = remembering((level, index) => ledger.node(level, index))
  const entries: BundleEntry[] = []
  const keyChanges = new Set(sources.keyChanges)
  const asked = new Set(order.indices)
  const added = [...keyChanges, ...erasures].filter((index) => index < size)
  const indices = [...new Set([...asked, ...added])].toSorted((a, b) => a - b)
  if (indices.length > BUNDLE_ENTRIES_MAX) throw tooLarge(`more than ${BUNDLE_ENTRIES_MAX} entries`)
  for (const index of indices) {
    const bytes = await ledger.entryBytes(index)
    const tombstone = tombstones.get(index)
    const payload = tombstone ? undefined : await opened(sources, index, bytes)
    const chosen = (): BundlePayload => {
      if (tombstone) return tombstone.erasure < size ? { state: 'erased', tombstone } : { state: 'absent' }
      if (keyChanges.has(index)) return shownLeaves(payload, 'all')
      if (!erasures.has(index)) return opening.open(decodeEntry(bytes), payload)
      return asked.has(index)
        ? opening.open(decodeEntry(bytes), payload, [SET_ROOT_POINTER])
        : shownLeaves(payload, [SET_ROOT_POINTER])
    }
    const proof = await inclusionProof(index, size, nodes)
    entries.push({ index, entry: fromUtf8(bytes), proof, payload: chosen() })
  }
  opening.finish()
  const anchors = await anchorsOf(ledger, order.indices, size, nodes)
  return { origin: ledger.origin, checkpoint: note, anchors, entries, statement: order.statement }
}

/** The tombstones of those entries whose payload is erased, each with the entry that says so. */
async function tombstonesAmong(
  { erasureEntries, vault }: BundleSources,
  indices: readonly number[],
): Promise<Map<number, Tombstone>> {
  const found = new Map<number, Tombstone>()
  for (const index of indices) {
    const frame = await vault.segments.frame(index)
    if (!frame || !isTombstone(frame)) continue
    const { position, salt, path } = decodeTombstone(frame)
    const setRoot = openedSetRoot({ position, salt, path }, index)
    const erasure = setRoot && erasureEntries.entryOf(toHex(setRoot))
    if (erasure !== undefined) found.set(index, { erasure, position, salt, path })
  }
  return found
}

/** Proofs of many entries share most of their nodes, and a node inside a tile is hashed anew each time it is read. */
function remembering(read: NodeReader): NodeReader {
  const known = new Map<string, Uint8Array | Promise<Uint8Array>>()
  return (level, index) => {
    const place = `${level}/${index}`
    const node = known.get(place) ?? read(level, index)
    known.set(place, node)
    return node
  }
}

/** The anchors that bound the times of the entries, each once; when there are too many, those of the outermost are kept. */
async function anchorsOf(
  { anchors }: Ledger,
  indices: readonly number[],
  size: number,
  nodes: NodeReader,
): Promise<BundleAnchor[]> {
  const found = new Map<number, Anchor>()
  for (const index of fromTheEnds(indices)) {
    for (const anchor of await anchors.bounds(index)) {
      if (anchor.size <= size && found.size < BUNDLE_ANCHORS_MAX) found.set(anchor.size, anchor)
    }
  }
  const sorted = [...found.values()].toSorted((a, b) => a.size - b.size)
  return Promise.all(
    sorted.map(async ({ size: anchored, note, timestamps }) => ({
      checkpoint: note,
      timestamps,
      consistency: await consistencyProof(anchored, size, nodes),
    })),
  )
}

/** First, last, second, last but one, … */
function fromTheEnds(indices: readonly number[]): number[] {
  const half = Math.ceil(indices.length / 2)
  const back = indices.slice(half).toReversed()
  return indices.slice(0, half).flatMap((index, i) => [index, ...back.slice(i, i + 1)])
}

interface OpenPayload {
  record: CanonicalRecord
  leaves: OpenedLeaves
}

/** The payload of an entry with its salts; undefined when it cannot be opened any more. */
async function opened(
  { vault }: BundleSources,
  index: number,
  bytes: Uint8Array,
): Promise<OpenPayload | undefined> {
  const entry = decodeEntry(bytes)
  const frame = await vault.segments.frame(index)
  const payload = frame && vault.open(entry, frame)
  if (!payload) return undefined
  return { record: recommit(entry, payload), leaves: leavesOf(entry.id, payload) }
}

/**
 * Leaves that a bundle shows whoever asks: all of a record about a change of keys, for whoever trusts the older key needs it to believe the
 * newer; of an erasure the root that a tombstone opens to.
 */
function shownLeaves(payload: OpenPayload | undefined, pointers: readonly string[] | 'all'): BundlePayload {
  if (!payload) return { state: 'absent' }
  const { leaves } = payload
  return { state: 'disclosed', leaves: disclosed(leaves, chosenLeaves(leaves.pointers, pointers)) }
}

/** Opens what was chosen, and keeps count of it. */
class Opening {
  readonly #order: BundleOrder
  readonly #sealed = new Set<string>()
  #leaves = 0
  #fields = 0
  #payloads = 0

  constructor(order: BundleOrder) {
    this.#order = order
  }

  /** `always`: pointers that anybody may see. */
  open(entry: Entry, payload: OpenPayload | undefined, always: readonly string[] = []): BundlePayload {
    if (!payload) return { state: 'absent' }
    const { record, leaves } = payload
    const { disclose } = this.#order
    const chosen = chosenLeaves(leaves.pointers, disclose === 'all' ? 'all' : [...disclose, ...always])
    // What of a record is erased is withheld, as everything is that nobody can open.
    const indices = chosen.filter((index) => leaves.texts[index] !== undefined)
    this.#payloads += 1
    this.#fields += indices.length - 1
    this.#leaves += indices.length
    if (this.#leaves > BUNDLE_LEAVES_MAX) throw tooLarge(`more than ${BUNDLE_LEAVES_MAX} fields`)
    this.#noteSealed(leaves, indices, this.#order.view(entry, record), always)
    return { state: 'disclosed', leaves: disclosed(leaves, indices) }
  }

  /** Throws when what was asked for may not be shown, or was found nowhere. */
  finish(): void {
    if (this.#sealed.size > 0) throw new FieldsSealed([...this.#sealed])
    const { disclose } = this.#order
    if (this.#payloads > 0 && this.#fields === 0 && disclose !== 'all' && disclose.length > 0)
      throw new ChoiceRefused('nothing_disclosed', 'none of these records has a field at the pointers given')
  }

  /** A leaf may be shown when the view has the same leaf: pointer and value. */
  #noteSealed(
    leaves: OpenedLeaves,
    indices: readonly number[],
    view: JsonValue,
    always: readonly string[],
  ): void {
    const visible = new Set(preparePayload(view as CanonicalRecord, '').leafTexts.slice(1))
    for (const index of indices.slice(1)) {
      const pointer = leaves.pointers[index - 1]!
      if (!always.includes(pointer) && !visible.has(leaves.texts[index]!))
        this.#sealed.add(pointer.split('/')[1]!)
    }
  }
}
