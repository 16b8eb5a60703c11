/**
 * The retention that is in force on one ledger, and every change of it.
 *
 * Invariants, besides those of settings that are kept:
 * - Content goes earlier than it would have only when two people ask for the same settings: the first one asks, which is on record, and
 *   another identity makes the change. The first settings of a ledger are made by one: until a plan is confirmed nothing goes by them.
 * - Nothing is deleted by settings whose plan nobody has confirmed.
 */
import { createHash } from 'node:crypto'
import { canonicalJson, type JsonValue } from '@deponent/format'
import type { Actor } from '../access/actor.ts'
import {
  KeptSettings,
  SecondPersonRequired,
  type SettingsBearer,
  SettingsChanged,
} from '../settings/kept-settings.ts'
import type { SettingsPlace } from '../settings/settings-file.ts'
import { goingEarlier } from './earlier.ts'
import { type RetentionContent, retentionFile } from './retention-file.ts'
import { NO_RETENTION, type RetentionSettings } from './settings.ts'

/** What the settings need of the ledger they are about, once it is open. */
export interface RetentionBearer extends SettingsBearer {
  /** Has entries name these settings from here on. */
  keepBy(settings: RetentionSettings): Promise<void>
}

export class RetentionControl {
  readonly #kept: KeptSettings<RetentionContent>
  #bearer: RetentionBearer | undefined

  private constructor(kept: KeptSettings<RetentionContent>) {
    this.#kept = kept
  }

  /** Reads the settings; they can be changed once a ledger bears them. @throws RetentionFileDamaged */
  static async open(place: SettingsPlace): Promise<RetentionControl> {
    return new RetentionControl(await KeptSettings.open(retentionFile(place)))
  }

  bear(bearer: RetentionBearer): void {
    this.#bearer = bearer
    this.#kept.bear(bearer)
  }

  /** Puts on record that the file is not as it was left, if so; has entries name what is in force. */
  async reconcile(): Promise<void> {
    await this.#kept.reconcile()
    await this.#takeEffect()
  }

  get settings(): RetentionSettings {
    return this.#kept.content.settings
  }

  /** When somebody stated them last, the same as before or others; Unix milliseconds. */
  get statedAt(): number | undefined {
    return this.#kept.content.statedAt
  }

  /** Whether any system has a policy. */
  get isSet(): boolean {
    return Object.values(this.settings.systems).some(({ policies }) => policies.length > 0)
  }

  /** Whether somebody has agreed to a plan by the settings as they are. */
  get isConfirmed(): boolean {
    return this.#kept.content.confirmed?.version === this.settings.version
  }

  /** Who asked for which settings by which content would go earlier, while that waits for a second person. */
  get asked(): RetentionContent['asked'] {
    const { asked, settings } = this.#kept.content
    return asked?.version === settings.version ? asked : undefined
  }

  /** `next.version` is the one it was made from; `now`: Unix milliseconds. @throws SettingsChanged · SecondPersonRequired */
  change(next: RetentionSettings, reason: string, by: Actor, now: number): Promise<RetentionSettings> {
    return this.#kept.change(() => this.#change(next, reason, by, now))
  }

  async #change(next: RetentionSettings, reason: string, by: Actor, now: number): Promise<RetentionSettings> {
    const before = this.settings
    if (next.version !== before.version) throw new SettingsChanged('retention')
    const after = { ...next, version: before.version + 1 }
    const earlier = before.version === NO_RETENTION.version ? [] : goingEarlier(before, after, now)
    const askedBy = earlier.length > 0 ? await this.#askedBefore(next, earlier, reason, by) : undefined
    await this.#kept.record('retention', reason, by, {
      before,
      after,
      ...(askedBy !== undefined && { requester: askedBy }),
    })
    await this.#kept.keep({ settings: after, statedAt: now })
    await this.#takeEffect()
    return after
  }

  /** Who asked for the same before this one does, on record. @throws SecondPersonRequired when nobody else did */
  async #askedBefore(
    next: RetentionSettings,
    earlier: readonly string[],
    reason: string,
    by: Actor,
  ): Promise<string> {
    const { asked } = this
    const digest = digestOf(next)
    if (asked?.digest === digest && asked.askedBy !== by.id) return asked.askedBy
    if (asked?.digest !== digest || asked.askedBy !== by.id) {
      const { version } = next
      await this.#kept.record('retention.earlier', reason, by, { details: { askedFor: next, earlier } })
      await this.#kept.keep({ ...this.#kept.content, asked: { askedBy: by.id, version, digest } })
    }
    throw new SecondPersonRequired('/systems')
  }

  /** From here on what is due by the settings as they are may be deleted. `plan`: what was seen before that was agreed to. */
  confirm(planDigest: string, plan: object, reason: string, by: Actor): Promise<void> {
    return this.#kept.change(async () => {
      const { version } = this.settings
      await this.#kept.record('retention.run', reason, by, { details: { version, planDigest, plan } })
      await this.#kept.keep({ ...this.#kept.content, confirmed: { version, planDigest } })
    })
  }

  async #takeEffect(): Promise<void> {
    if (!this.#bearer) throw new Error('no ledger bears these settings yet')
    await this.#bearer.keepBy(this.settings)
  }
}

/** Names settings: two who ask for the same ask for settings of one digest. */
function digestOf(settings: RetentionSettings): string {
  return createHash('sha256')
    .update(canonicalJson(settings as unknown as JsonValue))
    .digest('hex')
}
