/**
 * What is sealed, opened with the keys that are there: payloads in the vault and in the write-ahead log, learned dictionaries, and the
 * keyring itself, which names people by pseudonyms.
 */
import { decodeEntry, equalBytes, type Entry, FormatError, toHex } from '@deponent/format'
import { FRAME_ALIGNMENT, ledgerIdOf } from '../ledger/wal-frame.ts'
import { frameAt, parseWalFileName } from '../ledger/wal-file.ts'
import { StoredLedger } from '../ledger/stored-ledger.ts'
import type { Disk, DiskFile } from '../platform/disk.ts'
import { decodeAttachment } from '../recording/attachment.ts'
import { parseVaultKey, prefixOf, type VaultRun } from '../offsite/object-keys.ts'
import { wholeSegment } from '../offsite/whole-segment.ts'
import { type ObjectStore, StoreFailure } from '../platform/object-store.ts'
import { readDictionaries, type SystemDictionary } from '../vault/dictionaries.ts'
import { isDestroyed, type KeyPair } from '../vault/key-frames.ts'
import { readMasterKey } from '../vault/master-key.ts'
import { deriveKey } from '../vault/root-key.ts'
import { RootKeyMissing, type RootSource } from '../vault/root-source.ts'
import { ScopeNames } from '../vault/scope.ts'
import { frameHead, open } from '../vault/seal.ts'
import { readSealedNotes } from '../vault/sealed-journal.ts'
import { Segments } from '../vault/segments.ts'
import { readPages } from '../vault/stored-keyring.ts'
import { OFFSITE } from './copied-objects.ts'
import { unlessGone } from './files.ts'
import type { ResidueTally } from './report.ts'
import type { Seeker } from './seeker.ts'

const ENTRIES_AT_ONCE = 1_024
const SCOPE_BYTES = 16

export interface LedgerPlace {
  readonly disk: Disk
  /** The data directory. */
  readonly directory: string
  readonly ledger: string
  readonly origin: string
  readonly signerDirectory?: string
  /** The store that the ledger is copied to. */
  readonly copy?: ObjectStore
}

export const SIGNER_STATE = 'signer state'

/** The secret that everything of the directory is sealed under; undefined when its root key is not here. */
export async function masterOf(
  disk: Disk,
  directory: string,
  root: RootSource,
): Promise<Uint8Array | undefined> {
  try {
    return (await readMasterKey(disk, `${directory}/keyring`, root))?.key
  } catch (error) {
    if (error instanceof RootKeyMissing) return undefined
    throw error
  }
}

/** The scope of a person in one ledger: the first half of the keyed pseudonym. */
export function scopeOf(master: Uint8Array, ledger: string, subject: string): Uint8Array {
  const names = new ScopeNames(deriveKey(master, `deponent/subject/v1/${ledger}`))
  return names.subject(subject).slice(0, SCOPE_BYTES)
}

/** Looks into everything sealed of one ledger; without a root key nothing of it opens. */
export class SealedStores {
  readonly #place: LedgerPlace
  readonly #master: Uint8Array | undefined
  readonly #scopes: readonly Uint8Array[]
  readonly #seeker: Seeker
  readonly #tally: ResidueTally
  readonly #ledgerId: Uint8Array
  #pairs: readonly KeyPair[] = []
  #dictionaries: readonly SystemDictionary[] = []

  constructor(
    place: LedgerPlace,
    master: Uint8Array | undefined,
    scopes: readonly Uint8Array[],
    seeker: Seeker,
    tally: ResidueTally,
  ) {
    this.#place = place
    this.#master = master
    this.#scopes = scopes
    this.#seeker = seeker
    this.#tally = tally
    this.#ledgerId = ledgerIdOf(place.origin)
  }

  async search(): Promise<void> {
    const { ledger } = this.#place
    await this.#orSay(`keyring of ledger ${ledger}`, () => this.#searchKeyring())
    await this.#orSay(`dictionaries of ledger ${ledger}`, () => this.#searchDictionaries())
    await this.#orSay(`register of erasures of ledger ${ledger}`, () => this.#searchRegister())
    await this.#orSay(`spans of ledger ${ledger} that wait`, () => this.#searchWaiting())
    await this.#orSay(`vault of ledger ${ledger}`, () => this.#searchVault())
    await this.#orSay(`write-ahead log of ledger ${ledger}`, () => this.#searchLog())
    const { copy } = this.#place
    if (copy) await this.#orSay(`offsite copy of ledger ${ledger}`, () => this.#searchCopy(copy))
  }

