/**
 * What the tombstones of a ledger come to. Each opens to the root of a set; an `erasure` entry behind it, under the checkpoint, must show
 * that root. Entries come in order, so a set is done with when its erasure is met: what waits is counted by set and not by entry.
 */
import { type Finding, finding } from '@deponent/format'
import { KEY_GONE } from './payload-opening.ts'
import type { OpenedPayloads, OpenedTombstone, TellingEntry } from './stretch.ts'

/** Unproven tombstones that are named one by one. */
const NAMED_MAX = 64

/** The tombstones of one set that its erasure was not met for yet. */
interface Waiting {
  count: number
  /** How many of them stand for a part of a payload. */
  parts: number
  /** The first of them. */
  readonly indices: number[]
}

/** What else is known when tombstones are judged. */
export interface ErasureCircumstances {
  /** Erasures that were begun and are not completed. */
  readonly unfinished: number
  /** Whether the ledger went on while it was checked. */
  readonly hasGrown: boolean
}

export class ErasureTally {
  readonly #covered: number
  readonly #waiting = new Map<string, Waiting>()
  #erasures = 0
  #proven = 0
  #provenParts = 0
  #uncovered = 0
  #stillLogged = 0

  /** `covered`: the size of the checkpoint. */
  constructor(covered: number) {
    this.#covered = covered
  }

  /** Payloads shown to be erased as a whole. */
  get proven(): number {
    return this.#proven
  }

  /** Whether tombstones are left that no erasure was found for. */
  get hasWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Takes the tombstones and the erasures of a tile, in the order of the ledger. */
  takeTile({ erased, stillLogged }: OpenedPayloads, telling: readonly TellingEntry[]): void {
    let at = 0
    const takeBefore = (end: number): void => {
      for (; at < erased.length && erased[at]!.index < end; at += 1) this.takeTombstone(erased[at]!)
    }
    for (const { index, facts } of telling) {
      if (facts?.setRoot === undefined) continue
      takeBefore(index)
      this.takeErasure(index, facts.setRoot)
    }
    takeBefore(Infinity)
    this.#stillLogged += stillLogged
  }

  /** Takes the next tombstone. */
  takeTombstone({ index, set, isPart }: OpenedTombstone): void {
    const waiting = this.#waiting.get(set) ?? { count: 0, parts: 0, indices: [] }
    this.#waiting.set(set, waiting)
    if (isPart) waiting.parts += 1
    waiting.count += 1
    if (waiting.indices.length < NAMED_MAX) waiting.indices.push(index)
  }

  /** Takes an `erasure` entry, by the root it shows; what it speaks of was recorded before it. */
  takeErasure(index: number, setRoot: string): void {
    this.#erasures += 1
    const { count, parts } = this.#waiting.get(setRoot) ?? { count: 0, parts: 0 }
    this.#waiting.delete(setRoot)
    if (index < this.#covered) {
      this.#proven += count - parts
      this.#provenParts += parts
    } else this.#uncovered += count
  }

  findings({ unfinished, hasGrown }: ErasureCircumstances): Finding[] {
    const findings: Finding[] = []
    const parts = this.#provenParts > 0 ? ` and parts of others (${this.#provenParts})` : ''
    if (this.#proven + this.#provenParts > 0) {
      const message = `${records(this.#proven)}${parts} erased, ${this.#erasureWords()}`
      findings.push(finding('info', 'payload_erased', message))
    }
    const pending = (message: string): unknown => findings.push(finding('gap', 'erasure_pending', message))
    if (unfinished > 0)
      findings.push(finding('info', 'erasure_pending', `erasures begun and not completed: ${unfinished}`))
    if (this.#stillLogged > 0)
      pending(`the write-ahead log still holds ${records(this.#stillLogged)} that the vault has erased`)
    if (this.#uncovered > 0)
      pending(`${records(this.#uncovered)} erased by an erasure that no checkpoint covers yet`)
    const count = [...this.#waiting.values()].reduce((sum, waiting) => sum + waiting.count, 0)
    if (count === 0) return findings
    if (unfinished > 0) pending(`${records(count)} erased, and the entry that says so is not there yet`)
    else if (hasGrown)
      pending(`${records(count)} erased while the ledger was checked, and went on; check again`)
    else findings.push(...this.#unproven(count))
    return findings
  }

  #erasureWords(): string {
    const entries = this.#erasures === 1 ? 'one entry says' : `${this.#erasures} entries say`
    return `as ${entries}: the operator's signed statement, and no proof that no copy exists`
  }

  #unproven(count: number): Finding[] {
    const all = [...this.#waiting.values()].flatMap(({ indices }) => indices).toSorted((a, b) => a - b)
    const named = all.slice(0, NAMED_MAX)
    const findings = named.map((index) => finding('gap', 'erasure_unproven', undefined, index))
    if (count > named.length) {
      const message = `${count - named.length} more payloads are said to be erased, and no entry shows it`
      findings.push(finding('gap', 'erasure_unproven', message))
    }
    return findings
  }
}

function records(count: number): string {
  return count === 1 ? '1 payload' : `${count} payloads`
}

/** A finding as it is while an erasure is under way: a key goes before what it sealed. */
export function whileErasing(found: Finding): Finding {
  return found.message === KEY_GONE ? finding('gap', 'erasure_pending', found.message, found.index) : found
}
