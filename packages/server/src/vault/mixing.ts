/**
 * Context mixing, the coding of payloads that are prose; `packages/server/assembly/mixing.ts` explains how. One model for each dictionary: what is
 * in front of every text, `PROSE` and then the dictionary, is read once.
 *
 * A call writes its input to memory that never grows, runs, and copies its answer out. A text stays in that memory until the next
 * overwrites it, as it would in any buffer of the process.
 */
import { concatBytes } from '@deponent/format'
import { MIXING_WASM } from './mixing.wasm.ts'
import { PROSE } from './prose.ts'

/** What of WebAssembly is used here: the types of Node do not name it. */
interface Engine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

interface Constant {
  readonly value: number
}

/** What the module exports; the meaning of each is said in its source. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly PRIME_BYTES_MAX: Constant
  readonly TEXT_BYTES_MAX: Constant
  readonly CODED_BYTES_MAX: Constant
  readonly PRIME: Constant
  readonly CODED: Constant
  prime(length: number): void
  textAt(): number
  encode(length: number): number
  decode(length: number, textLength: number): number
}

/** Models kept in memory, 5 MiB each; another dictionary takes the place of the one unused for longest. */
const MODELS_MAX = 4

const { WebAssembly } = globalThis as unknown as { WebAssembly: Engine }
let compiled: object | undefined
const models = new Map<Uint8Array, Mixing>()

export class Mixing {
  readonly #wasm: Exports
  readonly #memory: Uint8Array

  /** Of a dictionary that is longer, its end counts. */
  constructor(dictionary: Uint8Array) {
    compiled ??= new WebAssembly.Module(Buffer.from(MIXING_WASM, 'base64'))
    this.#wasm = new WebAssembly.Instance(compiled).exports as Exports
    this.#memory = new Uint8Array(this.#wasm.memory.buffer)
    const before = concatBytes(PROSE, dictionary).slice(-this.#wasm.PRIME_BYTES_MAX.value)
    this.#memory.set(before, this.#wasm.PRIME.value)
    this.#wasm.prime(before.length)
  }

  /** Undefined for a text that is too long, or that would hardly become shorter. */
  encode(text: Uint8Array): Uint8Array | undefined {
    if (text.length > this.#wasm.TEXT_BYTES_MAX.value) return undefined
    this.#memory.set(text, this.#wasm.textAt())
    const length = this.#wasm.encode(text.length)
    if (length > this.#wasm.CODED_BYTES_MAX.value) return undefined
    return this.#memory.slice(this.#wasm.CODED.value, this.#wasm.CODED.value + length)
  }

  /** The text of so many bytes; undefined when `coded` cannot be one. Bytes that were never encoded may also give any text. */
  decode(coded: Uint8Array, length: number): Uint8Array | undefined {
    const { TEXT_BYTES_MAX, CODED_BYTES_MAX, CODED } = this.#wasm
    if (length > TEXT_BYTES_MAX.value || coded.length > CODED_BYTES_MAX.value) return undefined
    this.#memory.set(coded, CODED.value)
    if (this.#wasm.decode(coded.length, length) === 0) return undefined
    return this.#memory.slice(this.#wasm.textAt(), this.#wasm.textAt() + length)
  }
}

/** The model primed with this dictionary. */
export function mixingWith(dictionary: Uint8Array): Mixing {
  const model = models.get(dictionary) ?? new Mixing(dictionary)
  models.delete(dictionary)
  models.set(dictionary, model)
  if (models.size > MODELS_MAX) models.delete(models.keys().next().value!)
  return model
}
