/** How long content is kept, and what goes, as the server tells it. */
import { dayText } from '../display.ts'

/** `GET /v1/retention`, as far as this page reads it. */
export interface RetentionInForce {
  readonly version: number
  readonly schedule: 'daily' | 'by_hand'
  readonly policies: Readonly<Record<string, { readonly period?: string; readonly bound?: string }>>
  /** By name; `*` is every system that is not named. */
  readonly systems: Readonly<Record<string, { readonly policies: readonly string[] }>>
  /** Whether somebody agreed to a plan. */
  readonly isConfirmed: boolean
  readonly waitsForSecondPerson: boolean
  readonly findings: readonly { readonly code: string; readonly system: string; readonly message: string }[]
}

/** `GET /v1/retention/plan`. */
export interface RetentionPlan {
  readonly systems: readonly PlannedSystem[]
}

export interface PlannedSystem {
  readonly system: string
  readonly entries: number
  readonly due: number
  readonly withinAYear: number
  readonly policy: string | null
  readonly before: string | null
  readonly why: string | null
}

/** A run of `GET /v1/retention/runs`. */
export interface RetentionRun {
  readonly runId: string
  readonly startedAt: string
  readonly endedAt: string | null
  readonly expired: number
  readonly held: number
  readonly restricted: number
  readonly unfinished: number
  readonly failure: string | null
}

const UNITS: Readonly<Record<string, string>> = { Y: 'year', M: 'month', W: 'week', D: 'day' }

/** P6M → 6 months. What is no such period stays as it is. */
export function periodText(period: string): string {
  const parts = [...period.matchAll(/(\d+)([YMWD])/g)]
  if (!/^P(?:\d+[YMWD])+$/.test(period)) return period
  return parts.map(([, number, unit]) => `${number} ${UNITS[unit!]}${number === '1' ? '' : 's'}`).join(', ')
}

/** Systems that have a policy, every other one last. */
export function systemsInForce({
  systems,
}: RetentionInForce): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(systems)
    .map(([system, { policies }]) => [system, policies] as const)
    .toSorted(([a], [b]) => Number(a === '*') - Number(b === '*') || (a < b ? -1 : 1))
}

/** What goes first: by what is due, then by what is within a year. */
export function nextToGo(systems: readonly PlannedSystem[]): readonly PlannedSystem[] {
  return systems.toSorted(
    (a, b) => b.due - a.due || b.withinAYear - a.withinAYear || (a.system < b.system ? -1 : 1),
  )
}

/** By what a system's content goes, or why it does not. */
export function whyText({ policy, before, why }: PlannedSystem): string {
  if (policy === null) return why ?? 'nothing says when'
  return before === null ? `by ${policy}` : `by ${policy}, what is from before ${dayText(before)}`
}
