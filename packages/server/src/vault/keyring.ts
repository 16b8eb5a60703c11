/**
 * The keys of subjects (and of system-months, for records about nobody), by number, in pages (`key-frames.ts`, `page-keys.ts`).
 *
 * Invariants:
 * - a key is durable before any frame of the ledger uses it: callers await `flush` between `numberOf` and `append`;
 * - a frame is durable before the next is written, and all of them before `begin` resolves: a read proves nothing;
 * - `open` writes nothing: whoever knows which keys are in use says whether the keyring may go on (`Vault.keysMissing`);
 * - keys are appended to the last page only; a page is written again only by `destroy`, as a whole and under a new page key;
 * - one write at a time; after a failed one nothing is written any more.
 */
import type { Disk, DiskFile } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { isDestroyed, KEY_BYTES, type KeyPair, SCOPE_BYTES, sealKeyFrame } from './key-frames.ts'
import { KeyTable } from './key-table.ts'
import { OneWriter } from './one-writer.ts'
import { type PageKeys, writePageKeys } from './page-keys.ts'
import {
  type KeyringPlace,
  pageFileName,
  pageKeyPlace,
  readPages,
  type StoredPage,
} from './stored-keyring.ts'

/** A page with so many keys takes no more: some 3 MiB, written again when one of its keys is destroyed. */
const PAGE_KEYS_MAX = 65_536

export interface KeyringOptions extends KeyringPlace {
  random: Random
  /** 32 bytes that the wrapping key is derived from. */
  root: Uint8Array
  /** Keys of a page, PAGE_KEYS_MAX when absent. */
  pageKeysMax?: number
}

const mapKey = (scope: Uint8Array): string =>
  Buffer.from(scope.buffer, scope.byteOffset, SCOPE_BYTES).toString('latin1')

interface Page {
  readonly first: number
  keys: PageKeys
}

export class Keyring {
  readonly #options: KeyringOptions
  /** What was read, until it is begun with. */
  #stored: readonly StoredPage[]
  readonly #pages: Page[]
  readonly #table = new KeyTable()
  /** Numbers of living keys of a scope but for the one that is given out, where it has any. */
  readonly #others = new Map<string, number[]>()
  /** Numbers of keys that seal nothing new any more. */
  readonly #closed = new Set<number>()
  /** The file of the last page. */
  #file: DiskFile | undefined
  #end = 0
  #unwritten: KeyPair[] = []
  #flushing: Promise<void> | undefined
  readonly #writer = new OneWriter()

  private constructor(options: KeyringOptions, stored: readonly StoredPage[]) {
    this.#options = options
    this.#stored = stored
    this.#pages = stored.map(({ first, keys }) => ({ first, keys }))
    for (const { pairs } of stored) for (const pair of pairs) this.#remember(pair)
  }

  /** Reads a keyring, which may be missing; FormatError `keyring_damaged` unless every key can be read. */
  static async open(options: KeyringOptions): Promise<Keyring> {
    return new Keyring(options, await readPages(options, options.root))
  }

  /**
   * Makes the keyring ready for new keys, creating it when there is none: what was read becomes durable, a torn last frame is cut
   * off, and a page that was being written again is settled. Only for a keyring known to hold every key that was ever used: a last
   * frame damaged at rest looks torn too.
   */
  async begin(): Promise<void> {
    if (this.#stored.length === 0) await this.#addPage()
    else await this.#goOn(this.#stored.at(-1)!)
    // Their pairs are held in the table by now.
    this.#stored = []
  }

  /** Goes on behind what the last page holds. */
  async #goOn(last: StoredPage): Promise<void> {
    const path = this.#pathOf(this.#stored.length - 1)
    if (!last.exists) await this.#disk.writeDurably(path, new Uint8Array(0), 0o600)
    if (last.isTorn) await this.#disk.truncate(path, last.end)
    this.#file = await this.#disk.open(path, 'write')
    this.#end = last.end
    try {
      await this.#settle(last)
    } catch (error) {
      await this.#file.close()
      this.#file = undefined
      throw error
    }
  }

  /** How many keys were ever given out, destroyed ones included. */
  get size(): number {
    return this.#table.size
  }

