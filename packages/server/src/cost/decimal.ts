/**
 * Money and other decimals as integers. What people write has at most nine digits behind the point and is kept in units of 10⁻⁹; a
 * product of two such is exact in units of 10⁻¹⁸. Rounding happens once, when an amount is printed.
 */

/** At most 12 digits in front of the point and 9 behind it; no sign, no exponent. */
export const DECIMAL = /^\d{1,12}(?:\.\d{1,9})?$/

const NANO_DIGITS = 9
const ATTO_DIGITS = 18
export const ATTOS_OF_NANO = 10n ** 9n

/** A decimal that {@link DECIMAL} matches, in units of 10⁻⁹. */
export function nanosOf(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(NANO_DIGITS, '0'))
}

/** `above / below`, rounded half up; both not negative. */
export function dividedHalfUp(above: bigint, below: bigint): bigint {
  return (2n * above + below) / (2n * below)
}

/** An amount in units of 10⁻¹⁸ with so many digits behind the point (1 to 18), rounded half up. */
export function decimalText(attos: bigint, places: number): string {
  const rounded = dividedHalfUp(attos, 10n ** BigInt(ATTO_DIGITS - places))
  const digits = rounded.toString().padStart(places + 1, '0')
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`
}
