/** A signer in a process of its own, as the ledger sees it. What it said last is remembered; nothing is decided here. */
import { type CompactRange, parseCheckpoint, parseNote, toBase64 } from '@deponent/format'
import type { RotatingKey } from './key-rotation.ts'
import {
  type CheckpointSigner,
  type SignedHead,
  SignerUnavailable,
  SigningRefused,
} from './signer-contract.ts'
import type { SignerAnswer, SignerDescription, SignerQuestion } from './signer-messages.ts'
import { reasonOf } from '../platform/failure.ts'

/** Sends one line and gives the line that answers it; rejects when nobody answers. */
export type AskSigner = (line: string) => Promise<string>

export class RemoteSigner implements CheckpointSigner, RotatingKey {
  readonly #send: AskSigner
  #description: SignerDescription

  private constructor(send: AskSigner, description: SignerDescription) {
    this.#send = send
    this.#description = description
  }

  /** Asks the signer who it is; SignerUnavailable when it does not answer. */
  static async connect(send: AskSigner): Promise<RemoteSigner> {
    const signer = new RemoteSigner(send, {})
    await signer.#ask({ ask: 'describe' })
    return signer
  }

  /** The origin it signs for and its key; undefined while it holds none. */
  get identity(): { origin: string; vkey: string } | undefined {
    const { origin, vkey } = this.#description
    return origin === undefined || vkey === undefined ? undefined : { origin, vkey }
  }

  get next(): string | undefined {
    return this.#description.next
  }

  /** Has the signer mint a key for this origin, unless it signs for one already; see `identity` for which. */
  async adopt(origin: string): Promise<void> {
    await this.#ask({ ask: 'adopt', origin })
  }

  head(): SignedHead | undefined {
    const { head } = this.#description
    if (head === undefined) return undefined
    const { size, root } = parseCheckpoint(parseNote(head).text)
    return { size, root, note: head }
  }

  /** Its process made what it describes durable before it answered, and cleans up after itself. */
  makeDurable(): Promise<void> {
    return Promise.resolve()
  }

  removeLeftovers(): Promise<void> {
    return Promise.resolve()
  }

  async begin(): Promise<void> {
    await this.#ask({ ask: 'begin' })
  }

  async accept(range: CompactRange): Promise<void> {
    await this.#ask({ ask: 'accept', size: range.size, root: toBase64(range.root()) })
  }

  async resume(range: CompactRange): Promise<void> {
    await this.#ask({ ask: 'resume', size: range.size, root: toBase64(range.root()) })
  }

  async advance(size: number, expectedRoot: Uint8Array): Promise<string> {
    return this.#headOf(await this.#ask({ ask: 'advance', size, root: toBase64(expectedRoot) }), size)
  }

  async stateRotation(from: number): Promise<string> {
    const { statement } = await this.#ask({ ask: 'stateRotation', from })
    if (statement === undefined) throw new SigningRefused('the signer stated no rotation')
    return statement
  }

  async countersign(size: number): Promise<string> {
    return this.#headOf(await this.#ask({ ask: 'countersign', size }), size)
  }

  async promote(vkey: string): Promise<void> {
    await this.#ask({ ask: 'promote', vkey })
  }

  #headOf({ head }: SignerDescription, size: number): string {
    if (head === undefined || parseCheckpoint(parseNote(head).text).size !== size)
      throw new SigningRefused(`the signer did not sign size ${size}`)
    return head
  }

  async #ask(question: SignerQuestion): Promise<SignerDescription> {
    const answer = await this.#answerTo(question)
    if ('refused' in answer) throw new SigningRefused(answer.refused.message, answer.refused.code)
    this.#description = answer.description
    return answer.description
  }

  async #answerTo(question: SignerQuestion): Promise<SignerAnswer> {
    try {
      return JSON.parse(await this.#send(JSON.stringify(question))) as SignerAnswer
    } catch (error) {
      throw new SignerUnavailable(reasonOf(error))
    }
  }
}
