/**
 * The part of recording that needs no memory of what was recorded before, and most of the processor: read, validate, classify,
 * canonicalise, commit, seal. Every record that comes from outside passes its classifier here. It works in two steps, because only the recorder knows which records are new and which keys seal them:
 *
 *   open   body → for each record its id, the scopes of its keys, the mark by which a resend is known; or why it is refused
 *   seal   chosen records and their keys → commitment and vault frame
 *
 * It can run in a thread of its own (`worker-intake.ts`): everything that goes in and out is plain data, bytes as latin1 text.
 */
import {
  type CanonicalRecord,
  type Entry,
  FormatError,
  type PreparedPayload,
  type RecordKind,
} from '@deponent/format'
import { type DecodedItem, decodeBody } from '../ingest/decode.ts'
import type { Random } from '../platform/random.ts'
import { Classifier } from '../vault/classify/classifier.ts'
import type { MetField } from '../vault/classify/fields-met.ts'
import type { ClassificationPolicy } from '../vault/classify/policy.ts'
import { type CodingChoice, takesLong } from '../vault/coding.ts'
import type { SystemDictionary } from '../vault/dictionaries.ts'
import { sealInParts, type SealingKey } from '../vault/parts.ts'
import { seal, type Sealed } from '../vault/seal.ts'
import { ScopeNames } from '../vault/scope.ts'
import { entryIdOf } from './entry-id.ts'
import type { RecordError } from './envelope.ts'
import { linkedIds, linkFor, subjectsOf, withLink } from './links.ts'
import { knownDigestOf, type Mark, Marker } from './marker.ts'
import { monthOf } from './month.ts'
import { leavesOfParty, peopleIn, staffIn } from './parties.ts'
import { type Identified, type Prepared, prepare } from './preparation.ts'
import {
  accept,
  type Accepted,
  errorOf,
  type Numbering,
  type Refused,
  type Submission,
} from './submission.ts'
import { Vocabulary } from './vocabulary.ts'

/** Records classified before what fields they had is told unasked. */
const MET_MAX = 5_000

/** Of so much text of one request the coding may take long, some 300 ms; whoever comes next waits for it. */
const SLOW_BYTES_MAX = 524_288

/** The keys the intake derives names with; never those that seal. */
export interface IntakeSecrets {
  tenant: Uint8Array
  dedupe: Uint8Array
  content: Uint8Array
  /** What values are pseudonymised with. */
  pseudonym: Uint8Array
}

/** What an intake starts with. */
export interface IntakeStart extends IntakeSecrets {
  /** The newest learned dictionary of each system. */
  dictionaries: readonly SystemDictionary[]
  classification: ClassificationPolicy
}

/** A request body of decisions as it came, or records already read. */
export type IntakeSource =
  | { contentType: string | undefined; body: Uint8Array }
  | { submissions: readonly Submission[] }

/** One record of a request that passed validation. Scopes and mark are latin1 text of their bytes. */
export interface Candidate {
  /** Its number within the job, for `seal`. */
  place: number
  position: number
  kind: RecordKind
  id: string
  decisionId?: string
  systemName: string
  /** Whether the record itself names its system. */
  namesSystem: boolean
  /** Index of the decision it was sent to, by address. */
  about?: number
  /** Entry ids it links to by the relation of its kind to a decision. */
  linkedIds: string[]
  scopes: string[]
  /** Whether `scopes` are those of the people it affects, in the order of its parties, rather than of nobody. */
  isAboutPeople: boolean
  /** Scopes of the members of staff it names, in the order of its parties. */
  staff: string[]
  mark?: Mark
  /** Its number, when it carries one. */
  emitter?: Numbering
  /** The emitter it makes a statement about: heartbeats, closes and losses. */
  statesEmitter?: string
}

export interface IntakeOpened {
  job: number
  candidates: Candidate[]
  errors: RecordError[]
  /** The numbers that refused records carried. */
  refused: { position: number; emitter: Numbering }[]
}

/** A candidate the recorder wants sealed: under which keys, and linked to what. */
export interface Choice {
  place: number
  /** Its system, by whose rules it is classified: its own, or that of the decision it is about. A decision was classified by its own already. */
  systemName: string
  /** Any of them opens it. */
  keys: KeyText[]
  /** For each person it names, then for each member of staff: the key that what names them goes with, undefined when it has none. */
  parts: (KeyText | undefined)[]
  link?: { rel: string; id: string }
}

/** A key by its number, as latin1 text. */
export interface KeyText {
  number: number
  key: string
}

export interface IntakeSealed {
  /** For each choice in order: what became of it. The frames lie back to back in `frames`. */
  items: ({ payload: Entry['payload']; frameBytes: number; text: string } | { error: RecordError })[]
  frames: Uint8Array
  /** What was learned of a system's records meanwhile; to be made durable and given back by `adopt`. */
  learned?: { system: string; bytes: Uint8Array }
  /** What fields were met, when enough were to be worth telling. */
  met?: MetField[]
}

