/*
 * Batches that wait on a disk while the server is away: one file each, sealed to the server, so that neither who reads the disk nor
 * this process can open them; sent as they are when the server is back, by this process or the next.
 *
 * Invariants: a file is whole and synced before it counts; it is locked while it is dealt with, so that of several processes that share
 * the directory one sends it; batches of one emitter are sent in their order, whichever process has them; a file goes only when the server judged it, its time is up or what it holds is no batch; what goes without
 * being judged is declared lost with its numbers; the directory never holds more than `maxBytes` in batches.
 */
import type * as formatModule from '@deponent/format'
import type { BatchHead } from '@deponent/format'
import { coded } from './coding.ts'
import { hostModule } from './host.ts'
import type { Files } from './host.ts'
import type { LossReason, OnError } from './issue.ts'
import type { Numbering } from './numbering.ts'
import type { SpoolOptions } from './options.ts'
import type { Queued } from './queue.ts'
import { SpoolFiles } from './spool-files.ts'
import type { SpoolFile } from './spool-files.ts'
import { plainBatch, readPlainBatch } from './plain-batch.ts'
import { describedError } from './status.ts'

type Format = typeof formatModule

const BYTES_MAX = 256 * 1024 * 1024
const TTL_MS = 7 * 86_400_000
const KEY_FILE = 'sealing-key'
/** The source of batches that have no numbers, and no order to keep. */
const UNNUMBERED = ''

/** What is sent of a file. */
interface Batch {
  head: BatchHead
  body: Uint8Array<ArrayBuffer>
  headers: Record<string, string>
}

/** A batch of the spool, as it is sent. */
export interface SpooledBatch extends Batch {
  file: SpoolFile
  /** Of this process: its records are counted here. */
  isOwn: boolean
}

export interface SpoolParts {
  numbering?: Numbering | undefined
  onError: OnError
  /** Told of records of this process that are lost. */
  onLost: (count: number) => void
  /** Told of records of this process that another one, which shares the directory, has dealt with. */
  onTakenOver: (count: number) => void
  /** Longer than this nobody deals with one file. */
  lockMs: number
}

export class Spool {
  readonly #options: SpoolOptions
  readonly #parts: SpoolParts
  readonly #files: SpoolFiles
  readonly #own = new Set<string>()
  readonly #sources = new WeakMap<SpoolFile, string>()
  #key: string | undefined
  #keeping: Promise<void> | undefined
  /** Copies that are being written or removed. */
  readonly #pending = new Set<Promise<unknown>>()
  #locked: SpoolFile | undefined
  #trouble = ''
  /** Resolves when what earlier processes left is known. */
  readonly opened: Promise<void>

  private constructor(options: SpoolOptions, parts: SpoolParts, files: Files) {
    this.#options = options
    this.#parts = parts
    this.#key = options.sealingKey
    const { ttlMs = TTL_MS } = options
    this.#files = new SpoolFiles(files, options.directory, { ttlMs, lockMs: parts.lockMs })
    this.opened = this.#open()
  }

  /** The spool the options ask for; told and undefined where this host has no files. */
  static of(options: SpoolOptions | undefined, parts: SpoolParts): Spool | undefined {
    const files = hostModule('node:fs/promises')
    if (options !== undefined && files === undefined)
      parts.onError({ code: 'unavailable', message: 'this host has no files; nothing is spooled' })
    return options && files && new Spool(options, parts, files)
  }

  get isEmpty(): boolean {
    return this.#files.list.length === 0
  }

