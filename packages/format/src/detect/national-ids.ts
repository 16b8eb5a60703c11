/**
 * Numbers a state gives a person. Most have check digits. A number is taken for one when it is written with the separators of its
 * country, or when its check digits and its inner form together leave little to chance; nine bare digits are taken for nothing.
 */
import { luhn } from './payment.ts'
import { digitsOf, type Shape } from './shape.ts'

export type Country =
  | 'be'
  | 'br'
  | 'ca'
  | 'ch'
  | 'cn'
  | 'cz'
  | 'de'
  | 'dk'
  | 'es'
  | 'fi'
  | 'fr'
  | 'gb'
  | 'in'
  | 'it'
  | 'kr'
  | 'nl'
  | 'no'
  | 'pl'
  | 'se'
  | 'us'

interface NationalId {
  readonly country: Country
  /** Digits in a row it has at least, separators between them left out: what has fewer is not looked at. */
  readonly digits: number
  /** Where one may stand; `isValid` is asked of what was found, its separators taken out. */
  readonly pattern: RegExp
  readonly isValid: (found: string) => boolean
}

const BEFORE = String.raw`(?<![\w.,+/-])`
const AFTER = String.raw`(?![\w/-]|[.,]\d)`
const bounded = (pattern: string): RegExp => new RegExp(`${BEFORE}(?:${pattern})${AFTER}`, 'gi')

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * (digits.charCodeAt(i) - 48), 0)
}

/** Month 1 to 12 and a day that month may have. */
function isDay(month: number, day: number): boolean {
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= (month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31)
  )
}

const numberAt = (digits: string, from: number, to: number): number => Number(digits.slice(from, to))

/** Steuer-ID: one of the first ten digits comes two or three times, and no other more than once; ISO 7064, mod 11,10. */
function isGerman(digits: string): boolean {
  const counts = new Map<string, number>()
  for (const digit of digits.slice(0, 10)) counts.set(digit, (counts.get(digit) ?? 0) + 1)
  const repeated = [...counts.values()].filter((count) => count > 1)
  if (digits.startsWith('0') || repeated.length !== 1 || repeated[0]! > 3) return false
  let product = 10
  for (const digit of digits.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10
    product = (sum * 2) % 11
  }
  return (11 - product) % 10 === Number(digits[10])
}

/** NIR: thirteen characters and a key of two, mod 97; Corsica writes 2A and 2B. */
function isFrench(found: string): boolean {
  const body = found.slice(0, 13)
  const month = Number(body.slice(3, 5))
  if (!((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50)) return false
  const corsica = body[6] === 'A' ? 1_000_000 : body[6] === 'B' ? 2_000_000 : 0
  const value = Number(body.replace(/[AB]/, '0')) - corsica
  return 97 - (value % 97) === Number(found.slice(13))
}

const SPANISH_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'

function isSpanish(found: string): boolean {
  const first = 'XYZ'.indexOf(found[0]!)
  const number = Number((first >= 0 ? `${first}` : found[0]!) + found.slice(1, 8))
  return SPANISH_LETTERS[number % 23] === found[8]
}

const ODD_VALUES = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
]

function isItalian(found: string): boolean {
  let sum = 0
  for (let i = 0; i < 15; i += 1) {
    const code = found.charCodeAt(i)
    const value = code >= 65 ? code - 65 : code - 48
    sum += i % 2 === 0 ? ODD_VALUES[value]! : value
  }
  return sum % 26 === found.charCodeAt(15) - 65
}

/** PESEL: the century hides in the month. */
function isPolish(digits: string): boolean {
  const month = numberAt(digits, 2, 4) % 20
  if (!isDay(month, numberAt(digits, 4, 6))) return false
  return weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0
}

/** Personnummer; sixty is added to the day of a coordination number. */
function isSwedish(digits: string): boolean {
  const ten = digits.slice(-10)
  return isDay(numberAt(ten, 2, 4), numberAt(ten, 4, 6) % 60) && luhn(ten)
}

