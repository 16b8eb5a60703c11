import type { JsonValue } from '../json/value.ts'

export interface ParsedTime {
  /** Unix milliseconds; finer digits are cut, not rounded. */
  readonly ms: number
  /** The source named no zone and UTC was assumed. */
  readonly assumedUtc: boolean
}

/** The years a four-digit RFC 3339 year can name. */
const MS_MIN = -62_167_219_200_000
const MS_MAX = 253_402_300_799_999
const MS_PER_400_YEARS = 146_097 * 86_400_000

const DATE = String.raw`(\d{4})-(\d\d)-(\d\d)`
const CLOCK = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?`
const ZONE = String.raw` ?([Zz]|([+-])(\d\d)(?::?(\d\d))?)`
const CALENDAR = new RegExp(`^${DATE}(?:[Tt ]${CLOCK}(?:${ZONE})?)?$`)
const EPOCH = /^(-?)(\d{1,20})(?:\.(\d+))?$/
/** A bare year, date or date and time without separators: too easily taken for an epoch. */
const COMPACT_DATE = /^(?:19|20)\d{2}(?:\d{4}(?:\d{6})?)?$/

/**
 * Reads a point in time: RFC 3339 with any offset, its common relaxations (space for T, no seconds, no
 * zone, a date alone) and epoch seconds, milliseconds, microseconds or nanoseconds as a number or
 * digits, told apart by magnitude (below 10^11, 10^14, 10^17 and above). Undefined when it is none.
 */
export function parseTime(value: JsonValue): ParsedTime | undefined {
  if (typeof value === 'number') return parseEpoch(`${value}`)
  if (typeof value !== 'string') return undefined
  return parseCalendar(value) ?? (COMPACT_DATE.test(value) ? undefined : parseEpoch(value))
}

/** The one spelling records carry: ISO 8601 in UTC with milliseconds, `2026-01-10T00:00:00.000Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

function parseCalendar(text: string): ParsedTime | undefined {
  const match = CALENDAR.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone, sign, zoneHours, zoneMinutes] = match
  const midnight = midnightOf(Number(year), Number(month), Number(day))
  const clock = clockMs(Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0))
  const offset = offsetMs(sign, Number(zoneHours ?? 0), Number(zoneMinutes ?? 0))
  if (midnight === undefined || clock === undefined || offset === undefined) return undefined
  return inRange(midnight + clock - offset + milliseconds(fraction), zone === undefined)
}

function midnightOf(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined
  // Date.UTC takes years below 100 for 19xx; the calendar repeats every 400 years.
  const midnight = Date.UTC(year + 400, month - 1, day) - MS_PER_400_YEARS
  return day <= 28 || new Date(midnight).getUTCDate() === day ? midnight : undefined
}

/** Second 60 is a leap second (RFC 3339 §5.7): it is the first moment of the next minute here. */
function clockMs(hour: number, minute: number, second: number): number | undefined {
  return hour <= 23 && minute <= 59 && second <= 60 ? ((hour * 60 + minute) * 60 + second) * 1000 : undefined
}

function offsetMs(sign: string | undefined, hours: number, minutes: number): number | undefined {
  if (sign === undefined) return 0
  if (hours > 23 || minutes > 59) return undefined
  return (hours * 60 + minutes) * (sign === '-' ? -60_000 : 60_000)
}

function milliseconds(fraction = ''): number {
  return Number(fraction.slice(0, 3).padEnd(3, '0'))
}

function parseEpoch(text: string): ParsedTime | undefined {
  const match = EPOCH.exec(text)
  if (match === null) return undefined
  const [, sign, whole, fraction = ''] = match
  const ms = epochMs(whole!, fraction)
  return inRange(sign === '-' && ms !== 0 ? -ms : ms, false)
}

/** By text, not by arithmetic: nanoseconds do not fit a double and 1.123 × 1000 is not 1123. */
function epochMs(whole: string, fraction: string): number {
  const magnitude = Number(whole)
  if (magnitude < 1e11) return magnitude * 1000 + milliseconds(fraction)
  if (magnitude < 1e14) return magnitude
  return Number(BigInt(whole) / (magnitude < 1e17 ? 1_000n : 1_000_000n))
}

function inRange(ms: number, assumedUtc: boolean): ParsedTime | undefined {
  return ms >= MS_MIN && ms <= MS_MAX ? { ms, assumedUtc } : undefined
}
