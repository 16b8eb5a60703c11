/**
 * What decides who may do what on one ledger, as it lies in DIR/keyring/access/<ledger>.json: identities with the digests of their
 * keys, the policy, and whether the ledger is archived. Like every key, it belongs to the keyring and is backed up with it.
 */
import { createHash } from 'node:crypto'
import { canonicalJson, fromUtf8, type JsonValue, utf8 } from '@deponent/format'
import { z } from 'zod'
import type { Disk } from '../platform/disk.ts'
import { DEFAULT_POLICY } from './default-policy.ts'
import type { Identity } from './identity.ts'
import { policySchema } from './policy-reading.ts'
import type { Policy } from './policy.ts'
import { ROLES } from './role.ts'
import { ExplainedError } from '../platform/explained-error.ts'

export interface AccessContent {
  readonly identities: readonly Identity[]
  readonly policy: Policy
  /** When the ledger was archived, ms since the epoch; null while it is open. */
  readonly archivedAt: number | null
}

/** The file is there and cannot be believed. */
export class AccessFileDamaged extends ExplainedError {}

const FORMAT = 1

const moment = z.int().nonnegative()
const span = z.strictObject({ from: moment.optional(), to: moment.optional() })
const identity = z.strictObject({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  systems: z.array(z.string()).nullable(),
  period: span,
  purposes: z.array(z.string()).nullable(),
  emitter: z.string().optional(),
  subject: z.string().optional(),
  madeAt: z.int().nonnegative().optional(),
  createdAt: moment,
  revokedAt: moment.nullable(),
  keys: z.array(
    z.strictObject({
      id: z.string(),
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      createdAt: moment,
      expiresAt: moment.nullable(),
      revokedAt: moment.nullable(),
    }),
  ),
})
const file = z.strictObject({
  format: z.literal(FORMAT),
  identities: z.array(identity),
  policy: policySchema,
  archivedAt: moment.nullable(),
})

export const NEW_LEDGER: AccessContent = { identities: [], policy: DEFAULT_POLICY, archivedAt: null }

const directoryOf = (data: string): string => `${data}/keyring/access`
const pathOf = (data: string, ledger: string): string => `${directoryOf(data)}/${ledger}.json`

function textOf(content: AccessContent): string {
  return `${canonicalJson({ format: FORMAT, ...content } as unknown as JsonValue)}\n`
}

/** SHA-256 of the file as it is written, in hex: what records of changes name it by. */
export function digestOf(content: AccessContent): string {
  return createHash('sha256').update(textOf(content)).digest('hex')
}

/** What the file says; what a new ledger begins with when there is none. @throws AccessFileDamaged */
export async function readAccessFile(disk: Disk, data: string, ledger: string): Promise<AccessContent> {
  const bytes = await disk.read(pathOf(data, ledger))
  if (!bytes) return NEW_LEDGER
  try {
    const { format: _, ...content } = file.parse(JSON.parse(fromUtf8(bytes)))
    return content
  } catch {
    throw new AccessFileDamaged(`${pathOf(data, ledger)} is damaged: nobody can be told apart by it`)
  }
}

export async function writeAccessFile(
  disk: Disk,
  data: string,
  ledger: string,
  content: AccessContent,
): Promise<void> {
  await disk.makeDirectory(directoryOf(data), 0o700)
  await disk.writeDurably(pathOf(data, ledger), utf8(textOf(content)), 0o600)
}