  /** Records on the disk. */
  get records(): number {
    return sum(this.#files.list)
  }

  /** Those of them that this process took. */
  get ownRecords(): number {
    return sum(this.#files.list.filter(({ name }) => this.#own.has(name)))
  }

  /** Takes the key an answer of the server told, to seal to. */
  learn(key: string | null): void {
    if (key === null || key === this.#key || this.#options.sealingKey !== undefined) return
    this.#key = key
    this.#keeping = this.opened.then(() =>
      this.#attempt('the key of the server cannot be kept', () => this.#files.write(KEY_FILE, key)),
    )
  }

  /** Resolves when what was learnt is kept and nothing is locked. */
  async settled(): Promise<void> {
    await this.#keeping
    await Promise.all(this.#pending)
    if (this.#locked !== undefined) await this.#unlock(this.#locked)
  }

  /** Puts a batch on the disk; false, and told, when that cannot be. */
  async put(batch: readonly Queued[]): Promise<boolean> {
    const file = await this.#put(batch)
    if (file === undefined) return false
    this.#own.add(file.name)
    return true
  }

  /** Puts lines on the disk that nobody reported: what the client says of itself. */
  async leave(lines: readonly string[]): Promise<boolean> {
    const batch = lines.map((text): Queued => ({ decisionId: '', path: '/v1/records', text }))
    return (await this.#put(batch)) !== undefined
  }

  /**
   * Puts a copy of a decision on the disk, which the next process sends if this one ends before it calls what this gives. Until then it is
   * locked, and none of the batches of this process.
   */
  hold(text: string): () => void {
    const holding = this.#held(text)
    this.#pending.add(holding)
    return () => {
      const letting = holding.then(async (file) => {
        if (file) await this.#attempt('the spool cannot be written', () => this.#files.letGo(file))
        this.#pending.delete(holding)
        this.#pending.delete(letting)
      })
      this.#pending.add(letting)
    }
  }

  async #held(text: string): Promise<string | undefined> {
    await this.opened
    return this.#attempt('a decision that waits for its explanation cannot be kept', async () =>
      this.#files.hold(await this.#bytesOf([{ decisionId: '', path: '/v1/decisions', text }])),
    )
  }

  async #put(batch: readonly Queued[]): Promise<SpoolFile | undefined> {
    await this.opened
    const bytes = await this.#attempt('a batch cannot be sealed', () => this.#bytesOf(batch))
    if (bytes === undefined) return undefined
    if (this.#files.bytes + bytes.length > (this.#options.maxBytes ?? BYTES_MAX)) {
      this.#tell('the spool is full')
      return undefined
    }
    const file = await this.#attempt('the spool cannot be written', () =>
      this.#files.add(batch.length, bytes),
    )
    if (file !== undefined) this.#trouble = ''
    return file
  }

  /**
   * The oldest batch that can be sent now, to be released afterwards; `later` when there are some that cannot be now: what another process
   * has, or had when it was killed, and what its emitter numbered behind it. What cannot be sent any more is removed and declared lost on the way.
   */
  async first(): Promise<SpooledBatch | 'later' | undefined> {
    await this.opened
    const passed = new Set<string>()
    for (const file of this.#files.list) {
      if (passed.size > 0 && passed.has(await this.#sourceOf(file))) continue
      const isTaken = await this.#attempt('the spool cannot be locked', () => this.#files.lock(file))
      if (isTaken !== true) {
        passed.add(await this.#sourceOf(file))
        passed.delete(UNNUMBERED)
        continue
      }
      const batch = await this.#usable(file)
      if (batch !== undefined) return batch
      await this.#unlock(file)
    }
    return this.isEmpty ? undefined : 'later'
  }

  /** Whose numbers a batch has, read once. */
  async #sourceOf(file: SpoolFile): Promise<string> {
    const known = this.#sources.get(file)
    if (known !== undefined) return known
    const bytes = await this.#attempt('a spooled batch cannot be read', () => this.#files.read(file))
    const emitter = bytes && batchIn(bytes, await import('@deponent/format'))?.head.emitter
    const source = emitter ? `${emitter.id} ${emitter.epoch}` : UNNUMBERED
    this.#sources.set(file, source)
    return source
  }

  /** Lets other processes have it. */
  async release({ file }: SpooledBatch): Promise<void> {
    await this.#unlock(file)
  }

  /** The server judged it. */
  async done({ file }: SpooledBatch): Promise<void> {
    this.#own.delete(file.name)
    await this.#attempt('the spool cannot be written', () => this.#files.remove(file))
  }

  /** The server will not read it: it is lost to the ledger, and kept beside for whoever can tell why. */
  async refused({ file, head }: SpooledBatch): Promise<void> {
    await this.#drop(file, head, 'refused')
  }

  async #open(): Promise<void> {
    await this.#attempt('the spool cannot be opened', async () => {
      await this.#files.open()
      const kept = await this.#files.text(KEY_FILE)
      // An answer may have told it in the meantime.
      this.#key ??= kept
    })
  }

