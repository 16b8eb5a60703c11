/**
 * Looks for what is left of a person, or of any text, in everything that a server keeps: byte by byte in every file, and inside what is
 * compressed or sealed. It reads what lies there and asks nothing that runs, so that it can find what they have forgotten.
 */
import { fromHex } from '@deponent/format'
import { readDirectoryFormat } from '../ledger/identity.ts'
import type { Disk } from '../platform/disk.ts'
import type { ObjectStore } from '../platform/object-store.ts'
import { deriveKey, INDEX_KEY } from '../vault/root-key.ts'
import { rootBeside, type RootSource } from '../vault/root-source.ts'
import { searchServer } from './clickhouse.ts'
import { searchCopy } from './copied-objects.ts'
import { type FilesToSearch, LEDGER_TILES, searchFiles } from './files.ts'
import { type ResidueReport, ResidueTally } from './report.ts'
import { masterOf, scopeOf, SealedStores, SIGNER_STATE } from './sealed-stores.ts'
import { Seeker, type Sought } from './seeker.ts'
import { searchTiers } from './tier-objects.ts'
import { SOUGHT_BYTES_MIN, type Spelling, spellingsOf, spellingsOfBytes } from './spellings.ts'

export interface ResidueSearch {
  readonly disk: Disk
  /** The data directory. */
  readonly directory: string
  /** Where signers keep their state; looked at when it is there. */
  readonly signerDirectory?: string
  /** A subject id, or its handle of 32 hexadecimal digits. */
  readonly subject: string
  /** Further texts to look for, SOUGHT_BYTES_MIN bytes or more each. */
  readonly values: readonly string[]
  /** A ClickHouse server that holds the index. */
  readonly clickhouseUrl?: string
  /** Where months of the index lie. */
  readonly warm?: ObjectStore
  /** The store that ledgers are copied to. */
  readonly copy?: ObjectStore
  /** Where the root key is: beside the keyring when absent. */
  readonly root?: RootSource
}

const HANDLE = /^[0-9a-f]{32}$/

/** A text is too short to be looked for: as bytes it is found everywhere. */
export class TooShort extends Error {
  constructor() {
    super(`a text to look for must be ${SOUGHT_BYTES_MIN} bytes of UTF-8 or more`)
  }
}

/** Searches everything. @throws TooShort · FormatError when the directory is of a format this release does not know */
export async function searchResidue(search: ResidueSearch): Promise<ResidueReport> {
  const { copy, disk, directory, subject, values, signerDirectory, clickhouseUrl, root } = search
  if (values.some((value) => Buffer.byteLength(value) < SOUGHT_BYTES_MIN)) throw new TooShort()
  const tally = new ResidueTally()
  const { ledgers = {} } = (await readDirectoryFormat(disk, directory)) ?? {}
  const master = await masterOf(disk, directory, root ?? rootBeside(`${directory}/keyring`))
  const scopes = scopesOf(subject, Object.keys(ledgers), master)
  const sought = soughtOf(subject, scopes, values)
  const seeker = new Seeker(sought)
  if (!master && !HANDLE.test(subject)) tally.notLookedAt('the handle of the subject: no root key')
  if (Buffer.byteLength(subject) < SOUGHT_BYTES_MIN)
    tally.notLookedAt('the subject id itself: too short to be told from chance')
  await searchFiles(dataFiles(disk, directory, master), seeker, tally)
  if (signerDirectory !== undefined) {
    const name = SIGNER_STATE
    await searchFiles({ disk, directory: signerDirectory, name, storeOf: () => name }, seeker, tally)
  }
  if (copy) await searchCopy(copy, seeker, tally)
  for (const [ledger, { origin }] of Object.entries(ledgers)) {
    const place = {
      disk,
      directory,
      ledger,
      origin,
      ...(signerDirectory !== undefined && { signerDirectory }),
      ...(copy && { copy }),
    }
    await new SealedStores(place, master, scopes, seeker, tally).search()
  }
  if (search.warm) await searchTiers(search.warm, seeker, tally)
  else if (await hasMonths(disk, directory))
    tally.notLookedAt('months of the index that lie in a store of objects: name it with --warm ADDRESS')
  if (clickhouseUrl !== undefined)
    await searchServer(clickhouseUrl, Object.keys(ledgers).filter(isIndexed), sought, tally)
  return tally.report()
}

/** Whether a server moved months here, or was set to. */
async function hasMonths(disk: Disk, directory: string): Promise<boolean> {
  return (await disk.list(`${directory}/index-scratch`)).length > 0
}

/** Ledgers that were succeeded have names with a dot, and no index. */
function isIndexed(ledger: string): boolean {
  return !ledger.includes('.')
}

function scopesOf(subject: string, ledgers: readonly string[], master: Uint8Array | undefined): Uint8Array[] {
  const given = HANDLE.test(subject) ? [fromHex(subject)] : []
  return master ? [...given, ...ledgers.map((ledger) => scopeOf(master, ledger, subject))] : given
}

function soughtOf(subject: string, scopes: readonly Uint8Array[], values: readonly string[]): Sought[] {
  const handles: Spelling[] = scopes.flatMap((scope) => spellingsOfBytes('handle', scope))
  return [
    { name: 'the subject', spellings: [...(HANDLE.test(subject) ? [] : spellingsOf(subject)), ...handles] },
    ...values.map((value, i) => ({ name: `value ${i + 1}`, spellings: spellingsOf(value) })),
  ]
}

function dataFiles(disk: Disk, directory: string, master: Uint8Array | undefined): FilesToSearch {
  const indexKey = master && deriveKey(master, INDEX_KEY)
  return { disk, directory, name: '.', storeOf, ...(indexKey && { indexKey }) }
}

const STORES: readonly (readonly [RegExp, string])[] = [
  [/^ledgers\/[^/]+\/tile\/entries\//, LEDGER_TILES],
  [/^ledgers\/[^/]+\/tile\//, 'hash tiles'],
  [/^ledgers\/[^/]+\/wal\//, 'write-ahead log'],
  [/^ledgers\//, 'ledger'],
  [/^vault\//, 'vault'],
  [/^keyring\//, 'keyring'],
  [/^state\//, 'state store'],
  [/^index\//, 'index'],
  [/^index-scratch\//, 'files of the index under way'],
]

function storeOf(path: string): string {
  return STORES.find(([pattern]) => pattern.test(path))?.[1] ?? 'directory'
}
