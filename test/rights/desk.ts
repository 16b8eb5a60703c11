import { type CanonicalRecord } from '@deponent/format'
import { realClock, TestClock } from '../../packages/server/src/platform/clock.ts'
import type { By } from '../../packages/server/src/rights/record-keeper.ts'
import type { RightsRefusalCode } from '../../packages/server/src/rights/refusal.ts'
import { RightsRefused } from '../../packages/server/src/rights/refusal.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { loan, newPlace, openRecording, type Place, submission } from '../recording/open-tenant.ts'

export const OFFICER: By = { id: 'i-0000000000000001', name: 'Ada', role: 'privacy_officer' }
export const SECOND: By = { id: 'i-0000000000000002', name: 'Grace', role: 'admin' }
export const DAY = 86_400_000
export const START = Date.parse('2026-01-31T12:00:00Z')

/** A clock that stands still unless told, but for the waits of the ledger's own machinery, which are real. */
export class StandingClock extends TestClock {
  override sleep(ms: number): Promise<void> {
    return realClock.sleep(ms)
  }

  override after(ms: number, task: () => void): () => void {
    return realClock.after(Math.min(ms, 5), task)
  }
}

export interface Desk {
  place: Place
  clock: StandingClock
  tenant: Tenant
  close(): Promise<void>
}

export async function openDesk(place?: Place, clock = new StandingClock(START)): Promise<Desk> {
  const at = place ?? (await newPlace())
  const { tenant, close } = await openRecording(at, clock)
  return { place: at, clock, tenant, close }
}

/** Entry ids of what was recorded. */
export async function recorded(
  { tenant }: Desk,
  ...values: Record<string, unknown>[]
): Promise<{ id: string; index: number }[]> {
  const { receipts, errors } = await tenant.recorder.record(
    values.map(({ kind = 'decision', ...value }, i) => submission(value, i, kind as 'decision')),
  )
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  return receipts.map(({ id, index }) => ({ id, index }))
}

export const loanOf = (person: string, i: number, more: object = {}): Record<string, unknown> =>
  loan(i, { affectedUserId: person, ...more })

/** The code something is refused with; undefined when it is not. */
export async function refusalOf(work: () => Promise<unknown>): Promise<RightsRefusalCode | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof RightsRefused) return error.code
    throw error
  }
}

export async function recordAt({ tenant }: Desk, index: number): Promise<CanonicalRecord> {
  const { record } = await tenant.reader.one(index)
  if (!record) throw new Error(`entry ${index} does not open`)
  return record
}
