/** Which recorded decision a record is about. */
import type { Entry, RecordKind } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import type { Vault } from '../vault/vault.ts'
import type { Dedupe } from './dedupe.ts'
import type { RecordError } from './envelope.ts'
import type { Candidate } from './intake.ts'
import { linkFor } from './links.ts'
import type { Marker } from './marker.ts'
import { monthOf } from './month.ts'
import type { RecordingRight } from './recording-right.ts'
import { aboutErased, refusal, unknownDecision } from './refusal.ts'
import { DEFAULT_SYSTEM, type Target } from './submission.ts'
import type { Systems } from './systems.ts'

/** A candidate with the decision it is about, when it is about one. */
export interface Resolved extends Candidate {
  target?: Target
  /** Numbers of the keys that seal the decision it is about. */
  inheritedKeys?: number[]
}

export interface TargetsOptions {
  ledger: Ledger
  vault: Vault
  dedupe: Dedupe
  marker: Marker
  systems: Systems
}

/** Kinds that say what the people they name said: theirs, whomever else the decision is about. */
const IN_THEIR_WORDS: ReadonlySet<RecordKind> = new Set(['contest', 'rectification', 'request'])

export class Targets {
  readonly #options: TargetsOptions

  constructor(options: TargetsOptions) {
    this.#options = options
  }

  /** The decision with this entry id or sender's id, in any system or the one named; several systems may have used one id. */
  async find(name: string, systemName?: string): Promise<number[]> {
    const byId = await this.#options.ledger.find(name)
    return byId === undefined ? this.#named('decision', name, systemName) : [byId]
  }

  /** Records of a kind known by this digest, in any system or the one named. */
  findByDigest(kind: RecordKind, sourceDigest: string, systemName?: string): Promise<number[]> {
    return this.#named(kind, sourceDigest, systemName)
  }

  async #named(kind: RecordKind, name: string, systemName: string | undefined): Promise<number[]> {
    const { dedupe, marker, systems } = this.#options
    const found: number[] = []
    for (const system of systems.all()) {
      if (systemName !== undefined && system.name !== systemName) continue
      const index = await dedupe.find(marker.nameOf(system.name, kind, name))
      if (index !== undefined) found.push(index)
    }
    return found
  }

  /**
   * Finds the decision each record about a decision names, whose system it belongs to unless it names its own; what names one that is
   * not recorded joins the errors. A decision of a system that `right` does not reach is as good as not recorded.
   */
  async resolve(
    candidates: readonly Candidate[],
    errors: RecordError[],
    right: RecordingRight | undefined,
  ): Promise<Resolved[]> {
    const resolved: Resolved[] = []
    for (const candidate of candidates) {
      const target = await this.#targetOf(candidate, right)
      if (target === undefined) resolved.push(candidate)
      else if (typeof target !== 'number') errors.push(target)
      else {
        const about = await this.#about(candidate, target)
        if (about) resolved.push(about)
        else errors.push(aboutErased(candidate))
      }
    }
    return resolved
  }

  /** Index of the decision a record is about, undefined when it names none, or why it cannot be found. */
  async #targetOf(
    candidate: Candidate,
    right: RecordingRight | undefined,
  ): Promise<number | undefined | RecordError> {
    const { about, decisionId, kind, linkedIds, namesSystem, systemName } = candidate
    if (linkFor(kind) === undefined) return undefined
    if (decisionId === undefined) {
      const named = about ?? (await this.#linked(linkedIds))
      if (named === undefined || (await this.#isReached(named, right))) return named
      return unknownDecision(candidate)
    }
    const found = await this.#reached(
      await this.find(decisionId, namesSystem ? systemName : undefined),
      right,
    )
    if (about !== undefined) {
      return found.includes(about)
        ? about
        : refusal(candidate, 'bad_value', 'the address names another decision')
    }
    if (found.length === 1) return found[0]!
    return found.length === 0
      ? unknownDecision(candidate)
      : refusal(candidate, 'ambiguous_id', 'several systems used this decision id; name the system')
  }

  async #reached(indices: readonly number[], right: RecordingRight | undefined): Promise<number[]> {
    const reached: number[] = []
    for (const index of indices) if (await this.#isReached(index, right)) reached.push(index)
    return reached
  }

  async #isReached(index: number, right: RecordingRight | undefined): Promise<boolean> {
    if (!right) return true
    const { ledger, systems } = this.#options
    const { system } = await ledger.entry(index)
    return right.mayRecordIn(systems.nameOf(system) ?? DEFAULT_SYSTEM)
  }

  async #linked(ids: readonly string[]): Promise<number | undefined> {
    for (const id of ids) {
      const index = await this.#options.ledger.find(id)
      if (index !== undefined) return index
    }
    return undefined
  }

  /**
   * The candidate with the decision it is about; it is sealed with the same keys, being about the same people, unless these people are
   * first named by itself. Undefined when the decision was erased, or is about to be.
   */
  async #about(candidate: Candidate, index: number): Promise<Resolved | undefined> {
    const { ledger, vault } = this.#options
    const entry = await ledger.entry(index)
    const keepers = await vault.keyNumbersOf(index)
    const inheritedKeys = keepers?.filter((number) => vault.mayUseKey(number))
    if (!keepers || !inheritedKeys || (keepers.length > 0 && inheritedKeys.length === 0)) return undefined
    const { systems } = this.#options
    const theirs = candidate.namesSystem ? candidate.systemName : systems.nameOf(entry.system)
    const systemName = theirs ?? DEFAULT_SYSTEM
    const resolved = { ...candidate, systemName, target: { index, id: entry.id } }
    const isTheirOwn =
      candidate.isAboutPeople &&
      (IN_THEIR_WORDS.has(candidate.kind) || (await this.#isNobodys(index, entry, keepers)))
    return isTheirOwn ? resolved : { ...resolved, inheritedKeys }
  }

  /** Whether a decision is kept with those about nobody: whoever is erased takes nothing of it with them. */
  async #isNobodys(index: number, entry: Entry, keepers: readonly number[]): Promise<boolean> {
    const { systems, vault } = this.#options
    const frame = keepers.length === 1 ? await vault.segments.frame(index) : undefined
    if (!frame) return false
    const record = vault.record(entry, frame)
    const month = monthOf(record, entry.receivedAt)
    const scope = vault.systemScope(systems.nameOf(entry.system) ?? DEFAULT_SYSTEM, month)
    return vault.keysOf(scope).includes(keepers[0]!)
  }
}
