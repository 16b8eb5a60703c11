/** Mail addresses and telephone numbers. Every pattern is bounded, so that the work for a text grows with its length alone. */
import { digitsOf, type Shape } from './shape.ts'

/** RFC 5321: at most 64 octets before the sign, 255 behind it; letters of any script (RFC 6531). */
const LOCAL = /[\p{L}\p{N}._%+'-]{1,64}$/u
const DOMAIN =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}(?:\p{L}{2,24}|xn--[a-z0-9-]{1,59})(?![\p{L}\p{N}_-])/u
const SIGNS_MAX = 8

/** Whether a mail address stands anywhere in the text. */
export function holdsMail(text: string): boolean {
  let at = text.indexOf('@')
  for (let seen = 0; at >= 0 && seen < SIGNS_MAX; seen += 1) {
    const before = text.slice(Math.max(0, at - 64), at)
    if (LOCAL.test(before) && DOMAIN.test(text.slice(at + 1, at + 256))) return true
    at = text.indexOf('@', at + 1)
  }
  return false
}

/** Calling codes by ITU-T E.164, those of one digit as they are, others by their first two or all three digits. */
const ONE_DIGIT_CODES = new Set(['1', '7'])
const TWO_DIGIT_CODES = new Set(
  `20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94
  95 98`.split(/\s+/),
)
const THREE_DIGIT_STARTS = new Set(
  '21 22 23 24 25 26 29 35 37 38 42 50 59 67 68 69 80 85 87 88 96 97 99'.split(' '),
)

function hasCallingCode(digits: string): boolean {
  const two = digits.slice(0, 2)
  return ONE_DIGIT_CODES.has(digits[0]!) || TWO_DIGIT_CODES.has(two) || THREE_DIGIT_STARTS.has(two)
}

const INTERNATIONAL = /(?<![\w+])(?:\+ ?|00(?=[1-9]\d{0,2}[ ./()-]))\d(?:[ ./()\u00a0-]{0,3}\d){6,14}(?!\d)/g

/** Written as inside a country, with the separators that tell a telephone number from any other number. */
const NATIONAL: readonly RegExp[] = [
  // North America: (212) 555-0123, 212-555-0123, 1-212-555-0123.
  /(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[ .-]\d{4}(?![\w-]|\.\d)/,
  // France: five pairs.
  /(?<![\w.+-])0[1-9](?:[ .-]\d{2}){4}(?![\w-]|\.\d)/,
  // Spain and Poland: nine digits in threes, or three and pairs, beginning as their numbers do.
  /(?<![\w.,+-])(?!\d{3}[ -]000)[4-9]\d{2}[ -]\d{3}[ -](?!000)\d{3}(?![\w,-]|[ .]\d)/,
  /(?<![\w.,+-])[6-9]\d{2} \d{2} \d{2} \d{2}(?![\w,-]|[ .]\d)/,
  // China and Italy: mobile numbers.
  /(?<![\w.+-])1[3-9]\d[ -]\d{4}[ -]\d{4}(?![\w-]|\.\d)/,
  /(?<![\w.+-])3[1-9]\d[ ./-]\d{3}[ .-]?\d{3,4}(?![\w,-]|[ .]\d)/,
]

/** With the zero one dials within a country: Germany, the United Kingdom, Italy, the Netherlands, Japan and many others. */
const TRUNK_ZERO = /(?<![\w.,+-])\(?0[1-9]\d{0,4}\)?[ /-]{1,3}\d{2,8}(?:[ -]\d{2,5}){0,3}(?![\w,-]|\.\d)/g
/** Dates that begin with a zero as such numbers do: a day and a month in either order and their year, or a month and its year. */
const DATE =
  /(?<![\w.,+-])(?:(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\1|0[1-9][./-])(?:19|20)\d{2}(?![\w/-])/g
const TRUNK_DIGITS_MIN = 9
const TRUNK_DIGITS_MAX = 12
const CANDIDATES_MAX = 16

/** Whether a telephone number stands anywhere in the text. */
export function holdsPhone(text: string, { digitRun, hasPlus }: Shape): boolean {
  if (hasPlus || text.includes('00')) {
    for (const candidate of candidates(INTERNATIONAL, text)) {
      const digits = digitsOf(candidate).replace(/^00/, '')
      if (digits.length >= 8 && digits.length <= 15 && hasCallingCode(digits)) return true
    }
  }
  if (digitRun < TRUNK_DIGITS_MIN) return false
  if (NATIONAL.some((pattern) => pattern.test(text))) return true
  return candidates(TRUNK_ZERO, text.replace(DATE, ';')).some((candidate) => {
    const { length } = digitsOf(candidate)
    return length >= TRUNK_DIGITS_MIN && length <= TRUNK_DIGITS_MAX
  })
}

function candidates(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].slice(0, CANDIDATES_MAX).map(([found]) => found)
}
