import { FormatError } from './error.ts'
import { readJson } from './json/read.ts'

/**
 * A value at a place of a JSON document that must have an exact shape. Every misfit is a FormatError with
 * the code of the document and the path of the place; it never echoes the value.
 */
export class Field {
  readonly #value: unknown
  readonly #path: string
  readonly #code: string

  private constructor(value: unknown, path: string, code: string) {
    this.#value = value
    this.#path = path
    this.#code = code
  }

  /** The whole document, from its text or already parsed. A text with repeated names is refused. */
  static document(json: unknown, code: string): Field {
    const document = new Field(json, '', code)
    if (typeof json !== 'string') return document
    const { value, faults } = document.decode(readJson, 'not JSON')
    if (faults.length > 0) throw document.misfit('JSON that readers may disagree on')
    return new Field(value, '', code)
  }

  /** Whether there is nothing here. */
  get absent(): boolean {
    return this.#value === undefined
  }

  /** Whether `null` stands here. */
  get isNull(): boolean {
    return this.#value === null
  }

  /** Whether `true` stands here. */
  get isTrue(): boolean {
    return this.#value === true
  }

  /** The field of an object; it may be absent. */
  field(name: string): Field {
    const object = this.#object()
    const value = Object.hasOwn(object, name) ? object[name] : undefined
    return new Field(value, `${this.#path}/${name}`, this.#code)
  }

  /** Refuses an object that has a field besides these. */
  only(...names: readonly string[]): this {
    if (Object.keys(this.#object()).every((name) => names.includes(name))) return this
    throw this.misfit(`has a field other than ${names.join(', ')}`)
  }

  /** The elements of a list. */
  list(): Field[] {
    if (!Array.isArray(this.#value)) throw this.misfit('not a list')
    return this.#value.map((item: unknown, i) => new Field(item, `${this.#path}/${i}`, this.#code))
  }

  /** The elements of a list of texts. */
  texts(): string[] {
    const list: unknown = this.#value
    if (!Array.isArray(list)) throw this.misfit('not a list')
    if (!list.every((item: unknown) => typeof item === 'string'))
      throw this.misfit('holds what is not a text')
    return list
  }

  /** The names of the fields of an object. */
  members(): string[] {
    return Object.keys(this.#object())
  }

  /** A text. */
  text(): string {
    if (typeof this.#value !== 'string') throw this.misfit('not a text')
    return this.#value
  }

  /** An integer in 0..2^53−1. */
  position(): number {
    const value = this.#value
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.misfit('not an integer in 0..2^53-1')
    }
    return value
  }

  /** What a decoder of ours makes of the text here. */
  decode<T>(decoder: (text: string) => T, message?: string): T {
    const text = this.text()
    try {
      return decoder(text)
    } catch (error) {
      if (error instanceof FormatError) throw this.misfit(message ?? error.message)
      throw error
    }
  }

  /** The error that says what is wrong here. */
  misfit(message: string): FormatError {
    return new FormatError(this.#code, message, this.#path)
  }

  #object(): Readonly<Record<string, unknown>> {
    if (!isRecord(this.#value)) throw this.misfit('not an object')
    return this.#value
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
