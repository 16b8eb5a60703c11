/**
 * The privacy settings of one ledger, and every change of them.
 *
 * Invariants, besides those of settings that are kept:
 * - That erasures need two persons is not ended by one: the first asks, which is on record, and another identity makes the change.
 * - What was in force before ends where nothing is classified by it any more, which is known only afterwards. Crash before that: the
 *   file says that it is not known, and the next start, when nothing is on its way, ends it.
 */
import type { Actor } from '../access/actor.ts'
import {
  KeptSettings,
  SecondPersonRequired,
  type SettingsBearer,
  SettingsChanged,
} from '../settings/kept-settings.ts'
import type { SettingsPlace } from '../settings/settings-file.ts'
import { type PrivacyContent, privacyFile } from './privacy-file.ts'
import type { PrivacySettings } from './privacy-settings.ts'
import { endedAt, isEnded, remembering, SealedHistory } from './sealed-history.ts'

/** What the settings need of the ledger they are about, once it is open. */
export interface PrivacyBearer extends SettingsBearer {
  /** Has records classified by these settings; resolves with an index at and past which every one is. */
  classifyBy(settings: PrivacySettings): Promise<number>
}

export class PrivacyControl {
  readonly #kept: KeptSettings<PrivacyContent>
  #history: SealedHistory
  #bearer: PrivacyBearer | undefined

  private constructor(kept: KeptSettings<PrivacyContent>) {
    this.#kept = kept
    this.#history = new SealedHistory(kept.content.past, kept.content.settings)
  }

  /** Reads the settings; they can be changed once a ledger bears them. @throws PrivacyFileDamaged */
  static async open(place: SettingsPlace): Promise<PrivacyControl> {
    return new PrivacyControl(await KeptSettings.open(privacyFile(place)))
  }

  bear(bearer: PrivacyBearer): void {
    this.#bearer = bearer
    this.#kept.bear(bearer)
  }

  /** Puts on record that the file is not as it was left, if so; ends what a change that was cut short left open. */
  async reconcile(): Promise<void> {
    await this.#kept.reconcile()
    if (!isEnded(this.#kept.content.past)) await this.#takeEffect()
  }

  get settings(): PrivacySettings {
    return this.#kept.content.settings
  }

  needsTwoPersons(): boolean {
    return this.settings.erasure.twoPersons
  }

  /** What is not for the index although records do not say so themselves. */
  get sealed(): SealedHistory {
    return this.#history
  }

  /** `next.version` is the one it was made from. @throws SettingsChanged · SecondPersonRequired */
  change(next: PrivacySettings, reason: string, by: Actor): Promise<PrivacySettings> {
    return this.#kept.change(() => this.#change(next, reason, by))
  }

  async #change(next: PrivacySettings, reason: string, by: Actor): Promise<PrivacySettings> {
    const { settings: before, past } = this.#kept.content
    if (next.version !== before.version) throw new SettingsChanged('privacy')
    const after = { ...next, version: before.version + 1 }
    const askedBy = needsAnother(before, after)
      ? await this.#askedBefore(before.version, reason, by)
      : undefined
    const details = { before, after, ...(askedBy !== undefined && { requester: askedBy }) }
    await this.#kept.record('privacy', reason, by, details)
    await this.#kept.keep({ settings: after, past: remembering(past, before, after) })
    await this.#takeEffect()
    return after
  }

  /** Who asked for it before this one does, on record. @throws SecondPersonRequired when nobody else did */
  async #askedBefore(version: number, reason: string, by: Actor): Promise<string> {
    const { oneSuffices: asked, ...content } = this.#kept.content
    if (asked?.version === version && asked.askedBy !== by.id) return asked.askedBy
    if (asked?.version !== version) {
      const details = { before: { twoPersons: true }, details: { askedFor: { twoPersons: false } } }
      await this.#kept.record('privacy.erasure', reason, by, details)
      await this.#kept.keep({ ...content, oneSuffices: { askedBy: by.id, version } })
    }
    throw new SecondPersonRequired('/erasure/twoPersons')
  }

  /** Has records classified by the settings, and then what was recorded before judged by them. */
  async #takeEffect(): Promise<void> {
    if (!this.#bearer) throw new Error('no ledger bears these settings yet')
    const { settings, past } = this.#kept.content
    const index = await this.#bearer.classifyBy(settings)
    if (!isEnded(past)) await this.#kept.keep({ settings, past: endedAt(past, index) })
    this.#history = new SealedHistory(this.#kept.content.past, settings)
  }
}

/** Whether a change ends that erasures need two persons. */
function needsAnother(before: PrivacySettings, after: PrivacySettings): boolean {
  return before.erasure.twoPersons && !after.erasure.twoPersons
}
