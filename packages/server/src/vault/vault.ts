/**
 * The sealed content of one ledger: what may be read only with keys, and can be truly erased. It knows entries only by index
 * and id; it never imports the ledger.
 */
import { type CanonicalRecord, type Entry, type PreparedPayload, readJson, toHex } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import type { StateStore } from '../platform/state-store.ts'
import { Dictionaries } from './dictionaries.ts'
import { Hmac } from './hmac.ts'
import { Keyring } from './keyring.ts'
import { KeysNeeded } from './keys-needed.ts'
import { deriveKey } from './root-key.ts'
import { ScopeNames } from './scope.ts'
import { SegmentKeys } from './segment-keys.ts'
import type { Opened } from './opened.ts'
import { frameHead, open, seal, type SealChoice, type Sealed, sealPublic } from './seal.ts'
import { type SealedSegment, type SegmentLimits, Segments } from './segments.ts'

export interface VaultOptions {
  disk: Disk
  random: Random
  store: StateStore
  /** The vault's own directory for this ledger. */
  directory: string
  /** The keyring directory, shared by all ledgers of the server. */
  keyringDirectory: string
  /** The master key of the data directory, 32 bytes; see `master-key.ts`. */
  master: Uint8Array
  ledger: string
  ledgerId: Uint8Array
  onSegmentSealed(segment: SealedSegment): void
  /** When a segment is full; as in `docs/limits.md` when absent. */
  segmentLimits?: SegmentLimits
}

export class Vault {
  readonly segments: Segments
  readonly dictionaries: Dictionaries
  readonly #keyring: Keyring
  readonly #keysNeeded: KeysNeeded
  readonly #segmentKeys: SegmentKeys
  readonly #random: Random
  readonly #scopes: ScopeNames
  readonly #words: Hmac
  readonly #master: Uint8Array
  readonly #ledger: string
  readonly #ledgerId: Uint8Array

  private constructor(
    options: VaultOptions,
    keyring: Keyring,
    segments: Segments,
    segmentKeys: SegmentKeys,
    dictionaries: Dictionaries,
  ) {
    this.segments = segments
    this.dictionaries = dictionaries
    this.#keyring = keyring
    this.#keysNeeded = new KeysNeeded(options.store, options.ledger)
    this.#segmentKeys = segmentKeys
    this.#random = options.random
    this.#master = options.master
    this.#ledger = options.ledger
    this.#ledgerId = options.ledgerId
    this.#scopes = new ScopeNames(this.derive('subject'))
    this.#words = new Hmac('sha256', this.deriveOwn('looks'))
  }

  /** Opens the vault for reading. */
  static async open(options: VaultOptions): Promise<Vault> {
    const { disk, random, keyringDirectory, master, ledger } = options
    const { ledgerId } = options
    const keyring = await Keyring.open({
      disk,
      random,
      directory: keyringDirectory,
      ledger,
      ledgerId,
      root: master,
    })
    const segmentKeys = new SegmentKeys(options.store, ledger)
    const segments = await Segments.open(
      disk,
      options.directory,
      options.ledgerId,
      (segment, frames) => {
        segmentKeys.note(segment.first, frames)
        options.onSegmentSealed(segment)
      },
      options.segmentLimits,
    )
    const dictionaries = await Dictionaries.open(options, random)
    return new Vault(options, keyring, segments, segmentKeys, dictionaries)
  }

  /** Opens the vault for writing too; see `Keyring.begin` and `Segments.begin`. */
  async begin(): Promise<void> {
    await this.#keyring.begin()
    await this.segments.begin()
  }

