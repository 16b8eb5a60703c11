/**
 * Where one signing key of a ledger lies: its seed in a file, and beside it, while a rotation is under way, the seed of the next
 * (`.next`). Which of the two counts is decided elsewhere; `promote` follows that decision and destroys the older.
 */
import { dirname } from 'node:path'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { readSeed, SigningKey, writeSeed } from './signing-key.ts'

export class KeyFile {
  readonly #disk: Disk
  readonly #path: string
  readonly #name: string
  #current: SigningKey | undefined
  #next: SigningKey | undefined

  private constructor(disk: Disk, path: string, name: string) {
    this.#disk = disk
    this.#path = path
    this.#name = name
  }

  /** Reads what is at `path`; `name` is the name the key signs under. FormatError `keyring_damaged` when a seed is damaged. */
  static async open(disk: Disk, path: string, name: string): Promise<KeyFile> {
    const file = new KeyFile(disk, path, name)
    file.#current = await file.#read(path)
    file.#next = await file.#read(file.#nextPath)
    return file
  }

  get current(): SigningKey | undefined {
    return this.#current
  }

  /** The key a rotation that is under way leads to. */
  get next(): SigningKey | undefined {
    return this.#next
  }

  /** The present key, minted when there is none; durable when this resolves. */
  async mint(random: Random): Promise<SigningKey> {
    this.#current ??= await this.#write(this.#path, random)
    return this.#current
  }

  /** The next key, minted when there is none; durable when this resolves. */
  async mintNext(random: Random): Promise<SigningKey> {
    this.#next ??= await this.#write(this.#nextPath, random)
    return this.#next
  }

  /** Makes the next key the present one when it is the one named; done already when the present one is. */
  async promote(vkey: string): Promise<void> {
    if (this.#next?.vkey !== vkey) return
    await this.#disk.rename(this.#nextPath, this.#path)
    await this.#disk.syncDirectory(dirname(this.#path))
    this.#current = this.#next
    this.#next = undefined
  }

  get #nextPath(): string {
    return `${this.#path}.next`
  }

  async #read(path: string): Promise<SigningKey | undefined> {
    const seed = await readSeed(this.#disk, path)
    return seed && new SigningKey(this.#name, seed)
  }

  async #write(path: string, random: Random): Promise<SigningKey> {
    const seed = random.bytes(32)
    await writeSeed(this.#disk, path, seed)
    return new SigningKey(this.#name, seed)
  }
}
