/**
 * The privacy settings of one ledger, and every change of them.
 *
 * Invariants:
 * - A change is on record before it takes effect: first the record, durable in the ledger, then the file, then those who go by it.
 *   Crash after the record: the ledger tells of a change that was never made.
 * - Changes happen one after another.
 * - That erasures need two persons is not ended by one: the first asks, which is on record, and another identity makes the change.
 * - What was in force before ends where nothing is classified by it any more, which is known only afterwards. Crash before that: the
 *   file says that it is not known, and the next start, when nothing is on its way, ends it.
 * - A file that is not the one last written here was changed by somebody else: that is put on record at the next start.
 */
import type { CanonicalRecord, RecordKind } from '@deponent/format'
import { type Actor, SERVER } from '../access/actor.ts'
import type { Disk } from '../platform/disk.ts'
import { digestOf, type PrivacyContent, readPrivacyFile, writePrivacyFile } from './privacy-file.ts'
import type { PrivacySettings } from './privacy-settings.ts'
import { endedAt, isEnded, remembering, SealedHistory } from './sealed-history.ts'

/** The settings were changed since whoever changes them now has read them. */
export class PrivacyChanged extends Error {}

/** That one person suffice for an erasure again takes two: it is asked for now, and another identity makes the same change. */
export class SecondPersonRequired extends Error {}

export interface PrivacyPlace {
  disk: Disk
  /** The data directory. */
  data: string
  ledger: string
}

/** What the settings need of the ledger they are about, once it is open. */
export interface PrivacyBearer {
  /** Puts a change on record; resolves with its index when that is durable. */
  record(kind: RecordKind, record: CanonicalRecord): Promise<number>
  /** Digest of the file as it was last written here; undefined when nobody remembers. */
  remembered(): string | undefined
  remember(digest: string): void
  /** Has records classified by these settings; resolves with an index at and past which every one is. */
  classifyBy(settings: PrivacySettings): Promise<number>
}

export class PrivacyControl {
  readonly #place: PrivacyPlace
  #content: PrivacyContent
  #history: SealedHistory
  #bearer: PrivacyBearer | undefined
  #changing: Promise<unknown> = Promise.resolve()

  private constructor(place: PrivacyPlace, content: PrivacyContent) {
    this.#place = place
    this.#content = content
    this.#history = new SealedHistory(content.past, content.settings)
  }

  /** Reads the settings; they can be changed once a ledger bears them. @throws PrivacyFileDamaged */
  static async open(place: PrivacyPlace): Promise<PrivacyControl> {
    return new PrivacyControl(place, await readPrivacyFile(place.disk, place.data, place.ledger))
  }

  bear(bearer: PrivacyBearer): void {
    this.#bearer = bearer
  }

  /** Puts on record that the file is not as it was left, if so; ends what a change that was cut short left open. */
  async reconcile(): Promise<void> {
    await this.#reconcile()
    if (!isEnded(this.#content.past)) await this.#takeEffect()
  }

  async #reconcile(): Promise<void> {
    const { record, remember, remembered } = this.#bearing
    const before = remembered()
    const after = digestOf(this.#content)
    if (before === after) return
    if (before !== undefined) {
      const reason = 'the privacy settings were changed outside the server'
      const digests = { beforeDigest: before, afterDigest: after }
      await record('change', changeOf(SERVER, 'privacy.file', reason, digests))
    }
    remember(after)
  }

  get settings(): PrivacySettings {
    return this.#content.settings
  }

  needsTwoPersons(): boolean {
    return this.settings.erasure.twoPersons
  }

  /** What is not for the index although records do not say so themselves. */
  get sealed(): SealedHistory {
    return this.#history
  }

  /** `next.version` is the one it was made from. @throws PrivacyChanged · SecondPersonRequired */
  change(next: PrivacySettings, reason: string, by: Actor): Promise<PrivacySettings> {
    const changed = this.#changing.then(() => this.#change(next, reason, by))
    this.#changing = changed.catch(() => undefined)
    return changed
  }

  async #change(next: PrivacySettings, reason: string, by: Actor): Promise<PrivacySettings> {
    const { record } = this.#bearing
    const { settings: before, past } = this.#content
    if (next.version !== before.version) throw new PrivacyChanged('the settings have another version by now')
    const after = { ...next, version: before.version + 1 }
    const askedBy = needsAnother(before, after)
      ? await this.#askedBefore(before.version, reason, by)
      : undefined
    const details = { before, after, ...(askedBy !== undefined && { requester: askedBy }) }
    await record('change', changeOf(by, 'privacy', reason, details))
    await this.#keep({ settings: after, past: remembering(past, before, after) })
    await this.#takeEffect()
    return after
  }

  /** Who asked for it before this one does, on record. @throws SecondPersonRequired when nobody else did */
  async #askedBefore(version: number, reason: string, by: Actor): Promise<string> {
    const { oneSuffices: asked, ...content } = this.#content
    if (asked?.version === version && asked.askedBy !== by.id) return asked.askedBy
    if (asked?.version !== version) {
      const details = { before: { twoPersons: true }, details: { askedFor: { twoPersons: false } } }
      await this.#bearing.record('change', changeOf(by, 'privacy.erasure', reason, details))
      await this.#keep({ ...content, oneSuffices: { askedBy: by.id, version } })
    }
    throw new SecondPersonRequired('it is asked for; another identity makes the same change')
  }

  /** Has records classified by the settings, and then what was recorded before judged by them. */
  async #takeEffect(): Promise<void> {
    const { settings, past } = this.#content
    const index = await this.#bearing.classifyBy(settings)
    if (!isEnded(past)) await this.#keep({ settings, past: endedAt(past, index) })
    this.#history = new SealedHistory(this.#content.past, settings)
  }

  async #keep(content: PrivacyContent): Promise<void> {
    const { disk, data, ledger } = this.#place
    await writePrivacyFile(disk, data, ledger, content)
    this.#content = content
    this.#bearing.remember(digestOf(content))
  }

  get #bearing(): PrivacyBearer {
    if (!this.#bearer) throw new Error('no ledger bears these settings yet')
    return this.#bearer
  }
}

/** Whether a change ends that erasures need two persons. */
function needsAnother(before: PrivacySettings, after: PrivacySettings): boolean {
  return before.erasure.twoPersons && !after.erasure.twoPersons
}

function changeOf(by: Actor, object: string, reason: string, details: object): CanonicalRecord {
  return { object, reason, ...plain(details), actor: plain(by), basis: 'observed' }
}

/** The JSON of what may hold undefined members. */
function plain(value: object): CanonicalRecord {
  return JSON.parse(JSON.stringify(value)) as CanonicalRecord
}