  /** How many keys are missing to open `frames` and all that lies in sealed segments; asked before `begin`. */
  async keysMissing(frames: readonly Uint8Array[]): Promise<number> {
    this.#keysNeeded.take(frames)
    await this.#keysNeeded.catchUp(this.segments)
    return Math.max(0, this.#keysNeeded.count - this.#keyring.size)
  }

  /** Takes the frames of durable entries `first …`; those already here are skipped. */
  apply(first: number, frames: readonly Uint8Array[]): void {
    this.#keysNeeded.take(frames)
    this.segments.apply(first, frames)
  }

  /** Makes everything applied durable, as far as it fills segments. */
  async flush(): Promise<void> {
    await this.segments.flush()
    this.#keysNeeded.remember(this.segments.durable())
  }

  /** A key for one use within this ledger, from the master key. */
  derive(use: string): Uint8Array {
    return deriveKey(this.#master, `deponent/${use}/v1/${this.#ledger}`)
  }

  /** A key for one use of what this ledger keeps, from the master key; it stays the same when another ledger takes the name. */
  deriveOwn(use: string): Uint8Array {
    return deriveKey(this.#master, `deponent/${use}/v1/${toHex(this.#ledgerId)}`)
  }

  /** The 32-byte pseudonym of a person. */
  subjectId(subject: string): Uint8Array {
    return this.#scopes.subject(subject)
  }

  /** The scope of records about nobody. `month` is `YYYY-MM`. */
  systemScope(system: string, month: string): Uint8Array {
    return this.#scopes.system(system, month)
  }

  /** The scope of a member of staff, by the id of their identity. */
  staffScope(id: string): Uint8Array {
    return this.#scopes.staff(id)
  }

  /** The scope of a register that is about nobody. */
  registerScope(name: string): Uint8Array {
    return this.#scopes.register(name)
  }

  /** The number of the scope's key, minted when new; durable only after `flushKeys`. */
  keyNumber(scope: Uint8Array): number {
    return this.#keyring.numberOf(scope)
  }

  /** Numbers of all keys of a scope that are not destroyed; of a scope its first 16 bytes count. */
  keysOf(scope: Uint8Array): number[] {
    return this.#keyring.numbersOf(scope)
  }

  /**
   * How something that is not about a person names them: 16 hex digits made with their own key, so that nobody can tell whom they stand
   * for once that is destroyed; undefined when nothing is recorded about them.
   */
  tokenOf(scope: Uint8Array): string | undefined {
    const [number] = this.keysOf(scope)
    const key = number === undefined ? undefined : this.#keyring.key(number)
    return key && toHex(deriveKey(key, 'deponent/token/v1').subarray(0, 8))
  }

  /**
   * How something that outlives whom it may be about names words that somebody typed: `token:` and 16 hex digits made with a key of the
   * ledger. Equal words have equal tokens; who has the keys of the ledger can try a guess, and nobody else can.
   */
  tokenOfWord(text: string): string {
    return `token:${toHex(this.#words.digest(text.normalize('NFC')).subarray(0, 8))}`
  }

  /** The key with this number; it exists for every number `keyNumber` gave, until it is destroyed. */
  key(number: number): Uint8Array {
    const key = this.#keyring.key(number)
    if (!key) throw new Error(`key ${number} does not exist`)
    return key
  }

  /** The scope, 32 hex digits, of the key with this number; undefined once it is destroyed. */
  scopeOf(number: number): string | undefined {
    const scope = this.#keyring.scopeOf(number)
    return scope && toHex(scope)
  }

  /** Whether the key with this number exists and is not destroyed. */
  hasKey(number: number): boolean {
    return this.#keyring.key(number) !== undefined
  }

  /** Whether the key with this number may seal something new. */
  mayUseKey(number: number): boolean {
    return this.#keyring.isOpen(number)
  }

  /** From here on new records about whom these keys stand for are sealed under new ones. */
  releaseKeys(numbers: readonly number[]): void {
    this.#keyring.release(numbers)
  }

  /** From here on these keys seal nothing new, not even records about what they sealed. */
  closeKeys(numbers: readonly number[]): void {
    this.#keyring.closeKeys(numbers)
  }

  /** Keys that were closed and are not to go after all seal again what is about something they sealed. */
  reopenKeys(numbers: readonly number[]): void {
    this.#keyring.reopenKeys(numbers)
  }

  /** Destroys keys, see `Keyring.destroy`. */
  destroyKeys(numbers: readonly number[]): Promise<void> {
    return this.#keyring.destroy(numbers)
  }

  /** Every frame that one of these keys seals, by index in ascending order, a segment at a time; what is applied meanwhile is not told of. */
  async *sealedWith(numbers: ReadonlySet<number>): AsyncGenerator<{ index: number; frame: Uint8Array }> {
    const isTheirs = (frame: Uint8Array): boolean =>
      frameHead(frame).keyNumbers.some((number) => numbers.has(number))
    const pending = this.segments.pending()
    for (const first of await this.#segmentKeys.segmentsWith(numbers, this.segments)) {
      if (first >= pending.first) break
      const frames = await this.segments.framesOf(first)
      for (const [i, frame] of frames.entries()) if (isTheirs(frame)) yield { index: first + i, frame }
    }
    for (const [i, frame] of pending.frames.entries())
      if (isTheirs(frame)) yield { index: pending.first + i, frame }
  }

  flushKeys(): Promise<void> {
    return this.#keyring.flush()
  }

  /** Seals a prepared payload under a key known by number. */
  seal(id: string, prepared: PreparedPayload, number: number, choice: Pick<SealChoice, 'show'> = {}): Sealed {
    return seal(id, prepared, { number, key: this.key(number) }, this.#random.bytes(16), choice)
  }

  sealPublic(prepared: PreparedPayload): Sealed {
    return sealPublic(prepared, this.#random.bytes(32))
  }

  /** Opens a frame; undefined when a key it needs is gone. */
  open(entry: Pick<Entry, 'id' | 'payload'>, frame: Uint8Array): Opened | undefined {
    return open(
      entry,
      frame,
      (number) => this.#keyring.key(number),
      (number) => this.dictionaries.get(number),
    )
  }

  /** The record of an entry, or undefined when its payload cannot be opened any more. */
  record(entry: Pick<Entry, 'id' | 'payload'>, frame: Uint8Array): CanonicalRecord | undefined {
    const opened = this.open(entry, frame)
    return opened && (readJson(opened.text).value as CanonicalRecord)
  }

  /** The numbers of the keys any of which opens entry `index`, so that a record about it can be sealed with the same; undefined when it is erased. */
  async keyNumbersOf(index: number): Promise<number[] | undefined> {
    const frame = await this.segments.frame(index)
    if (!frame) return []
    const { keepers, isErased } = frameHead(frame)
    return isErased ? undefined : keepers
  }

  async close(): Promise<void> {
    await this.dictionaries.close()
    await this.#keyring.close()
  }
}
