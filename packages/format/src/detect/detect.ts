/**
 * Finds, by its form alone, what identifies a person or opens something: never what kind of person it is. A pattern that is not
 * listed in docs/privacy.md is not found, and names of people and addresses in words are among those.
 */
import { holdsMail, holdsPhone } from './contact.ts'
import { folded } from './folded.ts'
import { type Country, nationalIdIn } from './national-ids.ts'
import { holdsIpv4, holdsIpv6, holdsMac } from './network.ts'
import { holdsCard, holdsIban } from './payment.ts'
import { type Secret, secretIn } from './secrets.ts'
import { type Shape, shapeOf } from './shape.ts'

export type DetectorName =
  | 'mail'
  | 'phone'
  | 'iban'
  | 'card'
  | 'ipv4'
  | 'ipv6'
  | 'mac'
  | `national_id.${Country}`
  | Secret

/** Of a longer text only so many characters are looked at; such texts never enter the index. */
export const SCANNED_CHARACTERS_MAX = 1_024

/** Shortest text that can hold any of what is looked for. */
const CHARACTERS_MIN = 6
/** The shortest IBAN, Norway's, and the shortest card and telephone numbers. */
const IBAN_CHARACTERS_MIN = 15
const CARD_DIGITS_MIN = 13
/** No other number is longer where it is written in one: digests and ids of traces are not looked at further. */
const WORD_CHARACTERS_MAX = 18
const ONE_WORD = /^[0-9A-Za-z]+$/
const PHONE_DIGITS_MIN = 8

/** What is found in a text first, by order of how sure it is; undefined when nothing is. */
export function detect(text: string): DetectorName | undefined {
  const scanned = scannedOf(text)
  const shape = shapeOf(scanned)
  const found = detectIn(scanned, shape)
  if (found !== undefined || shape.isAscii) return found
  // As it stands it comes first: what was folded is the less sure.
  const plain = scannedOf(folded(scanned))
  return plain === scanned ? undefined : detectIn(plain, shapeOf(plain))
}

function scannedOf(text: string): string {
  return text.length > SCANNED_CHARACTERS_MAX ? text.slice(0, SCANNED_CHARACTERS_MAX) : text
}

function detectIn(scanned: string, shape: Shape): DetectorName | undefined {
  if (scanned.length < CHARACTERS_MIN) return undefined
  return (
    (shape.hasLetter ? secretIn(scanned) : undefined) ??
    (shape.hasAt && holdsMail(scanned) ? 'mail' : undefined) ??
    numberIn(scanned, shape) ??
    addressIn(scanned, shape)
  )
}

/** What is found in a number that is written as one: card numbers alone, whose form says enough. */
export function detectInNumber(value: number): DetectorName | undefined {
  return value >= 1e12 && Number.isSafeInteger(value) && holdsCard(`${value}`) ? 'card' : undefined
}

function numberIn(text: string, shape: Shape): DetectorName | undefined {
  const { digitRun, hasLetter } = shape
  if (digitRun < 2) return undefined
  if (hasLetter && text.length >= IBAN_CHARACTERS_MIN && holdsIban(text)) return 'iban'
  if (digitRun >= CARD_DIGITS_MIN && holdsCard(text)) return 'card'
  if (text.length > WORD_CHARACTERS_MAX && ONE_WORD.test(text)) return undefined
  const country = nationalIdIn(text, shape)
  if (country) return `national_id.${country}`
  return digitRun >= PHONE_DIGITS_MIN && holdsPhone(text, shape) ? 'phone' : undefined
}

function addressIn(text: string, { colons, dots }: Shape): DetectorName | undefined {
  if (dots >= 3 && holdsIpv4(text)) return 'ipv4'
  if (colons >= 2 && holdsIpv6(text)) return 'ipv6'
  if ((colons >= 5 || dots >= 2 || text.includes('-')) && holdsMac(text)) return 'mac'
  return undefined
}
