/**
 * The signer as a process of its own: it holds its key and its state, and reads the ledger's stored bytes itself. Nothing a server
 * says makes it sign: a question names a size and a root, and both must be what is stored.
 */
import { basename } from 'node:path'
import {
  type CompactRange,
  equalBytes,
  FormatError,
  fromBase64,
  fromUtf8,
  isOrigin,
  utf8,
} from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { reasonOf } from '../platform/failure.ts'
import { identityOf, readDirectoryFormat } from './identity.ts'
import { KeyFile } from './key-file.ts'
import { LocalRotatingKey } from './key-rotation.ts'
import { Signer } from './signer.ts'
import { SigningRefused } from './signer-contract.ts'
import type { SignerAnswer, SignerDescription, SignerQuestion } from './signer-messages.ts'
import { StoredLedger } from './stored-ledger.ts'
import { ledgerIdOf } from './wal-frame.ts'

export interface SignerProcessOptions {
  disk: Disk
  random: Random
  /** The data directory whose ledger is signed; it is only read. */
  directory: string
  ledger: string
  /** The signer's own directory: its key, the origin it signs for, its last head. */
  state: string
  /** Called when a question is refused. */
  onRefusal?(code: string, message: string): void
}

/** All that is there once the ledger has an origin. */
interface Holding {
  origin: string
  file: KeyFile
  signer: Signer
  stored: StoredLedger
  rotating: LocalRotatingKey
}

export class SignerProcess {
  readonly #options: SignerProcessOptions
  #holding: Holding | undefined
  /** Whether the tree at the last head was read and compared in this life. */
  /** The last head is signed by the next key too, which is not the one in use yet. */
  #isKeyChanging = false
  #hasResumed = false
  #answering: Promise<unknown> = Promise.resolve()

  private constructor(options: SignerProcessOptions) {
    this.#options = options
  }

  /** Reads key and state; without a key it waits for a ledger to adopt it. */
  static async open(options: SignerProcessOptions): Promise<SignerProcess> {
    const { disk, state } = options
    await disk.makeDirectory(state, 0o700)
    const signer = new SignerProcess(options)
    const origin = await signer.#knownOrigin()
    if (origin !== undefined) await signer.#hold(origin)
    return signer
  }

  /** Answers one line; never rejects. Questions are answered in the order they came. */
  answer(line: string): Promise<string> {
    const answered = this.#answering.then(() => this.#answerSafely(line))
    this.#answering = answered
    return answered.then((answer) => JSON.stringify(answer))
  }

  async #answerSafely(line: string): Promise<SignerAnswer> {
    try {
      const statement = await this.#act(JSON.parse(line) as SignerQuestion)
      return { description: { ...this.#describe(), ...(statement !== undefined && { statement }) } }
    } catch (error) {
      const code =
        error instanceof SigningRefused || error instanceof FormatError ? error.code : 'signer_failed'
      const message = reasonOf(error)
      this.#options.onRefusal?.(code, message)
      return { refused: { code, message } }
    }
  }

  async #act(question: SignerQuestion): Promise<string | undefined> {
    switch (question.ask) {
      case 'describe':
        return undefined
      case 'adopt':
        return this.#adopt(question.origin)
      case 'begin':
        return this.#begin()
      case 'accept':
      case 'resume':
      case 'advance':
        return this.#sign(question.ask, question.size, fromBase64(question.root))
      case 'stateRotation':
        return this.#held().rotating.stateRotation(question.from)
      case 'countersign':
        await this.#held().rotating.countersign(question.size)
        this.#isKeyChanging = true
        return undefined
      case 'promote':
        return this.#promote(question.vkey)
      default:
        throw new SigningRefused('the question is not one a signer answers')
    }
  }

  #describe(): SignerDescription {
    if (!this.#holding) return {}
    const { origin, file, signer } = this.#holding
    const head = signer.head()?.note
    return {
      origin,
      vkey: file.current!.vkey,
      ...(file.next && { next: file.next.vkey }),
      ...(head !== undefined && { head }),
    }
  }