/** What the recorder asks of an intake. Every job that was opened is ended by `seal`, if need be of nothing. */
export interface Intake {
  open(source: IntakeSource, now: number): Promise<IntakeOpened>
  seal(job: number, choices: readonly Choice[]): Promise<IntakeSealed>
  /** From here on codes that system's records with this dictionary, which is durable. */
  adopt(dictionary: SystemDictionary): void
  /** From here on classifies by this policy: records opened after it resolves. */
  classifyBy(policy: ClassificationPolicy): Promise<void>
  /** What fields were met since that was told last. */
  met(): Promise<MetField[]>
  close(): Promise<void>
}

/** A record that is not classified before it is known which system it belongs to. */
type Unclassified = Accepted & Pick<Identified, 'id' | 'sent'>

interface Job {
  accepted: (Unclassified | (Identified & { prepared: Prepared }))[]
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

export class LocalIntake implements Intake {
  readonly #random: Random
  readonly #scopes: ScopeNames
  readonly #marker: Marker
  readonly #jobs = new Map<number, Job>()
  readonly #vocabulary: Vocabulary
  readonly #classifier: Classifier
  #opened = 0

  constructor(start: IntakeStart, random: Random) {
    this.#random = random
    this.#scopes = new ScopeNames(start.tenant)
    this.#marker = new Marker(start.dedupe, start.content)
    this.#vocabulary = new Vocabulary(start.dictionaries)
    this.#classifier = new Classifier(start.pseudonym, start.classification)
  }

