/*
 * What becomes of a record that goes into a plain file: who is meant, and what opens something, is replaced by a keyed hash, found by
 * the same rules as the server finds it. Equal values have equal hashes, so records still belong together; without the key nobody can
 * try a guess.
 */
import type * as formatModule from '@deponent/format'

type Format = typeof formatModule

/** Fields that name somebody, in any record and wherever in it they stand; in camelCase. */
const PEOPLE = new Set([
  'actor',
  'affectedSubjects',
  'affectedUserId',
  'approver',
  'approverId',
  'author',
  'authorId',
  'authorisedRepresentative',
  'humanReviewer',
  'humanReviewerId',
  'ipAddress',
  'mentions',
  'owner',
  'ownerId',
  'releasedBy',
  'representative',
  'requester',
  'requesterId',
  'reviewer',
  'reviewerId',
  'scorer',
  'scorerId',
  'secondVerifier',
  'secondVerifierId',
  'userAgent',
  'userId',
])
/** What the record itself is, which identifies nobody; times look like numbers of telephones to nobody but are many. */
const OWN = new Set([
  'kind',
  'timestamp',
  'at',
  'modelId',
  'modelVersion',
  'system',
  'status',
  'riskTier',
  'environment',
])
/** A text is looked at in windows, which overlap by as much as what is looked for may be long. */
const OVERLAP_CHARACTERS = 256
const HASH_CHARACTERS = 22

export class Pseudonyms {
  readonly #secret: string

  /** Without a secret one is drawn: hashes then agree within this process only. */
  constructor(secret: string | undefined) {
    this.#secret = secret ?? crypto.randomUUID()
  }

  /** The JSON text of a record, its sensitive values replaced. */
  async line(text: string): Promise<string> {
    const format = await import('@deponent/format')
    const key = format.sha256(format.utf8(`deponent/sink/v1\0${this.#secret}`))
    const hash = (value: unknown): string => {
      const digest = format.hmacSha256(key, format.utf8(JSON.stringify(value)))
      const base64url = format.toBase64(digest).replaceAll('+', '-').replaceAll('/', '_')
      return `hash_${base64url.slice(0, HASH_CHARACTERS)}`
    }
    return JSON.stringify(new Replacement(format, hash).record(JSON.parse(text) as Record<string, unknown>))
  }
}

class Replacement {
  readonly #format: Format
  readonly #hash: (value: unknown) => string

  constructor(format: Format, hash: (value: unknown) => string) {
    this.#format = format
    this.#hash = hash
  }

  record(record: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(record).map(([name, value]) => {
        return OWN.has(name) ? [name, value] : this.#member(name, value)
      }),
    )
  }

  #member(name: string, value: unknown): [string, unknown] {
    if (PEOPLE.has(camelCase(name))) return [name, this.#everything(value)]
    const said = this.#format.nameSays(name)
    const isNamed = said === 'of all' || (said === 'of texts' && typeof value === 'string')
    return [this.#name(name), isNamed ? this.#everything(value) : this.#value(value)]
  }

  #name(name: string): string {
    return this.#isFound(name) ? this.#hash(name) : name
  }

  #value(value: unknown): unknown {
    if (typeof value === 'string') return this.#isFound(value) ? this.#hash(value) : value
    if (typeof value === 'number') return this.#format.detectInNumber(value) ? this.#hash(value) : value
    if (Array.isArray(value)) return value.map((item) => this.#value(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => this.#member(name, inner)))
  }

  /** All that stands in a field that names somebody. */
  #everything(value: unknown): unknown {
    if (typeof value === 'string' || typeof value === 'number') return this.#hash(value)
    if (Array.isArray(value)) return value.map((item) => this.#everything(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [this.#name(name), this.#everything(inner)]),
    )
  }

  #isFound(text: string): boolean {
    const { detect, SCANNED_CHARACTERS_MAX } = this.#format
    for (
      let at = 0;
      at === 0 || at + OVERLAP_CHARACTERS < text.length;
      at += SCANNED_CHARACTERS_MAX - OVERLAP_CHARACTERS
    )
      if (detect(text.slice(at, at + SCANNED_CHARACTERS_MAX)) !== undefined) return true
    return false
  }
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
