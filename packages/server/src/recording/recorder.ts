/**
 * From readings to receipts. For each record of a request: normalise, find out whether it was seen before, seal, and have all
 * that is new sequenced together; then answer for every one of them.
 *
 *   reading ─▶ normalise ─▶ name its system ─▶ seen before? ─▶ seal ─▶ keys durable ─▶ ledger.append ─▶ receipt
 */
import {
  type CanonicalRecord,
  type Entry,
  FormatError,
  preparePayload,
  type RecordKind,
  recordTime,
  toBase64,
  toHex,
} from '@deponent/format'
import type { Appended, Draft, Ledger } from '../ledger/ledger.ts'
import type { Random } from '../platform/random.ts'
import type { Vault } from '../vault/vault.ts'
import { type DedupeMark, encodeAttachment } from './attachment.ts'
import type { Dedupe } from './dedupe.ts'
import { entryIdOf } from './entry-id.ts'
import type { Envelope, Receipt, RecordError } from './envelope.ts'
import { linkedIds, linkFor, subjectsOf, withLink } from './links.ts'
import type { Recent } from './recent.ts'
import { Settle } from './settle.ts'
import { accept, type Accepted, DEFAULT_SYSTEM, errorOf, type Submission } from './submission.ts'
import type { Systems } from './systems.ts'

export const PAYLOAD_BYTES_MAX = 262_144

interface Fresh extends Accepted {
  draft: Draft
}

/** A record whose id was seen before: a duplicate, or a conflict. */
interface Repeated {
  accepted: Accepted
  index: Promise<number>
  sameContent: boolean
}

export interface RecorderOptions {
  ledger: Ledger
  ledgerName: string
  vault: Vault
  dedupe: Dedupe
  systems: Systems
  random: Random
  recent: Recent
}

