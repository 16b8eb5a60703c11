/** What can be read of one ledger at any time, as series of its registry. */
import type { Scrub } from '../check/scrub.ts'
import type { OutsideStatus } from '../ledger/anchoring.ts'
import type { Offsite } from '../offsite/offsite.ts'
import type { Projection } from '../projection/index.ts'
import type { Tenant } from '../tenant.ts'
import { bytesIn, rowsIn, type TierMonth } from '../projection/tiers/tier-month.ts'
import type { Traces } from '../traces/traces.ts'
import { LedgerMetrics } from './metrics.ts'
import type { StorageWatch } from '../sizes/storage-watch.ts'
import type { Tiering } from './tiering.ts'

/** What is read besides the ledger and its index. */
interface Watched {
  scrub: Pick<Scrub, 'status'>
  storage: Pick<StorageWatch, 'last'>
  offsite: Pick<Offsite, 'status'> | undefined
  tiering: Pick<Tiering, 'trouble'>
  traces: Pick<Traces, 'refused' | 'waiting'>
}

export function metricsOf(
  { name, ledger, rights }: Tenant,
  projection: Pick<Projection, 'lag' | 'tiers'>,
  { offsite, scrub, storage, tiering, traces }: Watched,
): LedgerMetrics {
  const metrics = new LedgerMetrics(name)
  metrics.gauge('deponent_ledger_entries', 'Durable entries of the ledger.', () => ledger.size)
  metrics.gauge(
    'deponent_ledger_checkpoint_entries',
    'Entries under the latest checkpoint.',
    () => ledger.checkpoint?.size ?? 0,
  )
  metrics.gauge('deponent_ledger_writable', '1 when the ledger takes entries.', () =>
    ledger.refusal ? 0 : 1,
  )
  metrics.gauge('deponent_signer_answers', '1 when the signer answered the last time it was asked.', () =>
    ledger.signerTrouble ? 0 : 1,
  )
  addWitnesses(metrics, ledger)
  addTimestamps(metrics, ledger)
  addScrub(metrics, scrub)
  addRights(metrics, rights)
  metrics.gauges(
    'deponent_storage_bytes',
    'Bytes of each layer, as they were measured within the last hour.',
    'layer',
    () => (storage.last(name)?.layers ?? []).map((layer) => [layer.name, layer.bytes]),
  )
  if (offsite) addOffsite(metrics, offsite)
  metrics.gauge('deponent_index_lag_entries', 'Entries the index is behind the ledger.', () =>
    projection.lag(),
  )
  if (projection.tiers()) addTiers(metrics, projection, tiering)
  metrics.gauge(
    'deponent_traces_waiting',
    'Traces that wait for the rest of themselves.',
    () => traces.waiting,
  )
  metrics.gauge(
    'deponent_traces_refused',
    'Spans, log records and decisions of traces that were taken and could not be recorded, since the start.',
    () => traces.refused,
  )
  return metrics
}

type Shown = Pick<Tenant['ledger'], 'outside'>

/** How far each witness is behind, by its configured name. */
function addWitnesses(metrics: LedgerMetrics, ledger: Shown): void {
  const witnesses = (): OutsideStatus['witnesses'] => ledger.outside()?.witnesses ?? []
  if (witnesses().length > 0) {
    metrics.gauges(
      'deponent_witness_lag_entries',
      'Published entries a witness has not cosigned.',
      'witness',
      () => witnesses().map(({ name, lagEntries }) => [name, lagEntries]),
    )
    metrics.gauges(
      'deponent_witness_lag_seconds',
      'Age of the first published checkpoint a witness has not cosigned.',
      'witness',
      () => witnesses().map(({ name, lagMs }) => [name, lagMs / 1_000]),
    )
    metrics.gauges('deponent_witness_failing', '1 when a witness does not cosign.', 'witness', () =>
      witnesses().map(({ name, error }) => [name, error ? 1 : 0]),
    )
  }
  if (ledger.outside()?.quorum) {
    metrics.gauge('deponent_checkpoint_quorum', '1 when the latest checkpoint is cosigned by a quorum.', () =>
      ledger.outside()?.quorum?.met ? 1 : 0,
    )
  }
}

