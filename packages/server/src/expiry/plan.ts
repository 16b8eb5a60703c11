/** What the retention in force would have deleted now, and why: what somebody agrees to before anything goes. */
import { createHash } from 'node:crypto'
import { canonicalJson, isoTime, type JsonValue } from '@deponent/format'
import { addMonths } from '../calendar/months.ts'
import { cutoffOf } from '../retention/cutoff.ts'
import { type Due, dueOf } from '../retention/due.ts'
import type { RetentionSettings } from '../retention/settings.ts'

/** Where to look for what is due. It may lag or be wrong: every record is judged by itself before it goes. */
export interface DueIndex {
  /** How many entries of these kinds a system has from before a time (Unix milliseconds), or at all; those erased not counted. */
  count(of: DueEntries): Promise<number>
  /** Their indices, ascending, from `from` on, at most `limit`. */
  find(of: DueEntries, from: number, limit: number): Promise<number[]>
}

export interface DueEntries {
  readonly system: string
  /** No bound when absent. */
  readonly before?: number
}

/** What is to become of one system. */
export interface PlannedSystem {
  readonly system: string
  /** All that has a time: decisions and what is recorded about them. */
  readonly entries: number
  /** How many are due now. */
  readonly due: number
  /** How many more are due within twelve months. */
  readonly withinAYear: number
  /** The policy by which they go; null when nothing goes, and `why` says why. */
  readonly policy: string | null
  /** Everything recorded of before is due. */
  readonly before: string | null
  readonly why: string | null
}

export interface RetentionPlan {
  readonly at: string
  /** Version of the settings. */
  readonly version: number
  readonly systems: readonly PlannedSystem[]
  /** Hex SHA-256 of what would go: of the ledger, the settings, and for each system until when and how many. */
  readonly digest: string
}

export interface PlannedFor {
  /** Origin of the ledger. */
  readonly origin: string
  readonly settings: RetentionSettings
  /** Names of its systems. */
  readonly systems: readonly string[]
  readonly index: DueIndex
  /** Unix milliseconds. */
  readonly now: number
}

export async function planOf({ index, now, origin, settings, systems }: PlannedFor): Promise<RetentionPlan> {
  const planned: PlannedSystem[] = []
  for (const system of systems.toSorted()) planned.push(await plannedOf(settings, system, index, now))
  const { version } = settings
  const going = planned.map(({ before, due, policy, system }) => ({ before, due, policy, system }))
  return { at: isoTime(now), version, systems: planned, digest: digestOf({ origin, version, going }) }
}

async function plannedOf(
  settings: RetentionSettings,
  system: string,
  index: DueIndex,
  now: number,
): Promise<PlannedSystem> {
  const before = cutoffOf(settings, system, now)
  const inAYear = cutoffOf(settings, system, addMonths(now, 12))
  const countBefore = async (time: number | undefined): Promise<number> =>
    time === undefined ? 0 : index.count({ system, before: time })
  const due = await countBefore(before)
  const found = dueOf(settings, system, now)
  return {
    system,
    entries: await index.count({ system }),
    due,
    withinAYear: (await countBefore(inAYear)) - due,
    policy: found.state === 'until' ? found.policy : null,
    before: before === undefined ? null : isoTime(before),
    why: found.state === 'until' ? null : whyKept(found),
  }
}

/** Why nothing goes, in words. */
export function whyKept(due: Exclude<Due, { state: 'until' }>): string {
  if (due.state === 'conflict') return `${due.ceiling} comes before ${due.floor}: people must resolve it`
  if (due.state === 'unknown') return `${due.policy}: its ${due.why} is not stated`
  return {
    no_policy: 'no policy',
    floors_only: 'floors only: nothing says when it goes',
    permanent: 'permanent',
  }[due.why]
}

function digestOf(value: object): string {
  return createHash('sha256')
    .update(canonicalJson(value as unknown as JsonValue))
    .digest('hex')
}
