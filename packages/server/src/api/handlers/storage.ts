/** What is stored, and what that costs. */
import { isoTime } from '@deponent/format'
import { billOf, bytesPerDecision } from '../../cost/bill.ts'
import { ScenarioError } from '../../cost/growth.ts'
import { EXAMPLE_PRICES } from '../../cost/prices.ts'
import type { ShownTiers } from '../../projection/index.ts'
import type { Measured } from '../../sizes/storage-watch.ts'
import { type Handler, json } from '../call.ts'
import { Problem } from '../problem.ts'
import { queryAs } from '../query-as.ts'
import { costQuery, storageQuery } from '../routes/storage.ts'

export const getStorage: Handler = async ({ query, services }) => {
  const { days } = queryAs(query, storageQuery)
  const { offsite, projection, storage, tenant } = services
  const measured = await storage.now(tenant.name)
  const { hotDays = null, warmDays = null } = agesOf(projection.tiers())
  const { at, decisions, entries, layers } = measured
  return json({
    ledger: tenant.name,
    measuredAt: isoTime(at),
    entries,
    decisions: decisions ?? null,
    bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesPerDecision: bytesPerDecision(layers, countsOf(measured)),
    layers,
    hotDays,
    warmDays,
    offsite: offsite !== undefined,
    history: storage.history(tenant.name, days),
    recovery: await services.recovery(),
  })
}

export const getStorageCost: Handler = async ({ query, services }) => {
  const { storage, tenant, prices = EXAMPLE_PRICES } = services
  const { offsite = services.offsite !== undefined, ...more } = queryAs(query, costQuery)
  const isAged = more.hotDays !== undefined || more.warmDays !== undefined
  const scenario = { ...more, ...(!isAged && agesOf(services.projection.tiers())) }
  const measured = await storage.now(tenant.name)
  try {
    return json(billOf(measured.layers, { ...scenario, offsite, ...countsOf(measured) }, prices))
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    throw new Problem(400, 'bad_parameter', error.message, { field: error.field })
  }
}

/** Entries and the decisions they are of; each entry a decision where nobody counts those. */
function countsOf({ decisions, entries }: Measured): { entries: number; decisions: number } {
  return decisions === undefined || decisions === 0 ? { entries: 1, decisions: 1 } : { entries, decisions }
}

/** At which ages records leave the index of this server, where they do. */
function agesOf(tiers: ShownTiers | undefined): { hotDays?: number; warmDays?: number } {
  if (!tiers || !Number.isFinite(tiers.hotDays)) return {}
  const { hotDays, warmDays } = tiers
  return { hotDays, ...(Number.isFinite(warmDays) && warmDays > hotDays && { warmDays }) }
}
