/** Puts together the file that shows which numbers of an emitter the ledger has (docs/format.md, Emitter proof). */
import {
  decodeEntry,
  type EmitterProof,
  type Entry,
  fromUtf8,
  type ProofItem,
  type CanonicalRecord,
} from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import { decodeTombstone, isTombstone } from '../vault/tombstone.ts'
import type { Vault } from '../vault/vault.ts'
import { discloseFields } from './disclose.ts'
import type { KnownEmitter } from './emitters.ts'

/** Numbers one file is about, at most: its size grows by about 2 KB with each. */
export const PROOF_NUMBERS_MAX = 10_000
const HEADS_MAX = 100

const DECLARED = ['/name', '/slug']
const ENTRY = ['/emitter/link']
const LOSS = ['/emitterId', '/epoch', '/seq', '/seqTo', '/reason', '/link']
const HEAD = ['/emitterId', '/epoch', '/seq', '/head']

/** Where to look: indices of the entries with the numbers, and of every record about an emitter. */
export interface ProofMaterial {
  readonly entries: readonly number[]
  readonly statements: readonly number[]
}

/** Which numbers; `to` absent: up to the last number whose head was stated. */
export interface AskedNumbers {
  readonly epoch: number
  readonly from: number
  readonly to?: number
}

interface Opened {
  readonly index: number
  readonly entry: Entry
  readonly record: CanonicalRecord
}

export class EmitterProofMaker {
  readonly #ledger: Ledger
  readonly #vault: Vault

  constructor(ledger: Ledger, vault: Vault) {
    this.#ledger = ledger
    this.#vault = vault
  }

  /** Undefined when the ledger has no checkpoint, or none of the numbers. */
  async make(
    emitter: KnownEmitter,
    asked: AskedNumbers,
    material: ProofMaterial,
  ): Promise<EmitterProof | undefined> {
    const checkpoint = this.#ledger.checkpoint
    if (!checkpoint) return undefined
    const { size, note } = checkpoint
    const statements = await this.#about(emitter, asked.epoch, material.statements, size)
    const declared = statements.find(({ entry, record }) => isDeclaration(emitter, entry, record))
    const claim = await this.#claim(emitter, asked, material.entries, statements)
    if (!declared || !claim) return undefined
    const isInside = async (index: number): Promise<boolean> => {
      const seq = (await this.#ledger.entry(index)).emitter?.seq ?? -1
      return index < size && seq >= claim.from && seq <= claim.to
    }
    const entries: ProofItem[] = []
    for (const index of material.entries) {
      if (await isInside(index)) entries.push(await this.#item(index, size, ENTRY))
    }
    const itemsOf = async (found: readonly Opened[], pointers: readonly string[]): Promise<ProofItem[]> => {
      const items: ProofItem[] = []
      for (const { index } of found) items.push(await this.#item(index, size, pointers))
      return items
    }
    return {
      origin: this.#ledger.origin,
      checkpoint: note,
      claim,
      declared: await this.#item(declared.index, size, DECLARED),
      entries,
      losses: await itemsOf(lossesIn(statements, claim), LOSS),
      heads: await itemsOf(headsIn(statements, claim), HEAD),
    }
  }

  async #claim(
    { name, slug }: KnownEmitter,
    { epoch, from, to }: AskedNumbers,
    indices: readonly number[],
    statements: readonly Opened[],
  ): Promise<EmitterProof['claim'] | undefined> {
    const numbers = await Promise.all(
      indices.map(async (index) => (await this.#ledger.entry(index)).emitter?.seq ?? 0),
    )
    const last = numbers.reduce((highest, seq) => Math.max(highest, seq), -1)
    if (last < from) return undefined
    const stated = statements
      .filter(({ record }) => record.head !== undefined && numberOf(record.seq) <= last)
      .reduce((highest, { record }) => Math.max(highest, numberOf(record.seq)), -1)
    return { emitter: name, slug, epoch, from, to: to ?? (stated >= from ? stated : last) }
  }

  /** The records about the emitter that concern the epoch, and its declaration, as far as they can be opened. */
  async #about(
    { name }: KnownEmitter,
    epoch: number,
    indices: readonly number[],
    size: number,
  ): Promise<Opened[]> {
    const found: Opened[] = []
    for (const index of indices) {
      if (index >= size) continue
      const entry = await this.#ledger.entry(index)
      const frame = await this.#vault.segments.frame(index)
      const record = frame && this.#vault.record(entry, frame)
      if (record?.name === name || (record?.emitterId === name && record.epoch === epoch))
        found.push({ index, entry, record })
    }
    return found
  }

  async #item(index: number, size: number, pointers: readonly string[]): Promise<ProofItem> {
    const bytes = await this.#ledger.entryBytes(index)
    const entry = decodeEntry(bytes)
    const frame = await this.#vault.segments.frame(index)
    const opened = frame && this.#vault.open(entry, frame)
    const link = frame && isTombstone(frame) ? decodeTombstone(frame).link : undefined
    return {
      index,
      entry: fromUtf8(bytes),
      proof: await this.#ledger.inclusionProof(index, size),
      // A payload that cannot be opened any more discloses nothing: the verifier says what that leaves unshown.
      disclosed: opened ? discloseFields(entry, opened, pointers) : [],
      ...(link && { erasedLink: link }),
    }
  }
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : -1)

function isDeclaration({ slug }: KnownEmitter, entry: Entry, record: CanonicalRecord): boolean {
  return entry.kind === 'emitter.declared' && record.slug === slug
}

function lossesIn(statements: readonly Opened[], { from, to }: EmitterProof['claim']): Opened[] {
  return statements.filter(({ entry, record: { seq, seqTo } }) => {
    const first = numberOf(seq)
    return entry.kind === 'emitter.loss' && first <= to && Math.max(first, numberOf(seqTo)) >= from
  })
}

/** Heads within the claim and the one right in front of it; the latest when there are too many. */
function headsIn(statements: readonly Opened[], { from, to }: EmitterProof['claim']): Opened[] {
  const heads = statements.filter(({ record: { head, seq } }) => {
    const number = numberOf(seq)
    return head !== undefined && number >= from - 1 && number <= to
  })
  const before = heads.find(({ record }) => record.seq === from - 1)
  const latest = heads.filter((head) => head !== before).slice(-HEADS_MAX)
  return before ? [before, ...latest] : latest
}
