/**
 * Chance that can be told again: the same label gives the same numbers on every machine and in every run.
 *
 * The generator is sfc32 (Chris Doty-Humphrey's Small Fast Counting PRNG), seeded from a text. Fit for stories,
 * never for secrets.
 */
export class Chance {
  readonly #label: string
  readonly #state: Uint32Array

  constructor(label: string) {
    this.#label = label
    this.#state = stateOf(label)
    for (let i = 0; i < 12; i++) this.#word()
  }

  /** An independent chance, the same whenever it is asked for. */
  fork(label: string | number): Chance {
    return new Chance(`${this.#label}/${label}`)
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.#word() / 2 ** 32
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.next()
  }

  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return from + Math.floor((to - from + 1) * this.next())
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  /** Normal with mean 0 and standard deviation 1 (Box and Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
  }

  /** Log-normal around its median; `spread` is the standard deviation of the logarithm. */
  around(median: number, spread: number): number {
    return median * Math.exp(spread * this.normal())
  }

  /** Exponential with the given mean, the gap between unrelated arrivals. */
  gap(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next() * choices.length)]!
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][]
    let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      rest -= weight
      if (rest < 0) return key
    }
    return entries.at(-1)![0]
  }

  /** `digits` lower-case hexadecimal digits. */
  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.#word().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }

  /** A UUIDv7 (RFC 9562 §5.7) for a moment in Unix ms. */
  uuid(at: number): string {
    const time = at.toString(16).padStart(12, '0')
    const variant = '89ab'[this.integer(0, 3)]!
    return `${time.slice(0, 8)}-${time.slice(8)}-7${this.hex(3)}-${variant}${this.hex(3)}-${this.hex(12)}`
  }

  #word(): number {
    const s = this.#state
    const word = (s[0]! + s[1]! + s[3]!) >>> 0
    s[3] = s[3]! + 1
    s[0] = s[1]! ^ (s[1]! >>> 9)
    s[1] = s[2]! + (s[2]! << 3)
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + word
    return word
  }
}

/** Four words from a text: FNV-1a, started four times over. */
function stateOf(label: string): Uint32Array {
  return Uint32Array.from([0, 1, 2, 3], (lane) => {
    let hash = (0x811c9dc5 ^ Math.imul(lane, 0x9e3779b9)) >>> 0
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193) >>> 0
    return hash
  })
}
