import { FormatError } from './error.ts'

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/

/**
 * The integer of a decimal text without sign, leading zeros or blanks, in 0..2^53−1; anything else is
 * a FormatError with the given code.
 */
export function parseDecimal(text: string, code: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new FormatError(code, 'not a decimal integer in 0..2^53-1')
  return value
}
