/** UTCTime and GeneralizedTime as RFC 5280 §4.1.2.5 and RFC 3161 §2.4.2 write them: UTC, with seconds. */
import { asciiOf, badDer, TAG } from './der.ts'
import type { DerValue } from './der.ts'

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,8}[1-9]))?Z$/

/** A point in time in whole Unix milliseconds, and whether the text named a finer fraction that was cut. */
export interface DerTime {
  readonly ms: number
  readonly isCut: boolean
}

/** The time of a value of either type; FormatError 'bad_der' for what is none. */
export function timeOf(value: DerValue): DerTime {
  return value.tag === TAG.utcTime ? utcTime(asciiOf(value)) : generalizedTime(value)
}

/** The time of a GeneralizedTime, with up to nine digits of a fraction. */
export function generalizedTime(value: DerValue): DerTime {
  if (value.tag !== TAG.generalizedTime) throw badDer('a value that is no time')
  const match = GENERALIZED_TIME.exec(asciiOf(value))
  if (match === null) throw badDer('a malformed time')
  const [, year, month, day, hour, minute, second, fraction = ''] = match
  const ms = calendarMs([year, month, day, hour, minute, second].map(Number))
  return { ms: ms + Number(fraction.slice(0, 3).padEnd(3, '0')), isCut: fraction.length > 3 }
}

function utcTime(text: string): DerTime {
  const match = UTC_TIME.exec(text)
  if (match === null) throw badDer('a malformed time')
  const [year = 0, ...others] = match.slice(1).map(Number)
  // RFC 5280 §4.1.2.5.1: two digits from 50 on are of the last century.
  return { ms: calendarMs([year + (year >= 50 ? 1900 : 2000), ...others]), isCut: false }
}

function calendarMs(parts: readonly number[]): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
  if (year < 1950 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) {
    throw badDer('a time out of range')
  }
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  if (day < 1 || new Date(ms).getUTCDate() !== day) throw badDer('a day that is not in the calendar')
  return ms
}
