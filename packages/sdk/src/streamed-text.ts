/*
 * The text of a streamed answer, put together as it comes, and how long its first piece took.
 */
import type { Decision } from './decision.ts'

/** As much as is kept. */
const CHARACTERS_MAX = 1024 * 1024

export class StreamedText {
  readonly #startedMs = performance.now()
  #firstMs: number | undefined
  #characters = 0
  #text = ''

  /** Something of the answer came, be it text or not. */
  began(): void {
    this.#firstMs ??= performance.now()
  }

  add(piece: unknown): void {
    if (typeof piece !== 'string' || piece === '') return
    this.began()
    this.#characters += piece.length
    this.#text += piece.slice(0, CHARACTERS_MAX - this.#text.length)
  }

  get text(): string {
    return this.#text
  }

  /** What a record says of the streaming; it always names the time of the first piece, though it be undefined. */
  facts(): Partial<Decision> {
    const isCut = this.#characters > this.#text.length
    return {
      timeToFirstTokenMs:
        this.#firstMs === undefined ? undefined : Math.round((this.#firstMs - this.#startedMs) * 1000) / 1000,
      ...(isCut && {
        streamedCharacters: this.#characters,
        streamedCharactersKept: this.#text.length,
      }),
    }
  }
}
