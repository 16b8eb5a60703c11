/**
 * From requests to receipts. For each record: the intake reads, validates and names it; the recorder finds out whether it was seen
 * before and which keys seal it; the intake seals it; then everything new is sequenced together, and every record is answered for.
 *
 *   body ─▶ intake.open ─▶ declare its system ─▶ seen before? ─▶ intake.seal ─▶ keys durable ─▶ ledger.append ─▶ receipt
 */
import {
  type CanonicalRecord,
  type Entry,
  preparePayload,
  type RecordKind,
  recordTime,
  fromHex,
  toHex,
} from '@deponent/format'
import { NotSequencing } from '../ledger/errors.ts'
import type { Appended, Draft, Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { reasonOf } from '../platform/failure.ts'
import type { Vault } from '../vault/vault.ts'
import { encodeAttachment } from './attachment.ts'
import type { Dedupe } from './dedupe.ts'
import type { Emitters } from './emitters.ts'
import { entryIdOf } from './entry-id.ts'
import type { Envelope, Receipt, RecordError } from './envelope.ts'
import type { Candidate, Choice, Intake, IntakeOpened, IntakeSealed, IntakeSource } from './intake.ts'
import { linkFor } from './links.ts'
import type { Marker } from './marker.ts'
import type { OwnRecord } from './own-record.ts'
import type { Recent } from './recent.ts'
import { Settle } from './settle.ts'
import { EmitterNotYours, type RecordingRight, SystemNotYours } from './recording-right.ts'
import { DEFAULT_SYSTEM, type Numbering, type Submission, type Target } from './submission.ts'
import { type StatedHead, StatedHeads } from './stated-heads.ts'
import type { Systems } from './systems.ts'

export interface RecorderOptions {
  ledger: Ledger
  ledgerName: string
  vault: Vault
  intake: Intake
  dedupe: Dedupe
  marker: Marker
  systems: Systems
  emitters: Emitters
  clock: Clock
  random: Random
  recent: Recent
}

/** On whose behalf records come, and the head their emitter states with them. */
export interface RecordedAs {
  right?: RecordingRight
  head?: StatedHead
}

/** Slugs of the systems and emitters of a request, by name. */
interface Slugs {
  systems: ReadonlyMap<string, string>
  emitters: ReadonlyMap<string, string>
}

/** A candidate with the decision it is about, when it is about one. */
interface Resolved extends Candidate {
  target?: Target
  /** Numbers of the keys that seal the decision it is about. */
  inheritedKeys?: number[]
}

/** A record whose id was seen before: a duplicate, or a conflict. */
interface Repeated {
  candidate: Candidate
  index: Promise<number>
  sameContent: boolean
}

/** What the recorder decided about the candidates of a request. */
interface Judged {
  fresh: Resolved[]
  repeated: Repeated[]
  settle: Settle
}

/** A sealed record on its way into the ledger. */
interface Ready {
  candidate: Resolved
  draft: Draft
  text: string
}

/** The slug of an entry that belongs to no system. */
const NO_SYSTEM = 'unset'

const latin1Bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const latin1Text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

export class Recorder {
  readonly #options: RecorderOptions
  readonly #heads: StatedHeads

  constructor(options: RecorderOptions) {
    this.#options = options
    const { emitters, clock } = options
    this.#heads = new StatedHeads({ emitters, clock, record: (records) => this.recordOwnAll(records) })
  }

  /** Records what was read already; see `recordFrom`. */
  record(submissions: readonly Submission[]): Promise<Envelope> {
    return this.recordFrom({ submissions })
  }

  /**
   * Records what can be recorded and answers for each record. Throws BodyError when the body as a whole cannot be read, and as
   * `Ledger.append` does when something new could not be sequenced.
   */
  async recordFrom(source: IntakeSource, as: RecordedAs = {}): Promise<Envelope> {
    const { intake, ledger } = this.#options
    const opened = await intake.open(source, ledger.now())
    try {
      checkRight(opened, as, this.#options.emitters)
      const envelope = await this.#answer(opened, as.right)
      if (as.head) {
        const slug = await this.#emitterSlugOf(as.head.emitter, DEFAULT_SYSTEM, as.right?.owner)
        await this.#heads.stated(as.head, slug)
      }
      return envelope
    } catch (error) {
      // A job that did not come to be sealed is ended all the same.
      void intake.seal(opened.job, []).catch(() => undefined)
      throw error
    }
  }

  async #answer(
    { job, candidates, errors, refused }: IntakeOpened,
    right: RecordingRight | undefined,
  ): Promise<Envelope> {
    const slugs = await this.#slugsOf(candidates, right?.owner)
    const resolved = await this.#resolveTargets(candidates, errors, right)
    const judged = this.#judge(resolved)
    const { ready, appended } = await this.#sequence(job, judged, slugs, errors)
    const hashText = base64OfHashes()
    const receipts = ready.map((item, i) => this.#recordedReceipt(item, appended!, i, hashText))
    for (const { candidate, index, sameContent } of judged.repeated) {
      // What it repeats may still be in flight: if that is not recorded after all, nothing can be said of this one either.
      const at = await index
      if (sameContent) receipts.push(await this.#duplicateReceipt(candidate, at))
      else errors.push(conflictOf(candidate))
    }
    await this.#declareUnkept(candidates, refused, errors, judged.repeated, right?.owner)
    return {
      recorded: ready.length,
      duplicates: receipts.length - ready.length,
      rejected: errors.length,
      receipts: receipts.toSorted((a, b) => a.position - b.position),
      promise: appended?.promise ?? null,
      errors: errors.toSorted((a, b) => a.position - b.position),
    }
  }

  /** Records something the product itself has to say; throws when it cannot. `isPublic`: readable without any key. */
  async recordOwn(kind: RecordKind, record: CanonicalRecord, isPublic = false): Promise<number> {
    const slug = await this.#slugOf(DEFAULT_SYSTEM)
    return this.#appendOwn(kind, slug, DEFAULT_SYSTEM, record, isPublic)
  }

  /** Records, readable by anybody, something about the ledger itself that comes before every system: no system is declared for it. */
  recordFirst(kind: RecordKind, record: CanonicalRecord): Promise<number> {
    return this.#appendOwn(kind, NO_SYSTEM, DEFAULT_SYSTEM, record, true)
  }

  /** Several sealed records of the product itself, sequenced together. */
  async recordOwnAll(records: readonly OwnRecord[]): Promise<void> {
    const slug = await this.#slugOf(DEFAULT_SYSTEM)
    const drafts = records.map(({ kind, record }) =>
      this.#ownDraft(kind, slug, DEFAULT_SYSTEM, record, false),
    )
    await this.#flushKeys()
    await this.#options.ledger.append(drafts)
  }

  /** Records the heads emitters stated since they were last recorded. */
  flushHeads(): Promise<void> {
    return this.#heads.flush()
  }

  /** The decision with this entry id or sender's id, in any system or the one named; several systems may have used one id. */
  async findDecisions(name: string, systemName?: string): Promise<number[]> {
    const { dedupe, ledger, marker, systems } = this.#options
    const byId = await ledger.find(name)
    if (byId !== undefined) return [byId]
    const found: number[] = []
    for (const system of systems.all()) {
      if (systemName !== undefined && system.name !== systemName) continue
      const index = await dedupe.find(marker.nameOf(system.name, 'decision', name))
      if (index !== undefined) found.push(index)
    }
    return found
  }

  async #slugsOf(candidates: readonly Candidate[], owner: string | undefined): Promise<Slugs> {
    const systems = new Map<string, string>()
    const emitters = new Map<string, string>()
    for (const { systemName, emitter, statesEmitter } of candidates) {
      if (!systems.has(systemName)) systems.set(systemName, await this.#slugOf(systemName))
      for (const name of [emitter?.id, statesEmitter]) {
        if (name !== undefined && !emitters.has(name))
          emitters.set(name, await this.#emitterSlugOf(name, systemName, owner))
      }
    }
    return { systems, emitters }
  }

  /** The slug of an emitter; a new one is declared by a record of the system it is first heard from, and is its first sender's. */
  #emitterSlugOf(name: string, system: string, owner: string | undefined): Promise<string> | string {
    return this.#options.emitters.ensure(name, async (slug) => {
      const record = { name, slug, system, basis: 'observed', ...(owner !== undefined && { owner }) }
      await this.#appendOwn('emitter.declared', await this.#slugOf(system), system, record, false)
    })
  }

  /** Records, for every number that came and has no entry, that it is lost and why. */
  async #declareUnkept(
    candidates: readonly Candidate[],
    refused: IntakeOpened['refused'],
    errors: readonly RecordError[],
    repeated: readonly Repeated[],
    owner: string | undefined,
  ): Promise<void> {
    const numbers = new Map(refused.map(({ position, emitter }) => [position, emitter]))
    for (const { position, emitter } of candidates) if (emitter) numbers.set(position, emitter)
    if (numbers.size === 0) return
    const losses: OwnRecord[] = []
    const declared = new Set<string>()
    const declare = async (emitter: Numbering, reason: string, details: CanonicalRecord): Promise<void> => {
      const slug = await this.#emitterSlugOf(emitter.id, DEFAULT_SYSTEM, owner)
      const { id, epoch, seq, link } = emitter
      const key = `${slug} ${epoch} ${seq}`
      if (declared.has(key) || this.#options.emitters.accountsFor(slug, epoch, seq)) return
      declared.add(key)
      const said = { emitterId: id, epoch, seq, count: 1, reason, details, basis: 'observed' }
      const record = link === '' ? said : { ...said, link }
      losses.push({ kind: 'emitter.loss', record })
    }
    for (const { position, code } of errors) {
      const emitter = numbers.get(position)
      if (emitter) await declare(emitter, 'rejected', { code })
    }
    for (const { candidate } of repeated) {
      const { emitter } = candidate
      if (!emitter) continue
      const slug = await this.#emitterSlugOf(emitter.id, DEFAULT_SYSTEM, owner)
      if (this.#options.emitters.accountsFor(slug, emitter.epoch, emitter.seq))
        this.#options.emitters.resent(slug, emitter.epoch)
      else await declare(emitter, 'duplicate', { code: 'duplicate' })
    }
    if (losses.length > 0) await this.recordOwnAll(losses)
  }

  /** The slug of a system; a new one is declared by a record of its own before its first entry. */
  #slugOf(name: string): Promise<string> | string {
    return this.#options.systems.ensure(name, async (slug) => {
      await this.#appendOwn('system.declared', slug, name, { name, slug, basis: 'observed' }, false)
    })
  }

  async #appendOwn(
    kind: RecordKind,
    slug: string,
    system: string,
    record: CanonicalRecord,
    isPublic: boolean,
  ): Promise<number> {
    const draft = this.#ownDraft(kind, slug, system, record, isPublic)
    await this.#flushKeys()
    const appended = await this.#options.ledger.append([draft])
    return appended.first
  }

  /** A sealed record of the product's own; its keys are durable only after `flushKeys`. */
  #ownDraft(
    kind: RecordKind,
    slug: string,
    system: string,
    record: CanonicalRecord,
    isPublic: boolean,
  ): Draft {
    const { ledger, random, vault } = this.#options
    if (ledger.refusal) throw ledger.refusal
    const id = entryIdOf(ledger.now(), random.bytes(10))
    const prepared = preparePayload(record, id)
    const month = new Date(recordTime(record) ?? ledger.now()).toISOString().slice(0, 7)
    const { frame, payload } = isPublic
      ? vault.sealPublic(prepared)
      : vault.seal(id, prepared, [vault.keyNumber(vault.systemScope(system, month))])
    return { ...draftOf(id, kind, slug, payload), attachment: encodeAttachment({ frame }) }
  }

  /** Finds the decision each record about a decision names; refuses those whose decision is not recorded. */
  async #resolveTargets(
    candidates: readonly Candidate[],
    errors: RecordError[],
    right: RecordingRight | undefined,
  ): Promise<Resolved[]> {
    const resolved: Resolved[] = []
    for (const candidate of candidates) {
      const target = await this.#targetOf(candidate)
      if (target === undefined) resolved.push(candidate)
      else if (typeof target === 'number' && !(await this.#mayConcern(target, right)))
        errors.push(unknownDecision(candidate))
      else if (typeof target === 'number') resolved.push(await this.#about(candidate, target))
      else errors.push(target)
    }
    return resolved
  }

  /** Index of the decision a record is about, undefined when it names none, or why it cannot be found. */
  async #targetOf(candidate: Candidate): Promise<number | undefined | RecordError> {
    const { about, decisionId, kind, namesSystem, systemName } = candidate
    if (linkFor(kind) === undefined) return undefined
    if (decisionId === undefined) return about ?? this.#linkedTarget(candidate.linkedIds)
    const found = await this.findDecisions(decisionId, namesSystem ? systemName : undefined)
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

  /** Whether records may be sent about the decision at an index: one of another system is as good as not there. */
  async #mayConcern(index: number, right: RecordingRight | undefined): Promise<boolean> {
    if (!right) return true
    const { ledger, systems } = this.#options
    const { system } = await ledger.entry(index)
    return right.mayRecordIn(systems.nameOf(system) ?? DEFAULT_SYSTEM)
  }

  async #linkedTarget(ids: readonly string[]): Promise<number | undefined> {
    for (const id of ids) {
      const index = await this.#options.ledger.find(id)
      if (index !== undefined) return index
    }
    return undefined
  }

  /** The candidate with the decision it is about; it is sealed with the same keys, being about the same people. */
  async #about(candidate: Candidate, index: number): Promise<Resolved> {
    const { ledger, vault } = this.#options
    const { id } = await ledger.entry(index)
    return { ...candidate, target: { index, id }, inheritedKeys: await vault.keyNumbersOf(index) }
  }

  /** Tells new records from resends without a pause in between, so that two requests never both take one record as new. */
  #judge(candidates: readonly Resolved[]): Judged {
    const { dedupe } = this.#options
    const judged: Judged = { fresh: [], repeated: [], settle: new Settle() }
    for (const candidate of candidates) {
      const seen = candidate.mark && dedupe.seen(candidate.mark)
      if (seen) {
        const { index, sameContent } = seen
        judged.repeated.push({ candidate, index: Promise.resolve(index), sameContent })
        continue
      }
      if (candidate.mark) dedupe.begin(candidate.mark, judged.settle.placeOf(judged.fresh.length))
      judged.fresh.push(candidate)
    }
    return judged
  }

  async #sequence(
    job: number,
    { fresh, settle }: Judged,
    slugs: Slugs,
    errors: RecordError[],
  ): Promise<{ ready: Ready[]; appended?: Appended }> {
    const { intake, ledger } = this.#options
    try {
      // Before a key is asked for: a ledger may be refused because its keyring must give out none.
      if (fresh.length > 0 && ledger.refusal) throw ledger.refusal
      const sealed = await intake.seal(
        job,
        fresh.map((candidate) => this.#choiceFor(candidate)),
      )
      if (sealed.learned) this.#keepDictionary(sealed.learned)
      const ready = readyOf(fresh, sealed, slugs, errors)
      if (ready.length === 0) {
        settle.resolve([])
        return { ready }
      }
      await this.#flushKeys()
      const appended = await ledger.append(ready.map(({ draft }) => draft))
      this.#remember(ready, appended.first)
      settle.resolve(placesOf(fresh, ready, appended.first))
      return { ready, appended }
    } catch (error) {
      settle.reject(error)
      throw error
    }
  }

  /** Makes the keys of what is to be appended durable. When that fails nothing is appended any more. */
  async #flushKeys(): Promise<void> {
    const { ledger, vault } = this.#options
    try {
      await vault.flushKeys()
    } catch (error) {
      const reason = reasonOf(error)
      ledger.refuse(new NotSequencing('write_failed', `keys could not be made durable: ${reason}`))
      throw ledger.refusal ?? error
    }
  }

  #choiceFor({ kind, place, scopes, target, inheritedKeys = [] }: Resolved): Choice {
    const { vault } = this.#options
    const numbers =
      inheritedKeys.length > 0 ? inheritedKeys : scopes.map((scope) => vault.keyNumber(latin1Bytes(scope)))
    const keys = numbers.map((number) => ({ number, key: latin1Text(vault.key(number)) }))
    return { place, keys, ...(target && { link: { rel: linkFor(kind)!, id: target.id } }) }
  }

  /** Nobody waits for it: until it is durable and adopted, records are coded without it. */
  #keepDictionary({ system, bytes }: { system: string; bytes: Uint8Array }): void {
    const { intake, vault } = this.#options
    void vault.dictionaries.add(system, bytes).then((kept) => kept && intake.adopt(kept))
  }

  #remember(ready: readonly Ready[], first: number): void {
    ready.forEach(({ candidate: { target }, text }, i) =>
      this.#options.recent.add(first + i, { text, ...(target && { target }) }),
    )
  }

  #recordedReceipt(
    { candidate, draft }: Ready,
    appended: Appended,
    i: number,
    hashText: (hash: Uint8Array) => string,
  ): Receipt {
    return {
      position: candidate.position,
      id: draft.id,
      ...named(candidate),
      ledger: this.#options.ledgerName,
      index: appended.first + i,
      leafHash: toHex(appended.leafHashes[i]!),
      status: 'recorded',
      path: appended.path(i).map(hashText),
    }
  }

  async #duplicateReceipt(candidate: Candidate, index: number): Promise<Receipt> {
    const { ledger, ledgerName } = this.#options
    const { id } = await ledger.entry(index)
    const leafHash = toHex(await ledger.leafHash(index))
    return {
      position: candidate.position,
      id,
      ...named(candidate),
      ledger: ledgerName,
      index,
      leafHash,
      status: 'duplicate',
    }
  }
}