export class Recorder {
  readonly #options: RecorderOptions

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** Records what can be recorded and answers for each; throws as `Ledger.append` does when nothing new could be sequenced. */
  async record(submissions: readonly Submission[]): Promise<Envelope> {
    const errors: RecordError[] = []
    const accepted: Accepted[] = []
    for (const submission of submissions) {
      const result = accept(submission)
      if ('code' in result) errors.push(result)
      else accepted.push(result)
    }
    const slugs = await this.#slugsOf(accepted)
    const resolved = await this.#resolveTargets(accepted, errors)
    const { fresh, repeated, settle } = this.#prepare(resolved, slugs, errors)
    const appended = await this.#sequence(fresh, settle)
    const receipts = fresh.map((item, i) => this.#recordedReceipt(item, appended!, i))
    for (const repeat of repeated) {
      // What it repeats may be in flight still: if that is not recorded after all, nothing can be said of this one either.
      const index = await repeat.index
      if (repeat.sameContent) receipts.push(await this.#duplicateReceipt(repeat.accepted, index))
      else errors.push(conflictOf(repeat.accepted))
    }
    receipts.sort((a, b) => a.position - b.position)
    errors.sort((a, b) => a.position - b.position)
    return {
      recorded: fresh.length,
      duplicates: receipts.length - fresh.length,
      rejected: errors.length,
      receipts,
      promise: appended?.promise ?? null,
      errors,
    }
  }

  /** Records something the product itself has to say; throws when it cannot. `isPublic`: readable without any key. */
  async recordOwn(kind: RecordKind, record: CanonicalRecord, isPublic = false): Promise<number> {
    const slug = await this.#slugOf(DEFAULT_SYSTEM)
    const { vault, ledger } = this.#options
    const id = this.#mintId()
    const prepared = preparePayload(record, id)
    const sealed = isPublic
      ? vault.sealPublic(prepared)
      : vault.seal(id, prepared, [this.#systemKey(slug, record)])
    await vault.flushKeys()
    const draft: Draft = {
      ...draftOf(id, kind, slug, sealed.payload),
      attachment: encodeAttachment(undefined, sealed.frame),
    }
    return (await ledger.append([draft])).first
  }

  /** The decision with this entry id or sender's id, in any system or the one named; several systems may have used one id. */
  async findDecisions(name: string, systemName?: string): Promise<number[]> {
    const { dedupe, ledger, systems } = this.#options
    const byId = await ledger.find(name)
    if (byId !== undefined) return [byId]
    const found: number[] = []
    for (const system of systems.all()) {
      if (systemName !== undefined && system.name !== systemName) continue
      const index = await dedupe.find(dedupe.nameOf(system.name, 'decision', name))
      if (index !== undefined) found.push(index)
    }
    return found
  }

  async #slugsOf(accepted: readonly Accepted[]): Promise<Map<string, string>> {
    const slugs = new Map<string, string>()
    for (const { systemName } of accepted) {
      if (!slugs.has(systemName)) slugs.set(systemName, await this.#slugOf(systemName))
    }
    return slugs
  }

  #slugOf(name: string): Promise<string> | string {
    return this.#options.systems.ensure(name, (slug) => this.#declare(slug, name))
  }

  /** Records that a system exists, before its first entry. */
  async #declare(slug: string, name: string): Promise<void> {
    const { ledger, vault } = this.#options
    const id = this.#mintId()
    const record: CanonicalRecord = { name, slug, basis: 'observed' }
    const sealed = vault.seal(id, preparePayload(record, id), [this.#systemKey(slug, record)])
    await vault.flushKeys()
    const draft = {
      ...draftOf(id, 'system.declared', slug, sealed.payload),
      attachment: encodeAttachment(undefined, sealed.frame),
    }
    await ledger.append([draft])
  }

  /** Finds the decision each record about a decision names; rejects those whose decision is not recorded. */
  async #resolveTargets(accepted: readonly Accepted[], errors: RecordError[]): Promise<Accepted[]> {
    const resolved: Accepted[] = []
    for (const item of accepted) {
      const target = await this.#targetOf(item)
      if (target === undefined) resolved.push(item)
      else if (typeof target === 'number') resolved.push(await this.#about(item, target))
      else errors.push(target)
    }
    return resolved
  }

  /** Index of the decision a record is about, undefined when it names none, or why it cannot be found. */
  async #targetOf(item: Accepted): Promise<number | undefined | RecordError> {
    const relation = linkFor(item.kind)
    if (relation === undefined) return undefined
    if (item.decisionId === undefined) return item.about ?? this.#linkedTarget(item.record, relation)
    const systemName = item.record.system === undefined ? undefined : item.systemName
    const found = await this.findDecisions(item.decisionId, systemName)
    if (item.about !== undefined) {
      if (found.includes(item.about)) return item.about
      return errorOf(item, 'bad_value', '/decisionId', 'the address names another decision')
    }
    if (found.length === 1) return found[0]!
    return found.length === 0
      ? errorOf(item, 'unknown_decision', '/decisionId', 'no decision with this id is recorded; record it first')
      : errorOf(item, 'ambiguous_id', '/decisionId', 'several systems used this decision id; name the system')
  }

  async #linkedTarget(record: CanonicalRecord, relation: string): Promise<number | undefined> {
    for (const id of linkedIds(record, relation)) {
      const index = await this.#options.ledger.find(id)
      if (index !== undefined) return index
    }
    return undefined
  }

  /** The record linked to the decision at `index`, to be sealed with the same keys: it is about the same people. */
  async #about(item: Accepted, index: number): Promise<Accepted> {
    const { id } = await this.#options.ledger.entry(index)
    const record = withLink(item.record, { rel: linkFor(item.kind)!, id })
    return {
      ...item,
      record,
      target: { index, id },
      inheritedKeys: await this.#options.vault.keyNumbersOf(index),
    }
  }

  /** Everything between validation and sequencing, without a pause, so that two requests never both take one record as new. */
  #prepare(
    accepted: readonly Accepted[],
    slugs: Map<string, string>,
    errors: RecordError[],
  ): { fresh: Fresh[]; repeated: Repeated[]; settle: Settle } {
    const fresh: Fresh[] = []
    const repeated: Repeated[] = []
    const settle = new Settle()
    for (const item of accepted) {
      const slug = slugs.get(item.systemName)!
      try {
        const outcome = this.#prepareOne(item, slug, settle, fresh.length)
        if ('draft' in outcome) fresh.push(outcome)
        else if ('index' in outcome) repeated.push(outcome)
        else errors.push(outcome)
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        errors.push(errorOf(item, error.code, error.path, error.message))
      }
    }
    return { fresh, repeated, settle }
  }

