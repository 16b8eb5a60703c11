/**
 * The learned dictionaries of one vault, numbered from 0, each a file of its own, `vault/<ledger>/dictionary-<number>.dict`, number as six digits:
 *
 *   "DPNDICT0" ‖ ledger id (16) ‖ u32 number ‖ 12-byte nonce                                        40 bytes
 *   AES-256-GCM(u8 n ‖ n bytes of the system's name in UTF-8 ‖ dictionary) ‖ 16-byte tag            additional data: the 40 bytes before
 *   SHA-256 of all before
 *
 * Invariants: a dictionary is durable before any frame names it; none is ever changed; after a failed write none is learned any
 * more. What may be in one: `dictionary.ts`.
 */
import { concatBytes, equalBytes, FormatError, fromUtf8, toHex, utf8 } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import type { NumberedDictionary } from './coding.ts'
import { deriveKey } from './root-key.ts'
import { AROUND_BYTES, isWhole, openBehind, sealBehind } from './sealed-bytes.ts'

const MAGIC = utf8('DPNDICT0')
const HEAD_BYTES = 40
const NONCE_AT = 28
const COUNT_MAX = 65_536
const SYSTEM_BYTES_MAX = 255

/** A dictionary and the system whose records it was learned from. */
export interface SystemDictionary extends NumberedDictionary {
  system: string
}

export interface DictionaryPlace {
  disk: Disk
  /** The vault's own directory. */
  directory: string
  ledgerId: Uint8Array
  ledger: string
  /** The master key of the data directory. */
  master: Uint8Array
}

export class Dictionaries {
  readonly #place: DictionaryPlace
  readonly #random: Random
  readonly #all: SystemDictionary[]
  #adding: Promise<unknown> = Promise.resolve()
  #failed = false

  private constructor(place: DictionaryPlace, random: Random, all: SystemDictionary[]) {
    this.#place = place
    this.#random = random
    this.#all = all
  }

  /**
   * Reads those there are; writes nothing. What the life before had named and not synced is durable once `Segments.begin` has synced
   * the directory. FormatError `dictionary_damaged` when one is missing or does not hold.
   */
  static async open(place: DictionaryPlace, random: Random): Promise<Dictionaries> {
    return new Dictionaries(place, random, await readDictionaries(place))
  }

  get(number: number): Uint8Array | undefined {
    return this.#all[number]?.bytes
  }

  /** The newest of each system. */
  newest(): SystemDictionary[] {
    return [...new Map(this.#all.map((dictionary) => [dictionary.system, dictionary])).values()]
  }

  /** Keeps a dictionary; durable when this resolves, undefined when it could not be kept. */
  add(system: string, bytes: Uint8Array): Promise<SystemDictionary | undefined> {
    const added = this.#adding.then(() => this.#write(system, bytes))
    this.#adding = added
    return added
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#adding
  }

  async #write(system: string, bytes: Uint8Array): Promise<SystemDictionary | undefined> {
    const number = this.#all.length
    if (this.#failed || number === COUNT_MAX || utf8(system).length > SYSTEM_BYTES_MAX) return undefined
    const dictionary = { system, number, bytes }
    const sealed = sealDictionary(this.#place, this.#random.bytes(12), dictionary)
    try {
      await this.#place.disk.writeDurably(`${this.#place.directory}/${fileName(number)}`, sealed, 0o600)
    } catch {
      // Nothing depends on it: records are coded as before.
      this.#failed = true
      return undefined
    }
    this.#all.push(dictionary)
    return dictionary
  }
}

/** Every dictionary of a vault by number, for reading only. FormatError `dictionary_damaged`. */
export async function readDictionaries(place: DictionaryPlace): Promise<SystemDictionary[]> {
  const names = await place.disk.list(place.directory)
  const files = names.filter((name) => /^dictionary-\d{6}\.dict$/.test(name))
  const all: SystemDictionary[] = []
  for (const [number, name] of files.entries()) {
    const bytes = name === fileName(number) ? await place.disk.read(`${place.directory}/${name}`) : undefined
    if (!bytes) throw damaged(number, 'is missing')
    all.push(openDictionary(place, number, bytes))
  }
  return all
}

/** Checks a dictionary file without any key; FormatError `dictionary_damaged` unless its checksum holds. */
export function checkDictionaryFile(number: number, bytes: Uint8Array): void {
  if (bytes.length <= HEAD_BYTES + AROUND_BYTES || !isWhole(bytes))
    throw damaged(number, 'does not match its checksum')
}

function fileName(number: number): string {
  return `dictionary-${String(number).padStart(6, '0')}.dict`
}

function headOf({ ledgerId }: DictionaryPlace, number: number, nonce: Uint8Array): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  head.set(MAGIC)
  head.set(ledgerId, 8)
  new DataView(head.buffer).setUint32(24, number)
  head.set(nonce, NONCE_AT)
  return head
}

const keyOf = ({ master, ledgerId }: DictionaryPlace): Uint8Array =>
  deriveKey(master, `deponent/dictionary/v1/${toHex(ledgerId)}`)

function sealDictionary(
  place: DictionaryPlace,
  nonce: Uint8Array,
  { number, system, bytes }: SystemDictionary,
): Uint8Array {
  const name = utf8(system)
  const content = concatBytes(Uint8Array.of(name.length), name, bytes)
  return sealBehind(keyOf(place), headOf(place, number, nonce), content)
}

function openDictionary(place: DictionaryPlace, number: number, bytes: Uint8Array): SystemDictionary {
  checkDictionaryFile(number, bytes)
  const nonce = bytes.subarray(NONCE_AT, HEAD_BYTES)
  const head = headOf(place, number, nonce)
  if (!equalBytes(head, bytes.subarray(0, HEAD_BYTES))) throw damaged(number, 'is not of this vault')
  const content = openBehind(keyOf(place), bytes, HEAD_BYTES)
  if (!content) throw damaged(number, 'does not open with this master key')
  const nameEnd = 1 + content[0]!
  return { number, system: fromUtf8(content.subarray(1, nameEnd)), bytes: content.subarray(nameEnd) }
}

function damaged(number: number, what: string): FormatError {
  return new FormatError('dictionary_damaged', `dictionary ${number} of the vault ${what}`)
}