const named = ({ decisionId }: Candidate): { decisionId?: string } =>
  decisionId === undefined ? {} : { decisionId }

/** Base64 of hashes, each made once: the paths of one request share most of theirs. */
function base64OfHashes(): (hash: Uint8Array) => string {
  const texts = new Map<Uint8Array, string>()
  return (hash) => {
    const known = texts.get(hash)
    if (known !== undefined) return known
    const text = Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('base64')
    texts.set(hash, text)
    return text
  }
}

function draftOf(
  id: string,
  kind: RecordKind,
  system: string,
  payload: Entry['payload'],
): Omit<Draft, 'attachment'> {
  return { id, kind, system, retention: 'unset', payload }
}

function placeOf({ epoch, seq }: Numbering): { epoch: number; seq: number } {
  return { epoch, seq }
}

/** @throws EmitterNotYours · SystemNotYours when a record of the request belongs to what the caller may not speak for */
function checkRight(
  { candidates, refused }: IntakeOpened,
  { right, head }: RecordedAs,
  emitters: Emitters,
): void {
  if (!right) return
  const may = (name: string | undefined): void => {
    const owner = name === undefined ? undefined : emitters.named(name)?.owner
    if (!right.mayRecordFor(name) || (owner !== undefined && owner !== right.owner))
      throw new EmitterNotYours()
  }
  for (const { emitter, statesEmitter, systemName } of candidates) {
    if (!right.mayRecordIn(systemName)) throw new SystemNotYours()
    if (emitter) may(emitter.id)
    if (statesEmitter !== undefined) may(statesEmitter)
    else if (!emitter) may(undefined)
  }
  for (const { emitter } of refused) may(emitter.id)
  if (head) may(head.emitter)
}

