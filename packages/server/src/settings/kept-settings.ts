/**
 * Settings of one ledger that lie in a file, and every change of them.
 *
 * Invariants:
 * - A change is on record before it takes effect: first the record, durable in the ledger, then the file, then those who go by it.
 *   Crash after the record: the ledger tells of a change that was never made.
 * - Changes happen one after another.
 * - A file that is not the one last written here was changed by somebody else: that is put on record at the next start.
 */
import type { CanonicalRecord, RecordKind } from '@deponent/format'
import { type Actor, SERVER } from '../access/actor.ts'

/** The settings were changed since whoever changes them now has read them. */
export class SettingsChanged extends Error {
  /** What they are called in records. */
  readonly settings: string

  constructor(settings: string) {
    super('the settings have another version by now')
    this.settings = settings
  }
}

/** This change takes two people: it is asked for now, and another identity makes the same one. */
export class SecondPersonRequired extends Error {
  /** Pointer of what it is about; the settings as a whole when empty. */
  readonly field: string

  constructor(field: string) {
    super('it is asked for; another identity makes the same change')
    this.field = field
  }
}

/** Where settings lie, and what they are called in records. */
export interface SettingsFile<C> {
  /** In records: `privacy`, say. */
  readonly name: string
  read(): Promise<C>
  write(content: C): Promise<void>
  digestOf(content: C): string
}

/** What settings need of the ledger they are about, once it is open. */
export interface SettingsBearer {
  /** Puts a change on record; resolves with its index when that is durable. */
  record(kind: RecordKind, record: CanonicalRecord): Promise<number>
  /** Digest of the file as it was last written here; undefined when nobody remembers. */
  remembered(): string | undefined
  remember(digest: string): void
}

export class KeptSettings<C> {
  readonly #file: SettingsFile<C>
  #content: C
  #bearer: SettingsBearer | undefined
  #changing: Promise<unknown> = Promise.resolve()

  private constructor(file: SettingsFile<C>, content: C) {
    this.#file = file
    this.#content = content
  }

  /** Reads them; they can be changed once a ledger bears them. Rejects as the file does. */
  static async open<C>(file: SettingsFile<C>): Promise<KeptSettings<C>> {
    return new KeptSettings(file, await file.read())
  }

  get content(): C {
    return this.#content
  }

  bear(bearer: SettingsBearer): void {
    this.#bearer = bearer
  }

  /** Puts on record that the file is not as it was left, if so. */
  async reconcile(): Promise<void> {
    const { remember, remembered } = this.#bearing
    const before = remembered()
    const after = this.#file.digestOf(this.#content)
    if (before === after) return
    const { name } = this.#file
    if (before !== undefined)
      await this.record(`${name}.file`, `the ${name} settings were changed outside the server`, SERVER, {
        beforeDigest: before,
        afterDigest: after,
      })
    remember(after)
  }

  /** Runs a change when those before it are over. */
  change<T>(work: () => Promise<T>): Promise<T> {
    const changed = this.#changing.then(work)
    this.#changing = changed.catch(() => undefined)
    return changed
  }

  /** Puts a change of `object` on record. */
  record(object: string, reason: string, by: Actor, details: object): Promise<number> {
    return this.#bearing.record('change', {
      object,
      reason,
      ...plain(details),
      actor: plain(by),
      basis: 'observed',
    })
  }

  /** Writes the content; it is what these are from here on. */
  async keep(content: C): Promise<void> {
    await this.#file.write(content)
    this.#content = content
    this.#bearing.remember(this.#file.digestOf(content))
  }

  get #bearing(): SettingsBearer {
    if (!this.#bearer) throw new Error('no ledger bears these settings yet')
    return this.#bearer
  }
}

/** The JSON of what may hold undefined members. */
function plain(value: object): CanonicalRecord {
  return JSON.parse(JSON.stringify(value)) as CanonicalRecord
}