  async #bytesOf(batch: readonly Queued[]): Promise<Uint8Array<ArrayBuffer>> {
    const { numbering } = this.#parts
    const { body, coding } = await coded(batch.map(({ text }) => text).join('\n'), true)
    const isNumbered = numbering && batch.some(({ number }) => number)
    const head: BatchHead = {
      path: batch[0]!.path,
      at: Date.now(),
      records: batch.length,
      coding: coding['content-encoding'] ?? 'identity',
      ...(isNumbered && { emitter: numbering.numbersOf(batch) }),
    }
    const lines = typeof body === 'string' ? new TextEncoder().encode(body) : body
    if (this.#options.plaintext === true) return plainBatch(head, lines)
    if (this.#key === undefined) throw new Error('the key of the server is not known yet')
    const { fromBase64, sealBatch } = await import('@deponent/format')
    return sealBatch(head, lines, fromBase64(this.#key), crypto.getRandomValues(new Uint8Array(32)))
  }

  /** The batch in a locked file, where it can be sent now. */
  async #usable(file: SpoolFile): Promise<SpooledBatch | undefined> {
    this.#locked = file
    const found = await this.#attempt('a spooled batch cannot be read', async () => {
      const bytes = await this.#files.read(file)
      return bytes === undefined ? 'gone' : { batch: batchIn(bytes, await import('@deponent/format')) }
    })
    if (found === 'gone') this.#takenOver(file)
    else if (found && found.batch === undefined) await this.#drop(file, undefined, 'spool_damaged')
    else if (this.#files.isExpired(file)) await this.#drop(file, found?.batch?.head, 'spool_expired')
    else if (found?.batch) return { file, isOwn: this.#own.has(file.name), ...found.batch }
    return undefined
  }

  #takenOver({ name, records }: SpoolFile): void {
    if (this.#own.delete(name)) this.#parts.onTakenOver(records)
  }

  async #unlock(file: SpoolFile): Promise<void> {
    if (this.#locked?.name !== file.name) return
    this.#locked = undefined
    await this.#attempt('the spool cannot be unlocked', () => this.#files.unlock(file))
  }

  async #drop(file: SpoolFile, head: BatchHead | undefined, reason: LossReason): Promise<void> {
    const { numbering, onError, onLost } = this.#parts
    if (head?.emitter) numbering?.loseBatch(head.emitter, reason)
    if (this.#own.delete(file.name)) onLost(file.records)
    onError({ code: 'lost', reason, count: file.records, message: `spooled batch ${file.name}` })
    await this.#attempt('the spool cannot be written', () =>
      reason === 'spool_expired' ? this.#files.remove(file) : this.#files.setAside(file),
    )
  }

  async #attempt<T>(trouble: string, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act()
    } catch (error) {
      const { message } = describedError(error)
      this.#tell(`${trouble} (${message})`)
      return undefined
    }
  }

  /** Each trouble is told once, until the spool works again. */
  #tell(trouble: string): void {
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#parts.onError({ code: 'unavailable', message: trouble })
  }
}

/** Undefined when the bytes are no batch. */
function batchIn(bytes: Uint8Array<ArrayBuffer>, format: Format): Batch | undefined {
  try {
    const plain = readPlainBatch(bytes)
    if (plain === undefined)
      return {
        head: format.readBatchHead(bytes),
        body: bytes,
        headers: { 'content-type': format.SEALED_BATCH_TYPE },
      }
    const { head, body } = plain
    const coding: Record<string, string> = head.coding === 'gzip' ? { 'content-encoding': 'gzip' } : {}
    return { head, body, headers: { 'content-type': 'application/x-ndjson', ...coding } }
  } catch {
    return undefined
  }
}

function sum(files: readonly SpoolFile[]): number {
  return files.reduce((count, { records }) => count + records, 0)
}
