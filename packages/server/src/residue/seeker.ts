import type { Spelling } from './spellings.ts'

/** Something to look for, by the name it has in reports. */
export interface Sought {
  /** Such as `the subject`; never the text itself. */
  readonly name: string
  readonly spellings: readonly Spelling[]
}

/** Looks for everything at once. */
export class Seeker {
  readonly #needles: readonly { readonly what: string; readonly bytes: Buffer }[]
  /** Bytes that a piece must be shown again with the next, so that nothing hides across the cut. */
  readonly overlap: number

  constructor(sought: readonly Sought[]) {
    this.#needles = sought.flatMap(({ name, spellings }) =>
      spellings.map(({ kind, bytes }) => ({ what: `${name} as ${kind}`, bytes })),
    )
    this.overlap = Math.max(0, ...this.#needles.map(({ bytes }) => bytes.length - 1))
  }

  /** What of it stands in these bytes, each named once. */
  in(bytes: Uint8Array): string[] {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    return [...new Set(this.#needles.filter((needle) => view.includes(needle.bytes)).map(({ what }) => what))]
  }

  inText(text: string): string[] {
    return this.in(Buffer.from(text))
  }
}

/** Bytes that come in pieces, searched as one. */
export class Stream {
  readonly #seeker: Seeker
  readonly #found = new Set<string>()
  #tail: Uint8Array = new Uint8Array(0)
  bytes = 0

  constructor(seeker: Seeker) {
    this.#seeker = seeker
  }

  push(piece: Uint8Array): void {
    const whole = Buffer.concat([this.#tail, piece])
    for (const what of this.#seeker.in(whole)) this.#found.add(what)
    this.#tail = whole.subarray(Math.max(0, whole.length - this.#seeker.overlap))
    this.bytes += piece.length
  }

  get found(): string[] {
    return [...this.#found]
  }
}