  open(source: IntakeSource, now: number): Promise<IntakeOpened> {
    try {
      return Promise.resolve(this.openNow(source, now))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  seal(job: number, choices: readonly Choice[]): Promise<IntakeSealed> {
    return Promise.resolve(this.sealNow(job, choices))
  }

  adopt(dictionary: SystemDictionary): void {
    this.#vocabulary.adopt(dictionary)
  }

  classifyBy(policy: ClassificationPolicy): Promise<void> {
    this.#classifier.adopt(policy)
    return Promise.resolve()
  }

  met(): Promise<MetField[]> {
    return Promise.resolve(this.metNow())
  }

  metNow(): MetField[] {
    return this.#classifier.met()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** @throws BodyError when the body as a whole cannot be read */
  openNow(source: IntakeSource, now: number): IntakeOpened {
    const submissions =
      'submissions' in source
        ? source.submissions
        : decodeBody(source.contentType, source.body).map(decisionOf)
    this.#opened += 1
    const opened: IntakeOpened = { job: this.#opened, candidates: [], errors: [], refused: [] }
    const job: Job = { accepted: [] }
    for (const submission of submissions) {
      const result = this.#openOne(submission, now, job)
      if (!('error' in result)) opened.candidates.push(result)
      else {
        opened.errors.push(result.error)
        const { position } = result.error
        if (result.emitter) opened.refused.push({ position, emitter: result.emitter })
      }
    }
    this.#jobs.set(opened.job, job)
    return opened
  }

  sealNow(job: number, choices: readonly Choice[], isHurried = false): IntakeSealed {
    const { accepted } = this.#jobs.get(job) ?? { accepted: [] }
    this.#jobs.delete(job)
    const items: IntakeSealed['items'] = []
    const frames: Uint8Array[] = []
    let slowBytes = isHurried ? SLOW_BYTES_MAX : 0
    for (const choice of choices) {
      const item = accepted[choice.place]!
      try {
        const { systemName } = choice
        const prepared = 'prepared' in item ? item.prepared : this.#preparedFor(item, choice)
        const dictionary = this.#vocabulary.of(systemName)
        const coding = { dictionary, isHurried: slowBytes >= SLOW_BYTES_MAX }
        if (takesLong(prepared.sealed.text.length)) slowBytes += prepared.sealed.text.length
        const sealed = this.#sealed(item, prepared.sealed, choice, coding)
        const witness = subjectsOf(item.sent)[0] ?? item.id
        this.#vocabulary.met(systemName, { text: prepared.sealed.text, witness }, sealed.frame.length)
        frames.push(sealed.frame)
        items.push({ payload: sealed.payload, frameBytes: sealed.frame.length, text: prepared.sealed.text })
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        items.push({ error: errorOf(item, error.code, error.path, error.message) })
      }
    }
    const learned = this.#vocabulary.learned()
    const met = this.#classifier.classified >= MET_MAX ? this.metNow() : undefined
    return { items, frames: packed(frames), ...(learned && { learned }), ...(met && { met }) }
  }

  /** In one piece under the key of one person, or of nobody, unless it names others besides. */
  #sealed(
    { id, kind, sent }: Unclassified,
    prepared: PreparedPayload,
    { keys, parts }: Choice,
    coding: CodingChoice,
  ): Sealed {
    const keepers = keys.map(keyOf)
    const parties = [...peopleIn(sent), ...staffIn(kind, sent)]
    const own = parties.flatMap((party, i) => {
      const key = parts[i]
      const leaves = key ? leavesOfParty(party, prepared.pointers) : []
      return key && leaves.length > 0 ? [{ ...keyOf(key), leaves }] : []
    })
    if (keepers.length === 1 && own.length === 0)
      return seal(id, prepared, keepers[0]!, this.#random.bytes(16), coding)
    const fresh = (bytes: number): Uint8Array => this.#random.bytes(bytes)
    return sealInParts(id, prepared, { keepers, parts: own, fresh }, coding)
  }

  #openOne(submission: Submission, now: number, job: Job): Candidate | Refused {
    const item = accept(submission)
    if ('error' in item) return item
    const { position, kind, decisionId, systemName, record, emitter } = item
    const id = entryIdOf(now, this.#random.bytes(10))
    const digest = emitter ? undefined : knownDigestOf(kind, record)
    const candidate: Candidate = {
      place: job.accepted.length,
      position,
      kind,
      id,
      ...(decisionId !== undefined && { decisionId }),
      systemName,
      namesSystem: record.system !== undefined,
      ...(item.about !== undefined && { about: item.about }),
      linkedIds: linkedIds(record, linkFor(kind) ?? ''),
      ...this.#scopesOf(record, systemName, now),
      staff: staffIn(kind, record).map(({ id: staff }) => latin1(this.#scopes.staff(staff))),
      ...(emitter && { emitter, mark: this.#marker.markOfNumber(emitter) }),
      ...(digest !== undefined && { mark: this.#marker.markOfDigest(systemName, kind, digest) }),
      ...statementIn(kind, record),
    }
    const unclassified = { ...item, sent: record, id }
    if (kind !== 'decision') {
      job.accepted.push(unclassified)
      return candidate
    }
    // After the name under which a resend is known, the keys and the links were read off the record as it was sent.
    const identified = { ...unclassified, ...this.#classifier.classify(kind, systemName, record) }
    try {
      const isInParts = candidate.staff.length > 0 || (candidate.isAboutPeople && candidate.scopes.length > 1)
      const prepared = this.#prepare(identified, isInParts)
      job.accepted.push({ ...identified, prepared })
      if (decisionId === undefined) return candidate
      return { ...candidate, mark: this.#marker.mark(systemName, kind, decisionId, prepared.content) }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      const refusal = errorOf(item, error.code, error.path, error.message)
      return { error: refusal, ...(emitter && { emitter }) }
    }
  }

  #preparedFor(item: Unclassified, { link, parts, systemName }: Choice): Prepared {
    const { record, isAltered } = this.#classifier.classify(item.kind, systemName, item.sent)
    // By the digest of all that came, what was left out of it could be tried out.
    const kept = isAltered && knownDigestOf(item.kind, record) !== undefined ? withoutDigest(record) : record
    return this.#prepare(linked({ ...item, record: kept, isAltered }, link), parts.some(isThere))
  }

  #prepare(item: Identified, isInParts: boolean): Prepared {
    return prepare(item, isInParts, (content) => this.#marker.macOf(content))
  }

  /** One key for each person affected; for records about nobody, that of the system and month. */
  #scopesOf(
    record: CanonicalRecord,
    systemName: string,
    now: number,
  ): Pick<Candidate, 'scopes' | 'isAboutPeople'> {
    const scopes = peopleIn(record).map(({ id }) => latin1(this.#scopes.subject(id)))
    if (scopes.length > 0) return { scopes, isAboutPeople: true }
    const scope = this.#scopes.system(systemName, monthOf(record, now))
    return { scopes: [latin1(scope)], isAboutPeople: false }
  }
}

function withoutDigest({ sourceDigest: _, originDigest: __, ...record }: CanonicalRecord): CanonicalRecord {
  return record
}

/** The emitter that a heartbeat, a close or a loss is about. */
function statementIn(kind: RecordKind, { emitterId }: CanonicalRecord): { statesEmitter?: string } {
  return kind.startsWith('emitter.') && typeof emitterId === 'string' ? { statesEmitter: emitterId } : {}
}

function decisionOf({ position, reading, error }: DecodedItem): Submission {
  return error === undefined ? { position, kind: 'decision', reading } : { position, error }
}

const isThere = (part: KeyText | undefined): boolean => part !== undefined

const keyOf = ({ number, key }: KeyText): SealingKey => ({ number, key: bytesOf(key) })

function linked(item: Identified, link: Choice['link']): Identified {
  return link ? { ...item, record: withLink(item.record, link), sent: withLink(item.sent, link) } : item
}

/** All frames in one buffer of their own, so that it can be handed to another thread. */
function packed(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0))
  let at = 0
  for (const frame of frames) {
    bytes.set(frame, at)
    at += frame.length
  }
  return bytes
}
