/** Texts as a person reads them: the same digits, signs and spaces whichever of their forms was written. */

/** Nothing to be seen: zero-width spaces and joiners, marks of direction, soft hyphens, selectors of variants. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu
const DIGIT = /\p{Nd}/u
const DIGITS = /\p{Nd}/gu
const SPACES = /\p{Zs}/gu
/** Hyphens, dashes and the minus sign. */
const DASHES = /[\p{Pd}\u2212]/gu
/** Full stops of names of hosts, by UTS #46. */
const STOPS = /[\u3002\uff61]/gu

/** A copy in Unicode's compatibility form (NFKC) without what cannot be seen, with ASCII digits, spaces and dashes. */
export function folded(text: string): string {
  return text
    .normalize('NFKC')
    .replace(UNSEEN, '')
    .replace(DIGITS, asciiDigit)
    .replace(SPACES, ' ')
    .replace(DASHES, '-')
    .replace(STOPS, '.')
}

/** Digits of one script follow each other from zero on, and no two scripts do without a gap once NFKC took the mathematical ones away. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0)!
  let zero = code
  while (DIGIT.test(String.fromCodePoint(zero - 1))) zero -= 1
  return `${(code - zero) % 10}`
}