  /** The number of the scope's key, minting one when it has none. Await `flush` before relying on it. */
  numberOf(scope: Uint8Array): number {
    const known = this.existing(scope)
    if (known !== undefined) return known
    if (!this.#file) throw new Error('the keyring was not opened for writing')
    const pair = { scope: scope.slice(0, SCOPE_BYTES), key: this.#options.random.bytes(KEY_BYTES) }
    this.#unwritten.push(pair)
    return this.#remember(pair)
  }

  /** The number of the scope's key if it has one. */
  existing(scope: Uint8Array): number | undefined {
    return this.#table.current(scope)
  }

  /** The key with this number, or undefined when it does not exist (any more). */
  key(number: number): Uint8Array | undefined {
    const pair = this.#table.pair(number)
    return pair && !isDestroyed(pair) ? pair.key : undefined
  }

  /** The scope of the key with this number, 16 bytes; undefined when it does not exist (any more). */
  scopeOf(number: number): Uint8Array | undefined {
    const pair = this.#table.pair(number)
    return pair && !isDestroyed(pair) ? pair.scope.slice() : undefined
  }

  /** Numbers of all keys of the scope that are not destroyed, ascending. */
  numbersOf(scope: Uint8Array): number[] {
    const current = this.existing(scope)
    const others = this.#others.get(mapKey(scope)) ?? []
    return [...others, ...(current === undefined ? [] : [current])].toSorted((a, b) => a - b)
  }

  /** Whether the key with this number may seal something new. */
  isOpen(number: number): boolean {
    return !this.#closed.has(number) && this.key(number) !== undefined
  }

  /** From here on the scopes of these keys are given new ones. What is about something sealed with the old ones still is sealed with them. */
  release(numbers: readonly number[]): void {
    for (const number of numbers) {
      const pair = this.#table.pair(number)
      if (!pair || isDestroyed(pair) || this.existing(pair.scope) !== number) continue
      this.#table.dropCurrent(pair.scope)
      this.#setAside(pair, number)
    }
  }

  /** From here on these keys seal nothing new; they still open what they sealed. */
  closeKeys(numbers: readonly number[]): void {
    this.release(numbers)
    for (const number of numbers) this.#closed.add(number)
  }

  /** These keys seal again what is about something they sealed; their scopes keep the new ones. */
  reopenKeys(numbers: readonly number[]): void {
    for (const number of numbers) this.#closed.delete(number)
  }

  /** Makes every key minted so far durable, and says no before `begin`. After a failure the keyring stays refused. */
  async flush(): Promise<void> {
    if (!this.#file) throw new Error('the keyring was not opened for writing')
    while (this.#unwritten.length > 0 || this.#flushing) {
      if (this.#writer.failure) throw this.#writer.failure
      this.#flushing ??= this.#writer
        .run(() => this.#write())
        .finally(() => {
          this.#flushing = undefined
        })
      await this.#flushing
    }
    if (this.#writer.failure) throw this.#writer.failure
  }

  /**
   * Destroys keys: when this resolves their pages are written again without them, under new page keys, and the page keys from
   * before are gone. Crash on the way: the pages are as before or without them, and the next `begin` settles which. Repeating it is safe.
   */
  async destroy(numbers: readonly number[]): Promise<void> {
    await this.flush()
    await this.#writer.run(() => this.#destroy(numbers))
  }

  async close(): Promise<void> {
    await this.#flushing?.catch(() => undefined)
    await this.#writer.settled()
    await this.#file?.close()
  }

  get #disk(): Disk {
    return this.#options.disk
  }

  #pathOf(page: number): string {
    return `${this.#options.directory}/${pageFileName(this.#options.ledger, page)}`
  }

  /**
   * Makes durable what was read: the life before may have ended, or its sync failed, with the last frame in the system's memory
   * only. Those before it are durable, as each was before the next was written. The last is written again because a sync that
   * failed once has nothing left to write. Then the page keys say what the pages are sealed under.
   */
  async #settle({ last, end }: StoredPage): Promise<void> {
    if (last) await this.#file!.write(last, end - last.length)
    await this.#file!.datasync()
    const changed = this.#stored.flatMap(({ keys }, page) => (keys.next ? [page] : []))
    for (const page of changed) await this.#disk.sync(this.#pathOf(page))
    await this.#disk.syncDirectory(this.#options.directory)
    if (changed.length === 0) return
    for (const page of changed) {
      const { keys, isRewritten } = this.#stored[page]!
      this.#pages[page]!.keys = { key: isRewritten ? keys.next! : keys.key }
    }
    await this.#writePageKeys()
  }

  async #write(): Promise<void> {
    const pairs = this.#unwritten
    this.#unwritten = []
    const first = this.#table.size - pairs.length
    // Taken together with `first`: what is minted from here on is written by the next.
    const page = this.#pages.at(-1)!
    if (first - page.first >= (this.#options.pageKeysMax ?? PAGE_KEYS_MAX)) await this.#addPage(first)
    const frame = sealKeyFrame(this.#pages.at(-1)!.keys.key, this.#options.random.bytes(12), first, pairs)
    await this.#file!.write(frame, this.#end)
    await this.#file!.datasync()
    this.#end += frame.length
    for (const { key } of pairs) key.fill(0)
  }

  /** Begins a page: first its key, then its file. Crash between the two: it is the last, and made at the next start. */
  async #addPage(first = 0): Promise<void> {
    const page: Page = { first, keys: { key: this.#options.random.bytes(KEY_BYTES) } }
    this.#pages.push(page)
    await this.#writePageKeys()
    const path = this.#pathOf(this.#pages.length - 1)
    await this.#disk.writeDurably(path, new Uint8Array(0), 0o600)
    await this.#file?.close()
    this.#file = await this.#disk.open(path, 'write')
    this.#end = 0
  }

  async #destroy(numbers: readonly number[]): Promise<void> {
    const living = numbers.filter((number) => this.key(number) !== undefined)
    const touched = new Set(living.map((number) => this.#pageOf(number)))
    if (touched.size === 0) return
    const newKeys = new Map([...touched].map((page) => [page, this.#options.random.bytes(KEY_BYTES)]))
    for (const [page, next] of newKeys) this.#pages[page]!.keys = { key: this.#pages[page]!.keys.key, next }
    await this.#writePageKeys()
    // Crash here: every page opens with the key it had.
    for (const number of living) this.#forget(number)
    for (const [page, key] of newKeys) await this.#rewrite(page, key)
    // Crash here: each page opens with one key or the other.
    for (const [page, key] of newKeys) this.#pages[page]!.keys = { key }
    await this.#writePageKeys()
  }

  /** Writes a page again as one frame. */
  async #rewrite(page: number, key: Uint8Array): Promise<void> {
    const { first } = this.#pages[page]!
    const isLast = page === this.#pages.length - 1
    // Keys minted since are not written yet: they go behind it.
    const end = isLast ? this.#table.size - this.#unwritten.length : this.#pages[page + 1]!.first
    const pairs = Array.from({ length: end - first }, (_, i) => this.#table.pair(first + i)!)
    const frame = sealKeyFrame(key, this.#options.random.bytes(12), first, pairs)
    await this.#disk.writeDurably(this.#pathOf(page), frame, 0o600)
    if (!isLast) return
    await this.#file!.close()
    this.#file = await this.#disk.open(this.#pathOf(page), 'write')
    this.#end = frame.length
  }

  #forget(number: number): void {
    const name = mapKey(this.#table.pair(number)!.scope)
    this.release([number])
    const others = this.#others.get(name)?.filter((other) => other !== number) ?? []
    if (others.length > 0) this.#others.set(name, others)
    else this.#others.delete(name)
    this.#table.erase(number)
  }

  #pageOf(number: number): number {
    return this.#pages.findLastIndex(({ first }) => first <= number)
  }

  #writePageKeys(): Promise<void> {
    const { random, root } = this.#options
    const place = pageKeyPlace(this.#options, root)
    return writePageKeys(
      place,
      random.bytes(12),
      this.#pages.map(({ keys }) => keys),
    )
  }

  #remember(pair: KeyPair): number {
    const number = this.#table.append(pair)
    if (isDestroyed(pair)) return number
    const before = this.existing(pair.scope)
    if (before !== undefined) this.#setAside(pair, before)
    this.#table.makeCurrent(number)
    return number
  }

  #setAside({ scope }: KeyPair, number: number): void {
    this.#others.set(mapKey(scope), [...(this.#others.get(mapKey(scope)) ?? []), number])
  }
}