function isNorwegian(digits: string): boolean {
  if (!isDay(numberAt(digits, 2, 4) % 40, numberAt(digits, 0, 2) % 40)) return false
  return (
    weighted(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
    weighted(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0
  )
}

const FINNISH_MARKS = '0123456789ABCDEFHJKLMNPRSTUVWXY'

function isFinnish(found: string): boolean {
  const digits = digitsOf(found.slice(0, 10))
  if (!isDay(numberAt(digits, 2, 4), numberAt(digits, 0, 2))) return false
  return FINNISH_MARKS[Number(digits.slice(0, 9)) % 31] === found.at(-1)
}

function isBelgian(digits: string): boolean {
  const [body, key] = [digits.slice(0, 9), Number(digits.slice(9))]
  return [body, `2${body}`].some((number) => 97 - (Number(number) % 97) === key)
}

/** AHV number: a European article number under 756. */
function isSwiss(digits: string): boolean {
  return weighted(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0
}

/** Birth number; fifty is added to the month of women, twenty more where a day's numbers ran out. */
function isCzech(digits: string): boolean {
  return isDay((numberAt(digits, 2, 4) % 50) % 20, numberAt(digits, 4, 6)) && Number(digits) % 11 === 0
}

function isAmerican(digits: string): boolean {
  return !/^(?:000|666|9)/.test(digits) && digits.slice(3, 5) !== '00' && digits.slice(5) !== '0000'
}

const BRITISH_NEVER = new Set(['BG', 'GB', 'KN', 'NK', 'NT', 'TN', 'ZZ'])

function isBrazilian(digits: string): boolean {
  const check = (count: number): number => {
    const weights = Array.from({ length: count }, (_, i) => count + 1 - i)
    return ((weighted(digits, weights) * 10) % 11) % 10
  }
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]) && !/^(\d)\1+$/.test(digits)
}

/** GB 11643: date of birth and a key mod 11-2, ten written X. */
function isChinese(found: string): boolean {
  if (!/^(?:18|19|20)/.test(found.slice(6)) || !isDay(numberAt(found, 10, 12), numberAt(found, 12, 14)))
    return false
  const sum = weighted(found, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
  return '10X98765432'[sum % 11] === found[17]
}

function isKorean(digits: string): boolean {
  if (!isDay(numberAt(digits, 2, 4), numberAt(digits, 4, 6))) return false
  return (11 - (weighted(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10 === Number(digits[12])
}

/** The dihedral group of order ten (Verhoeff 1969), made rather than written out. */
function dihedral(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)
  return b < 5 ? 5 + ((a - b + 5) % 5) : (a - b + 5) % 5
}

const VERHOEFF_STEP = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

function isIndian(digits: string): boolean {
  let check = 0
  for (let i = 0; i < digits.length; i += 1) {
    let value = digits.charCodeAt(digits.length - 1 - i) - 48
    for (let step = 0; step < i % 8; step += 1) value = VERHOEFF_STEP[value]!
    check = dihedral(check, value)
  }
  return check === 0
}

/** The eleven-test, last digit counted negative. */
function isDutch(digits: string): boolean {
  return weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0
}

const NATIONAL_IDS: readonly NationalId[] = [
  { country: 'de', digits: 11, pattern: bounded(String.raw`\d{2} ?\d{3} ?\d{3} ?\d{3}`), isValid: isGerman },
  {
    country: 'fr',
    digits: 7,
    pattern: bounded(String.raw`[12378] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}`),
    isValid: isFrench,
  },
  {
    country: 'es',
    digits: 7,
    pattern: bounded(String.raw`[XYZ]-?\d{7}-?[A-Z]|\d{8}-?[A-Z]|\d{2}\.\d{3}\.\d{3}-?[A-Z]`),
    isValid: isSpanish,
  },
  {
    country: 'it',
    digits: 2,
    pattern: bounded(String.raw`[A-Z]{6} ?\d{2}[A-EHLMPRST]\d{2} ?[A-Z]\d{3}[A-Z]`),
    isValid: isItalian,
  },
  { country: 'pl', digits: 11, pattern: bounded(String.raw`\d{11}`), isValid: isPolish },
  { country: 'no', digits: 11, pattern: bounded(String.raw`\d{6} ?\d{5}`), isValid: isNorwegian },
  { country: 'se', digits: 10, pattern: bounded(String.raw`(?:19|20)?\d{6}[-+]\d{4}`), isValid: isSwedish },
  {
    country: 'fi',
    digits: 6,
    pattern: bounded(String.raw`\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]`),
    isValid: isFinnish,
  },
  {
    country: 'dk',
    digits: 10,
    pattern: bounded(String.raw`\d{6}-\d{4}`),
    isValid: (digits) => isDay(numberAt(digits, 2, 4), numberAt(digits, 0, 2)),
  },
  {
    country: 'be',
    digits: 11,
    pattern: bounded(String.raw`\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}`),
    isValid: isBelgian,
  },
  { country: 'ch', digits: 13, pattern: bounded(String.raw`756\.?\d{4}\.?\d{4}\.?\d{2}`), isValid: isSwiss },
  {
    country: 'cz',
    digits: 10,
    pattern: new RegExp(String.raw`(?<![\w.,+/-])\d{6}/\d{4}(?![\w/-])`, 'g'),
    isValid: isCzech,
  },
  { country: 'us', digits: 9, pattern: bounded(String.raw`\d{3}-\d{2}-\d{4}`), isValid: isAmerican },
  {
    country: 'gb',
    digits: 6,
    pattern: bounded(String.raw`[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]`),
    isValid: (found) => !BRITISH_NEVER.has(found.slice(0, 2)),
  },
  {
    country: 'br',
    digits: 11,
    pattern: bounded(String.raw`\d{3}\.\d{3}\.\d{3}-\d{2}`),
    isValid: isBrazilian,
  },
  { country: 'cn', digits: 17, pattern: bounded(String.raw`[1-8]\d{16}[0-9X]`), isValid: isChinese },
  { country: 'kr', digits: 13, pattern: bounded(String.raw`\d{6}-[1-8]\d{6}`), isValid: isKorean },
  { country: 'in', digits: 12, pattern: bounded(String.raw`[2-9]\d{3} \d{4} \d{4}`), isValid: isIndian },
  { country: 'ca', digits: 9, pattern: bounded(String.raw`[1-79]\d{2}-\d{3}-\d{3}`), isValid: luhn },
  {
    country: 'nl',
    digits: 9,
    pattern: bounded(String.raw`(?:\d{4}\.\d{2}\.\d{3}|\d{3}\.\d{3}\.\d{3})`),
    isValid: isDutch,
  },
]

/** The Italian code is mostly letters, and few texts begin like one. */
const CODICE_CHARACTERS = 16
const CODICE_BEGINS = /[A-Z]{6} ?\d{2}/i

const DUTCH_DIGITS = 9

/** Where the word before a bare number says what it is: `BSN 111222333`. */
const NAMED_DUTCH = /\b(?:bsn|burgerservicenummer)\W{1,4}(\d{9})(?!\d)/i

/** The country one of whose numbers stands somewhere in the text, if any. */
export function nationalIdIn(text: string, { digitRun }: Shape): Country | undefined {
  for (const { country, digits, pattern, isValid } of NATIONAL_IDS) {
    if (
      digitRun < digits ||
      (country === 'it' && (text.length < CODICE_CHARACTERS || !CODICE_BEGINS.test(text)))
    )
      continue
    for (const [found] of text.matchAll(pattern))
      if (isValid(found.replace(/[ ./+-]/g, '').toUpperCase())) return country
  }
  if (digitRun < DUTCH_DIGITS) return undefined
  const dutch = NAMED_DUTCH.exec(text)
  return dutch && isDutch(dutch[1]!) ? 'nl' : undefined
}
