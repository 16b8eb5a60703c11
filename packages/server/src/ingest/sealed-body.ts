/**
 * Bodies that come sealed: what a sender kept on its own disk while this server was away, and could not read itself any more. The key
 * to seal to is told in every answer to recording.
 */
import { FormatError, openBatch, sealingPublicKey, SEALED_BATCH_TYPE, toBase64 } from '@deponent/format'
import { BodyError } from './body-error.ts'
import { decompress } from './decompress.ts'

export class SealedBodies {
  readonly #secret: Uint8Array
  /** Base64 of the key that is sealed to. */
  readonly publicKey: string

  /** `secret` is 32 bytes. */
  constructor(secret: Uint8Array) {
    this.#secret = secret
    this.publicKey = toBase64(sealingPublicKey(secret))
  }

  /** Whether a body of this Content-Type is one. */
  static isType(contentType: string | undefined): boolean {
    return contentType?.trim().toLowerCase() === SEALED_BATCH_TYPE
  }

  /** The lines inside, decompressed. @throws {BodyError} `bad_sealing`, and what `decompress` throws */
  async open(body: Uint8Array): Promise<Uint8Array> {
    const { head, body: lines } = await this.#opened(body)
    return decompress(head.coding, lines)
  }

  async #opened(body: Uint8Array): ReturnType<typeof openBatch> {
    try {
      return await openBatch(Uint8Array.from(body), this.#secret)
    } catch (error) {
      if (error instanceof FormatError) throw new BodyError('bad_sealing', error.message)
      throw error
    }
  }
}
