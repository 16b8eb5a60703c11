/**
 * A file of sealed notes, appended one after another and, now and then, written again as a whole:
 *
 *   "DPNNOTE1" ‖ u32 length of the text ‖ 12-byte nonce ‖ AES-256-GCM(text) ‖ 16-byte tag ‖ SHA-256 of all before
 *
 * Invariants: a note is durable when `append` resolves; the notes before it are never changed by it; a last note that was not finished is
 * cut off at `begin`; after a failed write nothing is written any more.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { concatBytes, equalBytes, FormatError, fromUtf8, utf8 } from '@deponent/format'
import type { Disk, DiskFile } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'

const MAGIC = utf8('DPNNOTE1')
const HEAD_BYTES = 24
const TAG_BYTES = 16
const SUM_BYTES = 32
const AROUND_BYTES = HEAD_BYTES + TAG_BYTES + SUM_BYTES

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
  #writing: Promise<unknown> = Promise.resolve()
  #failed: Error | undefined

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
    return this.#alone(async () => {
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
    return this.#alone(async () => {
      const { disk, random, path, key } = this.#place
      const bytes = concatBytes(...notes.map((note) => sealNote(key, random.bytes(12), note)))
      await disk.writeDurably(path, bytes, 0o600)
      await this.#file?.close()
      this.#file = await disk.open(path, 'write')
      this.#end = bytes.length
    })
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file?.close()
  }

  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(async () => {
      if (this.#failed) throw this.#failed
      try {
        await work()
      } catch (error) {
        this.#failed = error instanceof Error ? error : new Error(String(error))
        throw this.#failed
      }
    })
    this.#writing = done.catch(() => undefined)
    return done
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
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(head)
  const sealed = concatBytes(head, cipher.update(text), cipher.final(), cipher.getAuthTag())
  return concatBytes(sealed, createHash('sha256').update(sealed).digest())
}

/** The notes of a file, still sealed, and where the last that was finished ends. FormatError `keyring_damaged`. */
export function notesIn(bytes: Uint8Array): { sealed: Uint8Array[]; end: number } {
  const sealed: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const whole = wholeNoteAt(bytes, at)
    if (!whole) {
      if (isFollowed(bytes, at)) throw damaged()
      break
    }
    sealed.push(whole)
    at += whole.length + SUM_BYTES
  }
  return { sealed, end: at }
}

/** The sealed bytes of the note at `at`; undefined when there is none that is whole. */
function wholeNoteAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  if (at + AROUND_BYTES > bytes.length || !equalBytes(bytes.subarray(at, at + 8), MAGIC)) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset + at + 8, 4).getUint32(0)
  const end = at + AROUND_BYTES + length
  if (end > bytes.length) return undefined
  const sealed = bytes.subarray(at, end - SUM_BYTES)
  const sum = createHash('sha256').update(sealed).digest()
  return equalBytes(sum, bytes.subarray(end - SUM_BYTES, end)) ? sealed : undefined
}

function isFollowed(bytes: Uint8Array, at: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let next = buffer.indexOf(MAGIC, at + 1); next >= 0; next = buffer.indexOf(MAGIC, next + 1)) {
    if (wholeNoteAt(bytes, next)) return true
  }
  return false
}

/** The text of a note. FormatError `keyring_damaged`. */
export function openNote(key: Uint8Array, sealed: Uint8Array): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(12, HEAD_BYTES))
  decipher.setAAD(sealed.subarray(0, HEAD_BYTES))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return fromUtf8(
      Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]),
    )
  } catch {
    throw damaged()
  }
}

function damaged(): FormatError {
  return new FormatError('keyring_damaged', 'the register of erasures is damaged, or is of another root key')
}
