/** How numbers, times and hashes are written everywhere on the page. Times are UTC: an auditor compares them. */
import type { Json } from './api.ts'

const whole = new Intl.NumberFormat('en-GB')
const compact = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 })

/** 12408 → 12,408. */
export function count(value: number): string {
  return whole.format(value)
}

/** 1 decision, 2 decisions. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** 12408 → 12.4K, for axes. */
export function shortCount(value: number): string {
  return compact.format(value)
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** What would be written as a thousand of a unit is one of the next. */
const ROUNDED_UP = 1.0005

/** 12408000 → 12.4 MB, of a thousand each. */
export function bytesText(bytes: number): string {
  const steps = bytes < 1 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log10(bytes * ROUNDED_UP) / 3))
  const value = bytes / 1_000 ** steps
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${BYTES[steps]}`
}

/** A part of 0..1 as a percentage that never rounds to all or nothing. */
export function percent(part: number): string {
  if (part > 0 && part < 0.001) return '< 0.1 %'
  if (part < 1 && part > 0.999) return '> 99.9 %'
  return `${(part * 100).toFixed(part === 0 || part === 1 ? 0 : 1)} %`
}

/** A confidence, to four places as the index keeps it: in a column, digits stand under digits. */
export function confidenceText(value: number): string {
  return value.toFixed(4)
}

/** 2026-11-21 01:59:51 of an RFC 3339 time. */
export function timeText(at: string | number): string {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? String(at) : time.toISOString().slice(0, 19).replace('T', ' ')
}

/** With milliseconds. */
export function exactTimeText(at: string | number): string {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? String(at) : time.toISOString().slice(0, 23).replace('T', ' ')
}

/** 21 Nov 2026 */
export function dayText(at: string | number): string {
  return new Date(at).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  })
}

const STEPS: readonly [limitMs: number, unitMs: number, unit: string][] = [
  [1_000, 1, 'ms'],
  [60_000, 1_000, 's'],
  [3_600_000, 60_000, 'min'],
  [172_800_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'd'],
]

/** A length of time in the unit that suits it: 340 ms, 2.4 s, 12 min. */
export function durationText(ms: number): string {
  const [, unitMs, unit] = STEPS.find(([limitMs]) => Math.abs(ms) < limitMs)!
  const value = ms / unitMs
  return `${unit === 'ms' || value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`
}

/** A value of a record in one line. */
export function jsonText(value: Json | undefined): string {
  if (value === undefined || value === null) return '—'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The same on a line of a list, where a sealed value has its word. */
export function lineText(value: Json | undefined): string {
  return isSealed(value) ? 'sealed' : jsonText(value)
}

/** Whether a value of a record is sealed. */
export function isSealed(value: Json | undefined): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    'sealed' in value &&
    value.sealed === true
  )
}

/** Whether a value is covered for good: its class is not shown to the reader's role. */
export function isWithheld(value: Json | undefined): boolean {
  return isSealed(value) && typeof value === 'object' && value !== null && 'withheld' in value
}

/** legalEffect → Legal effect. */
export function labelOf(field: string): string {
  const words = field
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/\bMs$/, '(ms)')
    .replace(/\bUsd$/, '(USD)')
  return (
    words.charAt(0).toUpperCase() +
    words
      .slice(1)
      .toLowerCase()
      .replace('(usd)', '(USD)')
      .replaceAll(/\bid\b/g, 'id')
  )
}
