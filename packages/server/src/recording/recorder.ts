/**
 * From requests to receipts. For each record: the intake reads, validates and names it; the recorder finds out whether it was seen
 * before and which keys seal it; the intake seals it; then everything new is sequenced together, and every record is answered for.
 *
 *   body ─▶ intake.open ─▶ declare its system ─▶ seen before? ─▶ intake.seal ─▶ keys durable ─▶ ledger.append ─▶ receipt
 */
import { type CanonicalRecord, fromHex, type RecordKind, toHex } from '@deponent/format'
import type { Appended, Draft, Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { MetField } from '../vault/classify/fields-met.ts'
import type { Vault } from '../vault/vault.ts'
import { encodeAttachment } from './attachment.ts'
import type { Dedupe, Seen } from './dedupe.ts'
import { draftOf } from './draft.ts'
import type { Emitters } from './emitters.ts'
import type { Envelope, Receipt, RecordError } from './envelope.ts'
import type {
  Candidate,
  Choice,
  Intake,
  IntakeOpened,
  IntakeSealed,
  IntakeSource,
  KeyText,
} from './intake.ts'
import { linkFor } from './links.ts'
import { declareUnkept } from './losses.ts'
import type { Marker } from './marker.ts'
import type { OwnRecord } from './own-record.ts'
import { OwnRecords } from './own-records.ts'
import type { Recent } from './recent.ts'
import { checkRight, type RecordingRight, SystemNotYours } from './recording-right.ts'
import { InFlight } from './in-flight.ts'
import { conflictOf, erasedRecord, named } from './refusal.ts'
import { Settle } from './settle.ts'
import { type StatedHead, StatedHeads } from './stated-heads.ts'
import { DEFAULT_SYSTEM, type Numbering, type Submission } from './submission.ts'
import type { Retentions } from './retentions.ts'
import type { Systems } from './systems.ts'
import { type Resolved, Targets } from './targets.ts'

export interface RecorderOptions {
  ledger: Ledger
  ledgerName: string
  vault: Vault
  intake: Intake
  dedupe: Dedupe
  marker: Marker
  systems: Systems
  retentions: Pick<Retentions, 'of'>
  emitters: Emitters
  clock: Clock
  random: Random
  recent: Recent
  /** What values are pseudonymised with. */
  pseudonymKey: Uint8Array
  /** Told now and then which fields were met. */
  onFieldsMet(met: readonly MetField[]): void
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

const latin1Bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const latin1Text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

export class Recorder {
  readonly #options: RecorderOptions
  readonly #own: OwnRecords
  readonly #targets: Targets
  readonly #heads: StatedHeads
  readonly #inFlight = new InFlight()

  constructor(options: RecorderOptions) {
    this.#options = options
    const { emitters, clock } = options
    this.#own = new OwnRecords(options)
    this.#targets = new Targets(options)
    this.#heads = new StatedHeads({ emitters, clock, record: (records) => this.#own.recordAll(records) })
  }

  /** Records what was read already; see `recordFrom`. */
  record(submissions: readonly Submission[]): Promise<Envelope> {
    return this.recordFrom({ submissions })
  }

  /**
   * Records what can be recorded and answers for each record. Throws BodyError when the body as a whole cannot be read, and as
   * `Ledger.append` does when something new could not be sequenced.
   */
  recordFrom(source: IntakeSource, as: RecordedAs = {}): Promise<Envelope> {
    return this.#inFlight.run(() => this.#recordFrom(source, as))
  }

  /** Resolves once every request that had begun by now is recorded or was refused. */
  settled(): Promise<void> {
    return this.#inFlight.settled()
  }

  async #recordFrom(source: IntakeSource, as: RecordedAs): Promise<Envelope> {
    const { intake, ledger } = this.#options
    const opened = await intake.open(source, ledger.now())
    try {
      if (as.right) checkRight(as.right, opened, as.head, this.#options.emitters)
      const envelope = await this.#answer(opened, as.right)
      if (as.head) {
        const slug = await this.#own.emitterSlugOf(as.head.emitter, DEFAULT_SYSTEM, as.right?.owner)
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
    const resolved = await this.#targets.resolve(candidates, errors, right)
    if (right && !resolved.every(({ systemName }) => right.mayRecordIn(systemName)))
      throw new SystemNotYours()
    const known = new Map(resolved.map((candidate) => [candidate.place, candidate]))
    // Those that are refused too: their numbers are declared lost by emitters that must have a name.
    const slugs = await this.#slugsOf(
      candidates.map((candidate) => known.get(candidate.place) ?? candidate),
      right?.owner,
    )
    const judged = this.#judge(resolved, errors)
    const { ready, appended } = await this.#sequence(job, judged, slugs, errors)
    const hashText = base64OfHashes()
    const receipts = ready.map((item, i) => this.#recordedReceipt(item, appended!, i, hashText))
    for (const { candidate, index, sameContent } of judged.repeated) {
      // What it repeats may still be in flight: if that is not recorded after all, nothing can be said of this one either.
      const at = await index
      if (sameContent) receipts.push(await this.#duplicateReceipt(candidate, at))
      else errors.push(conflictOf(candidate))
    }
    await declareUnkept(this.#own, this.#options.emitters, {
      candidates,
      refused,
      errors,
      repeated: judged.repeated.map(({ candidate }) => candidate),
      owner: right?.owner,
    })
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
  recordOwn(kind: RecordKind, record: CanonicalRecord, isPublic = false): Promise<number> {
    return this.#inFlight.run(() => this.#own.record(kind, record, isPublic))
  }

  /** Records, readable by anybody, something about the ledger itself that comes before every system: no system is declared for it. */
  recordFirst(kind: RecordKind, record: CanonicalRecord): Promise<number> {
    return this.#own.recordFirst(kind, record)
  }

  /** Several sealed records of the product itself, sequenced together; gives the index of the first. */
  recordOwnAll(records: readonly OwnRecord[]): Promise<number> {
    return this.#inFlight.run(() => this.#own.recordAll(records))
  }

  /** The decision with this entry id or sender's id, in any system or the one named; several systems may have used one id. */
  findDecisions(name: string, systemName?: string): Promise<number[]> {
    return this.#targets.find(name, systemName)
  }

  /** What is known of the span or log record with this digest in a system; undefined when it is new. */
  seenTelemetry(kind: RecordKind, system: string, sourceDigest: string): Seen | undefined {
    const { dedupe, marker } = this.#options
    return dedupe.seen(marker.markOfDigest(system, kind, sourceDigest))
  }

  /** Records of a kind known by this digest, in any system or the one named. */
  findByDigest(kind: RecordKind, sourceDigest: string, systemName?: string): Promise<number[]> {
    return this.#targets.findByDigest(kind, sourceDigest, systemName)
  }

  /** Records the heads emitters stated since they were last recorded. */
  flushHeads(): Promise<void> {
    return this.#heads.flush()
  }

  async #slugsOf(candidates: readonly Candidate[], owner: string | undefined): Promise<Slugs> {
    const systems = new Map<string, string>()
    const emitters = new Map<string, string>()
    for (const { systemName, emitter, statesEmitter } of candidates) {
      if (!systems.has(systemName)) systems.set(systemName, await this.#own.slugOf(systemName))
      for (const name of [emitter?.id, statesEmitter]) {
        if (name !== undefined && !emitters.has(name))
          emitters.set(name, await this.#own.emitterSlugOf(name, systemName, owner))
      }
    }
    return { systems, emitters }
  }

  /** Tells new records from resends without a pause in between, so that two requests never both take one record as new. */
  #judge(candidates: readonly Resolved[], errors: RecordError[]): Judged {
    const { dedupe } = this.#options
    const judged: Judged = { fresh: [], repeated: [], settle: new Settle() }
    for (const candidate of candidates) {
      const seen = candidate.mark && dedupe.seen(candidate.mark)
      if (seen?.state === 'erased') {
        errors.push(erasedRecord(candidate))
        continue
      }
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
      if (sealed.met) this.#options.onFieldsMet(sealed.met)
      if (sealed.learned) this.#keepDictionary(sealed.learned)
      const ready = readyOf(fresh, sealed, slugs, errors, this.#options.retentions)
      if (ready.length === 0) {
        settle.resolve([])
        return { ready }
      }
      await this.#own.flushKeys()
      const appended = await ledger.append(ready.map(({ draft }) => draft))
      this.#remember(ready, appended.first)
      settle.resolve(placesOf(fresh, ready, appended.first))
      return { ready, appended }
    } catch (error) {
      settle.reject(error)
      throw error
    }
  }

  #choiceFor(candidate: Resolved): Choice {
    const { kind, place, scopes, isAboutPeople, staff, systemName, target, inheritedKeys = [] } = candidate
    const { vault } = this.#options
    const numberOf = (scope: string): number => vault.keyNumber(latin1Bytes(scope))
    const textOf = (number: number): KeyText => ({ number, key: latin1Text(vault.key(number)) })
    const isInherited = inheritedKeys.length > 0
    const keepers = new Set(isInherited ? inheritedKeys : scopes.map(numberOf))
    const people = (isAboutPeople ? scopes : []).map((scope) => {
      const theirs = vault.keysOf(latin1Bytes(scope)).find((number) => keepers.has(number))
      // Where one person alone keeps a record, what names them goes with all of it.
      if (theirs !== undefined && keepers.size === 1) return undefined
      return textOf(theirs ?? numberOf(scope))
    })
    return {
      place,
      systemName,
      keys: [...keepers].map(textOf),
      parts: [...people, ...staff.map((scope) => textOf(numberOf(scope)))],
      ...(target && { link: { rel: linkFor(kind)!, id: target.id } }),
    }
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

function placeOf({ epoch, seq }: Numbering): { epoch: number; seq: number } {
  return { epoch, seq }
}

/** The drafts of what was sealed; what could not be sealed joins the errors. */
function readyOf(
  fresh: readonly Resolved[],
  { items, frames }: IntakeSealed,
  slugs: Slugs,
  errors: RecordError[],
  retentions: Pick<Retentions, 'of'>,
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
      ...draftOf(id, kind, slugs.systems.get(systemName)!, item.payload, retentions.of(systemName)),
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
