/**
 * A file of sealed notes, appended one after another and, now and then, written again as a whole:
 *
 *   "DPNNOTE1" ‖ u32 length of the text ‖ 12-byte nonce ‖ AES-256-GCM(text) ‖ 16-byte tag ‖ SHA-256 of all before
 *
 * Invariants: a note is durable when `append` resolves; the notes before it are never changed by it; a last note that was not finished is
 * cut off at `begin`; after a failed write nothing is written any more.
 */
import { concatBytes, equalBytes, FormatError, fromUtf8, utf8 } from '@deponent/format'
import type { Disk, DiskFile } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { OneWriter } from './one-writer.ts'
import { AROUND_BYTES, isFollowed, isWhole, openBehind, sealBehind } from './sealed-bytes.ts'

const MAGIC = utf8('DPNNOTE1')
const HEAD_BYTES = 24

export interface SealedJournalPlace {
  disk: Disk
  random: Random
  path: string
  /** 32 bytes, used for nothing else. */
  key: Uint8Array
}

export class SealedJournal {
  readonly #place: SealedJournalPlace
  /** What was found, oldest first. */
  readonly found: readonly string[]
  #end: number
  readonly #size: number
  #file: DiskFile | undefined
  readonly #writer = new OneWriter()

  private constructor(place: SealedJournalPlace, found: readonly string[], end: number, size: number) {
    this.#place = place
    this.found = found
    this.#end = end
    this.#size = size
  }

  /** Reads the file, which may be missing; writes nothing. FormatError `keyring_damaged` when a note does not hold or does not open. */
  static async open(place: SealedJournalPlace): Promise<SealedJournal> {
    const bytes = (await place.disk.read(place.path)) ?? new Uint8Array(0)
    const { sealed, end } = notesIn(bytes)
    const notes = sealed.map((note) => openNote(place.key, note))
    return new SealedJournal(place, notes, end, bytes.length)
  }

  /** Appends notes with one write; durable when this resolves. The file is made when the first note comes. */
  append(notes: readonly string[]): Promise<void> {
    if (notes.length === 0) return Promise.resolve()
    return this.#writer.run(async () => {
      const { random, key } = this.#place
      this.#file ??= await this.#begin()
      const bytes = concatBytes(...notes.map((note) => sealNote(key, random.bytes(12), note)))
      await this.#file.write(bytes, this.#end)
      await this.#file.datasync()
      this.#end += bytes.length
    })
  }

  /** Puts these notes in the place of all there are; durable when this resolves. */
  rewrite(notes: readonly string[]): Promise<void> {
    return this.#writer.run(async () => {
      const { disk, random, path, key } = this.#place
      const bytes = concatBytes(...notes.map((note) => sealNote(key, random.bytes(12), note)))
      await disk.writeDurably(path, bytes, 0o600)
      await this.#file?.close()
      this.#file = await disk.open(path, 'write')
      this.#end = bytes.length
    })
  }

  async close(): Promise<void> {
    await this.#writer.settled()
    await this.#file?.close()
  }

  /** Makes what was read durable and cuts off what was not finished. */
  async #begin(): Promise<DiskFile> {
    const { disk, path } = this.#place
    if (this.#size === 0) await disk.writeDurably(path, new Uint8Array(0), 0o600)
    if (this.#size > this.#end) await disk.truncate(path, this.#end)
    return disk.open(path, 'write')
  }
}

/** The notes of a file, for reading only; none when there is no file. FormatError `keyring_damaged` as `SealedJournal.open`. */
export async function readSealedNotes({
  disk,
  path,
  key,
}: Omit<SealedJournalPlace, 'random'>): Promise<string[]> {
  const { sealed } = notesIn((await disk.read(path)) ?? new Uint8Array(0))
  return sealed.map((note) => openNote(key, note))
}

function sealNote(key: Uint8Array, nonce: Uint8Array, note: string): Uint8Array {
  const text = utf8(note)
  const head = new Uint8Array(HEAD_BYTES)
  head.set(MAGIC)
  new DataView(head.buffer).setUint32(8, text.length)
  head.set(nonce, 12)
  return sealBehind(key, head, text)
}

/** The notes of a file, still sealed, and where the last that was finished ends. FormatError `keyring_damaged`. */
export function notesIn(bytes: Uint8Array): { sealed: Uint8Array[]; end: number } {
  const sealed: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const whole = wholeNoteAt(bytes, at)
    if (!whole) {
      if (isFollowed(bytes, at, MAGIC, (next) => wholeNoteAt(bytes, next) !== undefined)) throw damaged()
      break
    }
    sealed.push(whole)
    at += whole.length
  }
  return { sealed, end: at }
}

/** The bytes of the note at `at`; undefined when there is none that is whole. */
function wholeNoteAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const around = HEAD_BYTES + AROUND_BYTES
  if (at + around > bytes.length || !equalBytes(bytes.subarray(at, at + 8), MAGIC)) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset + at + 8, 4).getUint32(0)
  const end = at + around + length
  const note = bytes.subarray(at, end)
  return end <= bytes.length && isWhole(note) ? note : undefined
}

/** The text of a note. FormatError `keyring_damaged`. */
export function openNote(key: Uint8Array, note: Uint8Array): string {
  const text = openBehind(key, note, HEAD_BYTES)
  if (!text) throw damaged()
  return fromUtf8(text)
}

function damaged(): FormatError {
  return new FormatError('keyring_damaged', 'a sealed journal is damaged, or is of another root key')
}
