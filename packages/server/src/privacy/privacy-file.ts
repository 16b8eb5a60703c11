/** What is kept of records and what becomes of their fields, as it lies in DIR/keyring/privacy/<ledger>.json. */
import { z } from 'zod'
import { ExplainedError } from '../platform/explained-error.ts'
import type { SettingsFile } from '../settings/kept-settings.ts'
import { settingsFile, type SettingsPlace } from '../settings/settings-file.ts'
import { DEFAULT_PRIVACY, type PrivacySettings, settingsOf, settingsSchema } from './privacy-settings.ts'
import type { PastRules } from './sealed-history.ts'

export interface PrivacyContent {
  readonly settings: PrivacySettings
  readonly past: readonly PastRules[]
  /** Who asks, by identity, that one person suffice for an erasure again; of these settings, and of no later ones. */
  readonly oneSuffices?: { readonly askedBy: string; readonly version: number }
}

/** The file is there and cannot be believed. */
export class PrivacyFileDamaged extends ExplainedError {}

const file = z.strictObject({
  settings: settingsSchema,
  past: z.array(settingsSchema.pick({ mode: true, systems: true }).extend({ until: z.int().nonnegative() })),
  oneSuffices: z.strictObject({ askedBy: z.string(), version: z.int().positive() }).optional(),
})

const NEW_PRIVACY: PrivacyContent = { settings: DEFAULT_PRIVACY, past: [] }

/** Reading it rejects with PrivacyFileDamaged. */
export function privacyFile(place: SettingsPlace): SettingsFile<PrivacyContent> {
  return settingsFile('privacy', place, {
    fallback: NEW_PRIVACY,
    parse: contentOf,
    damaged: (path) =>
      new PrivacyFileDamaged(
        `${path} is damaged: what of a record may be kept and searched cannot be told by it`,
      ),
  })
}

function contentOf(value: Record<string, unknown>): PrivacyContent {
  const { settings, past, oneSuffices } = file.parse(value)
  return {
    settings: settingsOf(settings),
    past: past.map(({ until, ...rules }) => ({
      until,
      mode: rules.mode,
      systems: settingsOf({ ...settings, ...rules }).systems,
    })),
    ...(oneSuffices && { oneSuffices }),
  }
}
