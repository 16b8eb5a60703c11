/**
 * What is kept of records and what becomes of their fields, as it lies in DIR/keyring/privacy/<ledger>.json. It belongs to the keyring
 * and is backed up with it: a ledger that forgot it would index what somebody sealed.
 */
import { createHash } from 'node:crypto'
import { canonicalJson, fromUtf8, type JsonValue, utf8 } from '@deponent/format'
import { z } from 'zod'
import type { Disk } from '../platform/disk.ts'
import { DEFAULT_PRIVACY, type PrivacySettings, settingsOf, settingsSchema } from './privacy-settings.ts'
import type { PastRules } from './sealed-history.ts'
import { ExplainedError } from '../platform/explained-error.ts'

export interface PrivacyContent {
  readonly settings: PrivacySettings
  readonly past: readonly PastRules[]
  /** Who asks, by identity, that one person suffice for an erasure again; of these settings, and of no later ones. */
  readonly oneSuffices?: { readonly askedBy: string; readonly version: number }
}

/** The file is there and cannot be believed. */
export class PrivacyFileDamaged extends ExplainedError {}

const FORMAT = 1

const file = z.strictObject({
  format: z.literal(FORMAT),
  settings: settingsSchema,
  past: z.array(settingsSchema.pick({ mode: true, systems: true }).extend({ until: z.int().nonnegative() })),
  oneSuffices: z.strictObject({ askedBy: z.string(), version: z.int().positive() }).optional(),
})

export const NEW_PRIVACY: PrivacyContent = { settings: DEFAULT_PRIVACY, past: [] }

const directoryOf = (data: string): string => `${data}/keyring/privacy`
const pathOf = (data: string, ledger: string): string => `${directoryOf(data)}/${ledger}.json`

function textOf(content: PrivacyContent): string {
  return `${canonicalJson({ format: FORMAT, ...content } as unknown as JsonValue)}\n`
}

/** SHA-256 of the file as it is written, in hex: what records of changes name it by. */
export function digestOf(content: PrivacyContent): string {
  return createHash('sha256').update(textOf(content)).digest('hex')
}

/** What the file says; what a new ledger begins with when there is none. @throws PrivacyFileDamaged */
export async function readPrivacyFile(disk: Disk, data: string, ledger: string): Promise<PrivacyContent> {
  const bytes = await disk.read(pathOf(data, ledger))
  if (!bytes) return NEW_PRIVACY
  try {
    const { settings, past, oneSuffices } = file.parse(JSON.parse(fromUtf8(bytes)))
    return {
      settings: settingsOf(settings),
      past: past.map(({ until, ...rules }) => ({
        until,
        mode: rules.mode,
        systems: settingsOf({ ...settings, ...rules }).systems,
      })),
      ...(oneSuffices && { oneSuffices }),
    }
  } catch {
    throw new PrivacyFileDamaged(
      `${pathOf(data, ledger)} is damaged: what of a record may be kept and searched cannot be told by it`,
    )
  }
}

export async function writePrivacyFile(
  disk: Disk,
  data: string,
  ledger: string,
  content: PrivacyContent,
): Promise<void> {
  await disk.makeDirectory(directoryOf(data), 0o700)
  await disk.writeDurably(pathOf(data, ledger), utf8(textOf(content)), 0o600)
}