function unknownDecision(candidate: Candidate): RecordError {
  return refusal(candidate, 'unknown_decision', 'no decision with this id is recorded; record it first')
}

function refusal(candidate: Candidate, code: string, message: string): RecordError {
  return { position: candidate.position, ...named(candidate), code, path: '/decisionId', message }
}

function conflictOf(candidate: Candidate): RecordError {
  return refusal(candidate, 'id_conflict', 'a record with this id and other content is already recorded')
}

/** The drafts of what was sealed; what could not be sealed joins the errors. */
function readyOf(
  fresh: readonly Resolved[],
  { items, frames }: IntakeSealed,
  slugs: Slugs,
  errors: RecordError[],
): Ready[] {
  const ready: Ready[] = []
  let at = 0
  items.forEach((item, i) => {
    if ('error' in item) {
      errors.push(item.error)
      return
    }
    const candidate = fresh[i]!
    const { id, kind, systemName, mark, emitter } = candidate
    const frame = frames.subarray(at, at + item.frameBytes)
    at += item.frameBytes
    const draft = {
      ...draftOf(id, kind, slugs.systems.get(systemName)!, item.payload),
      ...(emitter && { emitter: { ...placeOf(emitter), id: slugs.emitters.get(emitter.id)! } }),
      attachment: encodeAttachment({
        ...(mark && { mark }),
        ...(emitter && { link: fromHex(emitter.link) }),
        frame,
      }),
    }
    ready.push({ candidate, draft, text: item.text })
  })
  return ready
}

/** Where each chosen record landed, undefined for those that could not be sealed. */
function placesOf(
  fresh: readonly Resolved[],
  ready: readonly Ready[],
  first: number,
): (number | undefined)[] {
  const places = new Map(ready.map(({ candidate }, i) => [candidate, first + i]))
  return fresh.map((candidate) => places.get(candidate))
}