  /** What is damaged cannot be searched, and that is said; `deponent verify` says what is damaged. */
  async #orSay(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await unlessGone(work)
    } catch (error) {
      if (!(error instanceof FormatError) && !(error instanceof StoreFailure)) throw error
      this.#tally.notLookedAt(`${what}: ${error.code}`)
    }
  }

  async #searchKeyring(): Promise<void> {
    const { disk, directory, ledger } = this.#place
    const where = `keyring of ledger ${ledger}`
    if (!this.#master) return this.#tally.notLookedAt(`${where}: no root key`)
    const pages = await readPages(
      { disk, directory: `${directory}/keyring`, ledger, ledgerId: this.#ledgerId },
      this.#master,
    )
    for (const _ of pages) this.#tally.opened('keyring')
    this.#pairs = pages.flatMap(({ pairs }) => pairs)
    const isHeld = this.#pairs.some(
      (pair) => !isDestroyed(pair) && this.#scopes.some((scope) => equalBytes(scope, pair.scope)),
    )
    if (isHeld) this.#tally.found('keyring', [{ where, what: 'a key of the subject' }])
  }

  /** An erasure under way names whom it is about; a completed one does not. */
  async #searchRegister(): Promise<void> {
    const { disk, directory, ledger, signerDirectory } = this.#place
    if (!this.#master) return
    const key = deriveKey(this.#master, `deponent/erasures/v1/${toHex(this.#ledgerId)}`)
    const within = `keyring/${ledger}.erasures`
    const outside = `${toHex(this.#ledgerId)}.erasures`
    const files = [{ store: 'keyring', where: within, path: `${directory}/${within}` }]
    if (signerDirectory !== undefined)
      files.push({ store: SIGNER_STATE, where: outside, path: `${signerDirectory}/${outside}` })
    for (const { store, where, path } of files) {
      for (const note of await readSealedNotes({ disk, path, key })) {
        this.#tally.opened(store)
        this.#tally.found(
          store,
          this.#seeker.inText(note).map((what) => ({ where, what })),
        )
      }
    }
  }

  /** Spans whose trace is not recorded yet. */
  async #searchWaiting(): Promise<void> {
    const { disk, directory, ledger } = this.#place
    if (!this.#master) return
    const key = deriveKey(this.#master, `deponent/waiting-spans/v1/${ledger}`)
    const where = `state/${ledger}.spans`
    for (const note of await readSealedNotes({ disk, path: `${directory}/${where}`, key })) {
      this.#tally.opened('state store')
      this.#tally.found(
        'state store',
        this.#seeker.inText(note).map((what) => ({ where, what })),
      )
    }
  }

  async #searchDictionaries(): Promise<void> {
    const { disk, directory, ledger } = this.#place
    if (!this.#master) return
    const place = { disk, directory: `${directory}/vault/${ledger}`, ledgerId: this.#ledgerId, ledger }
    this.#dictionaries = await readDictionaries({ ...place, master: this.#master })
    for (const { number, system, bytes } of this.#dictionaries) {
      this.#tally.opened('vault')
      const found = [...this.#seeker.in(bytes), ...this.#seeker.inText(system)]
      const where = `vault/${ledger}, dictionary ${number}`
      this.#tally.found(
        'vault',
        found.map((what) => ({ where, what })),
      )
    }
  }

  async #searchVault(): Promise<void> {
    const { disk, directory, ledger } = this.#place
    const path = `${directory}/vault/${ledger}`
    const segments = await Segments.open(disk, path, this.#ledgerId, () => undefined)
    const entries = new StoredLedger(disk, `${directory}/ledgers/${ledger}`, this.#ledgerId)
    for (let from = 0; from < segments.durable(); from += ENTRIES_AT_ONCE) {
      const to = Math.min(from + ENTRIES_AT_ONCE, segments.durable())
      const frames = await segments.range(from, to)
      let index = from
      for await (const piece of entries.readBack(from, to)) {
        for (const entry of piece) {
          const frame = frames[index - from]
          if (frame) this.#searchPayload('vault', `vault/${ledger}`, index, decodeEntry(entry), frame)
          index += 1
        }
      }
    }
  }

  /** Segments and pieces of the log in the copy, in every version; what is over entries that are not here is not opened. */
  async #searchCopy(store: ObjectStore): Promise<void> {
    const { ledger, origin } = this.#place
    const prefix = prefixOf(ledger, origin)
    for await (const { key, version, isRemoval } of store.listVersions(`${prefix}vault/`)) {
      const run = parseVaultKey(key.slice(prefix.length))
      const bytes = isRemoval || !run ? undefined : await store.get(key, { version })
      if (!run || !bytes) continue
      try {
        await this.#searchRun(run, bytes, `${OFFSITE}, ${key}`)
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        this.#tally.closed(OFFSITE)
      }
    }
  }

  async #searchRun({ first, end, part }: VaultRun, bytes: Uint8Array, where: string): Promise<void> {
    const { disk, directory, ledger } = this.#place
    const { frames } = wholeSegment(this.#ledgerId, first, bytes)
    const entries = new StoredLedger(disk, `${directory}/ledgers/${ledger}`, this.#ledgerId)
    let index = first
    for await (const piece of entries.readBack(first, end)) {
      for (const entry of piece) {
        const found = frames[index - first]
        const frame = found && (part === 'seg' ? found : decodeAttachment(found).frame)
        if (frame) this.#searchPayload(OFFSITE, where, index, decodeEntry(entry), frame)
        index += 1
      }
    }
    for (; index < end; index += 1) this.#tally.closed(OFFSITE)
  }

  /** Every frame in every file of the log, those of generations that are over too. */
  async #searchLog(): Promise<void> {
    const { disk, directory, ledger } = this.#place
    const path = `${directory}/ledgers/${ledger}/wal`
    for (const name of await disk.list(path)) {
      if (!parseWalFileName(name.replace(/\.tmp$/, ''))) continue
      await unlessGone(async () => {
        const file = await disk.open(`${path}/${name}`, 'read')
        try {
          await this.#searchLogFile(file, `ledgers/${ledger}/wal/${name}`)
        } finally {
          await file.close()
        }
      })
    }
  }

  async #searchLogFile(file: DiskFile, where: string): Promise<void> {
    const size = await file.size()
    for (let at = 0; at < size;) {
      const found = await frameAt(file, at, this.#ledgerId)
      at += found?.location.paddedBytes ?? FRAME_ALIGNMENT
      if (!found) continue
      const { first, entries, attachments } = found.content
      for (const [i, entry] of entries.entries()) {
        const { frame } = decodeAttachment(attachments[i]!)
        this.#searchPayload('write-ahead log', where, first + i, decodeEntry(entry), frame)
      }
    }
  }

  #searchPayload(store: string, where: string, index: number, entry: Entry, frame: Uint8Array): void {
    const { isErased, isPublic, keyNumbers } = frameHead(frame)
    if (isErased) return
    if (!this.#master && !isPublic) return this.#tally.closed(store)
    const missing = keyNumbers.filter((number) => this.#pairs[number] && isDestroyed(this.#pairs[number]))
    if (missing.length > 0)
      return this.#tally.found(store, [{ where, index, what: 'a sealed payload whose key is destroyed' }])
    const text = this.#textOf(entry, frame)
    if (text === undefined) return this.#tally.closed(store)
    this.#tally.opened(store)
    this.#tally.found(
      store,
      this.#seeker.inText(text).map((what) => ({ where, index, what })),
    )
  }

  #textOf(entry: Entry, frame: Uint8Array): string | undefined {
    try {
      const opened = open(
        entry,
        frame,
        (number) => this.#pairs[number]?.key,
        (number) => this.#dictionaries[number]?.bytes,
      )
      return opened?.text
    } catch (error) {
      if (error instanceof FormatError) return undefined
      throw error
    }
  }
}
