/** Months of the index that lie in files: shown, brought back, let go. */
import { isoTime } from '@deponent/format'
import type { ShownTiers } from '../../projection/index.ts'
import { bytesIn, rowsIn, type TierMonth } from '../../projection/tiers/tier-month.ts'
import { bodyAs } from '../body.ts'
import { type Call, type Handler, json } from '../call.ts'
import { Problem } from '../problem.ts'
import { releaseRequest, restoreRequest } from '../routes/tiers.ts'

const DAY_MS = 86_400_000

export const getTiers: Handler = async ({ permit, services }) => {
  const { projection, tiering } = services
  const tiers = projection.tiers()
  const months = tiers?.months() ?? []
  return json({
    hotDays: daysOrNull(tiers?.hotDays),
    warmDays: daysOrNull(tiers?.warmDays),
    // How much there is of everybody's is for those who see everybody's.
    hot: permit.isWhole ? await projection.hotSize() : null,
    months: permit.isWhole ? months.map(told) : [],
    restoration: tiers?.restoration() ?? null,
    trouble: tiering.trouble,
  })
}

export const restoreTiers: Handler = async (call) => {
  const { days, from, to } = await bodyAs(call.request, restoreRequest)
  checkOrder(from, to)
  const tiers = tiersOf(call)
  if (tiers.restoration()?.state === 'running')
    throw new Problem(409, 'restoration_running', 'months are being brought back; ask again when they are')
  return json(tiers.restore(from, to, call.services.clock.now() + days * DAY_MS), 202)
}

export const releaseTiers: Handler = async (call) => {
  const { from, to } = await bodyAs(call.request, releaseRequest)
  checkOrder(from, to)
  tiersOf(call).release(from, to)
  call.services.tiering.soon()
  return json({ from, to })
}

function checkOrder(from: string, to: string): void {
  if (from > to) throw new Problem(400, 'bad_value', 'from must not be after to', { field: '/from' })
}

function tiersOf({ services }: Call): ShownTiers {
  const tiers = services.projection.tiers()
  if (tiers && services.tenant.ledger.refusal)
    throw new Problem(409, 'no_tiers', 'this ledger takes no entries, and leaves months where they are')
  if (tiers) return tiers
  throw new Problem(
    409,
    'no_tiers',
    'this server keeps every month in the index: serve --warm sets where others go',
  )
}

function told(month: TierMonth): object {
  return {
    month: month.month,
    tier: month.state === 'archived' ? 'cold' : 'warm',
    decisions: rowsIn(month, 'decisions'),
    rows: rowsIn(month),
    bytes: bytesIn(month),
    restoredUntil: month.restoredUntil > 0 ? isoTime(month.restoredUntil) : null,
  }
}

/** What never happens has no number of days. */
function daysOrNull(days: number | undefined): number | null {
  return days === undefined || !Number.isFinite(days) ? null : days
}