  #prepareOne(item: Accepted, slug: string, settle: Settle, place: number): Fresh | Repeated | RecordError {
    const { dedupe, vault } = this.#options
    const id = this.#mintId()
    const prepared = preparePayload(item.record, id)
    if (Buffer.byteLength(prepared.text) > PAYLOAD_BYTES_MAX) {
      return errorOf(item, 'payload_too_large', '', `the record is larger than ${PAYLOAD_BYTES_MAX} bytes`)
    }
    let mark: DedupeMark | undefined
    if (item.kind === 'decision' && item.decisionId !== undefined) {
      mark = dedupe.mark(item.systemName, item.kind, item.decisionId, prepared.text)
      const seen = dedupe.seen(mark)
      if (seen) {
        return { accepted: item, index: Promise.resolve(seen.index), sameContent: seen.sameContent }
      }
    }
    const payload = item.emitter ? preparePayload({ ...item.record, emitter: item.emitter }, id) : prepared
    const sealed = vault.seal(id, payload, this.#keysFor(item, slug))
    if (mark) dedupe.begin(mark, settle.placeOf(place))
    const attachment = encodeAttachment(mark, sealed.frame)
    return { ...item, draft: { ...draftOf(id, item.kind, slug, sealed.payload), attachment } }
  }

  #keysFor(item: Accepted, slug: string): number[] {
    if (item.inheritedKeys && item.inheritedKeys.length > 0) return item.inheritedKeys
    const { vault } = this.#options
    const subjects = subjectsOf(item.record)
    if (subjects.length === 0) return [this.#systemKey(slug, item.record)]
    return subjects.map((subject) => vault.keyNumber(vault.subjectId(subject)))
  }

  #systemKey(slug: string, record: CanonicalRecord): number {
    const { vault, ledger } = this.#options
    const month = new Date(recordTime(record) ?? ledger.now()).toISOString().slice(0, 7)
    return vault.keyNumber(vault.systemScope(slug, month))
  }

  async #sequence(fresh: readonly Fresh[], settle: Settle): Promise<Appended | undefined> {
    if (fresh.length === 0) return undefined
    const { ledger, vault, recent } = this.#options
    try {
      await vault.flushKeys()
      const appended = await ledger.append(fresh.map((item) => item.draft))
      settle.resolve(appended.first)
      fresh.forEach((item, i) =>
        recent.add(appended.first + i, { record: item.record, ...(item.target && { target: item.target }) }),
      )
      return appended
    } catch (error) {
      settle.reject(error)
      throw error
    }
  }

  #mintId(): string {
    return entryIdOf(this.#options.ledger.now(), this.#options.random.bytes(10))
  }

  #recordedReceipt(item: Fresh, appended: Appended, i: number): Receipt {
    return {
      position: item.position,
      id: item.draft.id,
      ...(item.decisionId !== undefined && { decisionId: item.decisionId }),
      ledger: this.#options.ledgerName,
      index: appended.first + i,
      leafHash: toHex(appended.leafHashes[i]!),
      status: 'recorded',
      path: appended.path(i).map((hash) => toBase64(hash)),
    }
  }

  async #duplicateReceipt(accepted: Accepted, index: number): Promise<Receipt> {
    const { ledger, ledgerName } = this.#options
    const entry = await ledger.entry(index)
    return {
      position: accepted.position,
      id: entry.id,
      ...(accepted.decisionId !== undefined && { decisionId: accepted.decisionId }),
      ledger: ledgerName,
      index,
      leafHash: toHex(await ledger.leafHash(index)),
      status: 'duplicate',
    }
  }
}

function conflictOf(item: Accepted): RecordError {
  const message = 'a record with this id and other content is already recorded'
  return errorOf(item, 'id_conflict', '/decisionId', message)
}

function draftOf(
  id: string,
  kind: RecordKind,
  system: string,
  payload: Entry['payload'],
): Omit<Draft, 'attachment'> {
  return { id, kind, system, retention: 'unset', payload }
}