/** How far each timestamp authority is, by its configured address. */
function addTimestamps(metrics: LedgerMetrics, ledger: Shown): void {
  const authorities = (): OutsideStatus['timestamps'] => ledger.outside()?.timestamps ?? []
  if (authorities().length === 0) return
  metrics.gauges('deponent_timestamp_entries', 'Entries under the last timestamp.', 'authority', () =>
    authorities().map(({ authority, size }) => [authority, size]),
  )
  metrics.gauges('deponent_timestamp_failing', '1 when an authority gives no timestamp.', 'authority', () =>
    authorities().map(({ authority, error }) => [authority, error ? 1 : 0]),
  )
}

function addRights(metrics: LedgerMetrics, rights: Pick<Tenant['rights'], 'attention'>): void {
  const gauges = [
    ['deponent_requests_open', 'Requests of people that wait for an answer.', 'requestsOpen'],
    ['deponent_requests_overdue', 'Requests of people whose answer is overdue.', 'requestsOverdue'],
    ['deponent_holds', 'Holds that stand.', 'holds'],
    ['deponent_holds_past_review', 'Holds that nobody reviewed in time.', 'holdsPastReview'],
  ] as const
  for (const [name, help, number] of gauges) metrics.gauge(name, help, () => rights.attention()[number])
}

/** What of the index lies in files, by tier: `warm` or `cold`. */
function addTiers(
  metrics: LedgerMetrics,
  projection: Pick<Projection, 'tiers'>,
  tiering: Pick<Tiering, 'trouble'>,
): void {
  const sumOf = (number: (month: TierMonth) => number) => (): [string, number][] => {
    const months = projection.tiers()?.months() ?? []
    return ['warm', 'cold'].map((tier) => [
      tier,
      months
        .filter(({ state }) => (state === 'archived') === (tier === 'cold'))
        .reduce((sum, month) => sum + number(month), 0),
    ])
  }
  metrics.gauges(
    'deponent_tier_months',
    'Months of the index in files.',
    'tier',
    sumOf(() => 1),
  )
  metrics.gauges('deponent_tier_rows', 'Rows of the index in files.', 'tier', sumOf(rowsIn))
  metrics.gauges('deponent_tier_bytes', 'Bytes these files take.', 'tier', sumOf(bytesIn))
  metrics.gauge('deponent_tier_failing', '1 when months do not move or files are missing.', () =>
    tiering.trouble === '' ? 0 : 1,
  )
}

function addScrub(metrics: LedgerMetrics, scrub: Pick<Scrub, 'status'>): void {
  metrics.gauge(
    'deponent_scrub_age_seconds',
    'Since when everything stored is known to have been read again.',
    () => scrub.status().ageMs / 1_000,
  )
  metrics.gauge(
    'deponent_scrub_findings',
    'Damage found in stored bytes, and 1 more when they were not read again in time.',
    () => scrub.status().findings.length,
  )
}

/** How far the copy in a store of objects is, and whether its locks hold. */
function addOffsite(metrics: LedgerMetrics, offsite: Pick<Offsite, 'status'>): void {
  metrics.gauge(
    'deponent_offsite_entries',
    'Entries under the newest checkpoint that was copied.',
    () => offsite.status().size,
  )
  metrics.gauge(
    'deponent_offsite_lag_entries',
    'Published entries that are not copied.',
    () => offsite.status().lagEntries,
  )
  metrics.gauge('deponent_offsite_failing', '1 when copying did not succeed the last time.', () =>
    offsite.status().trouble ? 1 : 0,
  )
  metrics.gauge(
    'deponent_offsite_worm',
    '1 when the store states that its locks hold against everybody.',
    () => (offsite.status().isWorm === true ? 1 : 0),
  )
  metrics.gauge(
    'deponent_offsite_locks_weak',
    'Objects that were found locked for less than was asked.',
    () => offsite.status().locks.weak,
  )
}