  #held(): Holding {
    if (!this.#holding) throw new SigningRefused('the signer holds no key yet', 'signer_key_missing')
    return this.#holding
  }

  async #begin(): Promise<undefined> {
    const { signer } = this.#held()
    if (signer.head()) throw new SigningRefused('the signer has signed for this ledger before')
    await signer.begin()
    this.#hasResumed = true
  }

  async #sign(ask: 'accept' | 'resume' | 'advance', size: number, root: Uint8Array): Promise<undefined> {
    const { signer, stored } = this.#held()
    // Else the older key, taken up again by a restart, could sign another ledger than the newer one did meanwhile.
    if (ask === 'advance' && this.#isKeyChanging)
      throw new SigningRefused('a change of keys was countersigned and is not finished', 'key_change_pending')
    if (ask === 'accept') {
      if (signer.head()) throw new SigningRefused('the signer has signed for this ledger before')
      const range = await stored.rangeAt(size)
      mustBe(range, root)
      await signer.accept(range)
      this.#hasResumed = true
      return
    }
    const head = signer.head()
    if (!head) {
      const message = 'the signer has no state for this ledger; see --accept-head'
      throw new SigningRefused(message, 'signer_state_missing')
    }
    if (!this.#hasResumed || ask === 'resume') await signer.resume(await stored.rangeAt(head.size))
    this.#hasResumed = true
    if (ask === 'advance') await signer.advance(size, root, stored)
  }

  /** Takes an origin for good; one it has already wins, and the one who asks sees it in the answer. */
  async #adopt(origin: string): Promise<undefined> {
    if (this.#holding) return
    if (!isOrigin(origin)) throw new SigningRefused('the origin is malformed')
    // It reads the bytes of one ledger, and would find nothing of another where it looks.
    if (basename(origin) !== this.#options.ledger)
      throw new SigningRefused(
        `the signer signs for ledger ${this.#options.ledger}, and is asked to for another`,
      )
    await this.#options.disk.writeDurably(this.#originPath, utf8(`${origin}\n`), 0o600)
    await this.#hold(origin)
  }

  async #hold(origin: string): Promise<void> {
    const { disk, random, directory, ledger, state } = this.#options
    const file = await KeyFile.open(disk, this.#keyPath, origin)
    const signer = await Signer.open(disk, state, await file.mint(random), origin)
    await signer.removeLeftovers()
    // Whoever asks takes what is described for durable.
    if (signer.head()) await signer.makeDurable()
    this.#holding = {
      origin,
      file,
      signer,
      stored: new StoredLedger(disk, `${directory}/ledgers/${ledger}`, ledgerIdOf(origin)),
      rotating: new LocalRotatingKey(file, signer, random, origin),
    }
    this.#isKeyChanging = false
    this.#hasResumed = false
  }

  /** After a change of keys everything is opened again under the new one, which must know all that the older one signed. */
  async #promote(vkey: string): Promise<undefined> {
    const { origin, file, signer, rotating } = this.#held()
    if (file.next?.vkey === vkey && !(await signer.isKnownUnder(file.next)))
      throw new SigningRefused('the next key has not signed the last checkpoint of the present one')
    await rotating.promote(vkey)
    await this.#hold(origin)
  }

  /** The origin this signer took; for a key that was moved here from a data directory, the one that directory names. */
  async #knownOrigin(): Promise<string | undefined> {
    const { disk, directory, ledger } = this.#options
    const taken = await disk.read(this.#originPath)
    if (taken) return fromUtf8(taken).trim()
    if ((await disk.size(this.#keyPath)) === undefined) return undefined
    const format = await readDirectoryFormat(disk, directory)
    return format && identityOf(format, ledger)?.origin
  }

  get #originPath(): string {
    return `${this.#options.state}/${this.#options.ledger}.origin`
  }

  get #keyPath(): string {
    return `${this.#options.state}/${this.#options.ledger}.checkpoint.key`
  }
}

function mustBe(range: CompactRange, root: Uint8Array): void {
  if (!equalBytes(range.root(), root))
    throw new SigningRefused(`stored bytes do not hash to the root at size ${range.size}`)
}
