/** Who a ledger is: its origin and its keys, minted once and kept in `format.json`. */
import { canonicalJson, FormatError, fromUtf8, readJson, toHex, utf8 } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'

export const FORMAT_VERSION = 1

/** One verification key of a ledger and the sizes of the ledger it speaks for, `from..` or `from..to`. */
export interface LedgerKey {
  vkey: string
  use: 'checkpoint' | 'promise'
  sizes: string
}

export interface LedgerIdentity {
  origin: string
  keys: LedgerKey[]
}

/** The contents of `format.json`. */
export interface DirectoryFormat {
  format: number
  ledgers: Record<string, LedgerIdentity>
}

/** Where checkpoint keys changed: a key that counts from a size on came with the entry in front of it. */
export function keyChangesOf(identity: LedgerIdentity | undefined): number[] {
  const begins = (identity?.keys ?? []).flatMap(({ use, sizes }) =>
    use === 'checkpoint' ? [Number.parseInt(sizes, 10)] : [],
  )
  return begins.filter((size) => size > 0).map((size) => size - 1)
}

/** A new origin, `deponent.invalid/<8 random hex>/<ledger>`: never derived from a host or a port. */
export function mintOrigin(random: Random, ledger: string): string {
  return `deponent.invalid/${toHex(random.bytes(4))}/${ledger}`
}

/** The key that signs now: the one of this use whose sizes have no end. */
export function currentKey({ keys }: LedgerIdentity, use: LedgerKey['use']): string | undefined {
  return keys.findLast((key) => key.use === use && key.sizes.endsWith('..'))?.vkey
}

/** Who a ledger of the directory is; undefined when there is none of this name, which may be one that every object has. */
export function identityOf({ ledgers }: DirectoryFormat, ledger: string): LedgerIdentity | undefined {
  return Object.hasOwn(ledgers, ledger) ? ledgers[ledger] : undefined
}

/** Whether a ledger is kept on; one that was succeeded has no key that signs now. */
export function isKeptOn(identity: LedgerIdentity): boolean {
  return currentKey(identity, 'checkpoint') !== undefined
}

function isLedgerKey(value: unknown): value is LedgerKey {
  if (typeof value !== 'object' || value === null) return false
  const { vkey, use, sizes } = value as Partial<LedgerKey>
  return typeof vkey === 'string' && (use === 'checkpoint' || use === 'promise') && typeof sizes === 'string'
}

function isIdentity(value: unknown): value is LedgerIdentity {
  if (typeof value !== 'object' || value === null) return false
  const { origin, keys } = value as Partial<LedgerIdentity>
  return typeof origin === 'string' && Array.isArray(keys) && keys.every(isLedgerKey)
}

/** The draft that came before version 1: nothing reads it any more. */
const DRAFT_VERSION = 0

/**
 * Reads `format.json`; undefined when absent, FormatError `format_unknown` when newer, `format_draft` when of the draft, `format_damaged`
 * when malformed.
 */
export async function readDirectoryFormat(
  disk: Disk,
  directory: string,
): Promise<DirectoryFormat | undefined> {
  const bytes = await disk.read(`${directory}/format.json`)
  if (!bytes) return undefined
  const { value } = readJson(fromUtf8(bytes))
  const { format, ledgers } = (value ?? {}) as Partial<DirectoryFormat>
  if (typeof format === 'number' && format > FORMAT_VERSION) {
    throw new FormatError(
      'format_unknown',
      `the directory is of format ${format}; this release knows formats up to ${FORMAT_VERSION}`,
    )
  }
  if (format === DRAFT_VERSION)
    throw new FormatError('format_draft', 'the directory is of the draft format 0, which no release reads')
  if (format !== FORMAT_VERSION || typeof ledgers !== 'object' || !Object.values(ledgers).every(isIdentity)) {
    throw new FormatError('format_damaged', 'it does not describe a directory of this product')
  }
  return { format, ledgers }
}

export async function writeDirectoryFormat(
  disk: Disk,
  directory: string,
  format: DirectoryFormat,
): Promise<void> {
  await disk.writeDurably(
    `${directory}/format.json`,
    utf8(`${canonicalJson(structuredClone(format) as never)}\n`),
  )
}
