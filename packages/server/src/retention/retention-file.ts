/** Which retention is in force, and what people have said of it, as it lies in DIR/keyring/retention/<ledger>.json. */
import { z } from 'zod'
import { ExplainedError } from '../platform/explained-error.ts'
import type { SettingsFile } from '../settings/kept-settings.ts'
import { settingsFile, type SettingsPlace } from '../settings/settings-file.ts'
import { NO_RETENTION, type RetentionSettings, retentionSchema } from './settings.ts'

export interface RetentionContent {
  readonly settings: RetentionSettings
  /** When somebody stated them last; Unix milliseconds. */
  readonly statedAt?: number
  /** Of which settings somebody has seen a plan and agreed to it; only by those may anything be deleted. */
  readonly confirmed?: { readonly version: number; readonly planDigest: string }
  /** Who asks, by identity, for settings by which content goes earlier, and which; made from these, and from no later ones. */
  readonly asked?: { readonly askedBy: string; readonly version: number; readonly digest: string }
}

/** The file is there and cannot be believed. */
export class RetentionFileDamaged extends ExplainedError {}

const file = z.strictObject({
  settings: retentionSchema,
  statedAt: z.int().nonnegative().optional(),
  confirmed: z.strictObject({ version: z.int().positive(), planDigest: z.string() }).optional(),
  asked: z.strictObject({ askedBy: z.string(), version: z.int().positive(), digest: z.string() }).optional(),
})

/** Reading it rejects with RetentionFileDamaged. */
export function retentionFile(place: SettingsPlace): SettingsFile<RetentionContent> {
  return settingsFile<RetentionContent>('retention', place, {
    fallback: { settings: NO_RETENTION },
    parse: (value) => {
      const { settings, statedAt, confirmed, asked } = file.parse(value)
      return {
        settings,
        ...(statedAt !== undefined && { statedAt }),
        ...(confirmed && { confirmed }),
        ...(asked && { asked }),
      }
    },
    damaged: (path) =>
      new RetentionFileDamaged(`${path} is damaged: how long records are to be kept cannot be told by it`),
  })
}
