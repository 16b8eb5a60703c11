/** Account and card numbers, told from other numbers by their check digits. */
import { digitsOf } from './shape.ts'

/** Length of an IBAN by country, from the SWIFT registry. */
const IBAN_LENGTHS = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18
  FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25
  MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24
  SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
)

const IBAN_START = /(?<![A-Za-z0-9])([A-Za-z]{2})\d{2}(?=[ -]?[A-Za-z0-9])/g

/** Whether an IBAN stands anywhere in the text, with or without spaces. */
export function holdsIban(text: string): boolean {
  for (const start of text.matchAll(IBAN_START)) {
    const length = IBAN_LENGTHS.get(start[1]!.toUpperCase())
    if (length !== undefined && isIban(text, start.index, length)) return true
  }
  return false
}

/** Reads `length` letters and digits, single spaces or dashes between them, and checks them (ISO 7064, mod 97-10). */
function isIban(text: string, start: number, length: number): boolean {
  let read = ''
  let i = start
  for (; i < text.length && read.length < length; i += 1) {
    const character = text[i]!
    if (/[A-Za-z0-9]/.test(character)) read += character
    else if (!/[ -]/.test(character) || !/[A-Za-z0-9]/.test(text[i - 1]!)) return false
  }
  if (read.length < length || /[A-Za-z0-9]/.test(text[i] ?? '')) return false
  const turned = `${read.slice(4)}${read.slice(0, 4)}`.toUpperCase()
  let rest = 0
  for (const character of turned) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** ISO/IEC 7812: the first digits of issuers, and how long their numbers are. */
const CARDS: readonly RegExp[] = [
  /^4(?:\d{12}|\d{15}|\d{18})$/,
  /^(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/,
  /^3[47]\d{13}$/,
  /^(?:6011|64[4-9]\d|65\d{2})\d{12,15}$/,
  /^(?:352[89]|35[3-8]\d)\d{12}$/,
  /^62\d{14,17}$/,
  /^(?:30[0-5]\d|36\d{2}|3[89]\d{2})\d{10}$/,
]

const CARD = /(?<![\w.,+-])\d(?:[ -]?\d){12,18}(?![\w-]|[.,]\d)/g

/** Whether a payment card number stands anywhere in the text. */
export function holdsCard(text: string): boolean {
  return [...text.matchAll(CARD)].some(([found]) => isCard(digitsOf(found)))
}

function isCard(digits: string): boolean {
  return CARDS.some((pattern) => pattern.test(digits)) && luhn(digits) && !/^(\d)\1+$/.test(digits)
}

/** The check digit of ISO/IEC 7812-1, annex B. */
export function luhn(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2
  }
  return sum % 10 === 0
}
