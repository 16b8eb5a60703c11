/** What is known of missing records: by the numbers of emitters, and by counts that others keep. */
import { type EpochSummary, type Finding, finding, isoTime } from '@deponent/format'
import {
  type CoverageAnswer,
  type Projection,
  type SpanCount,
  type Restriction,
  UNRESTRICTED,
} from '../projection/index.ts'
import { spanOf } from '../projection/tiers/tier-month.ts'
import type { Counters, CounterReading, DeclaredCounter } from '../recording/counters.ts'
import { epochFindings, unclosedFindings } from '../recording/emitter-findings.ts'
import type { EmitterEpoch, Emitters, KnownEmitter } from '../recording/emitters.ts'

/** Heartbeats that may be late before an emitter counts as silent. */
const INTERVALS_OF_SILENCE = 2
/** Epochs of one emitter that `GET /v1/emitters` lists, the latest; findings are of all. */
const EPOCHS_LISTED_MAX = 50
/** Emitters an answer lists, the latest declared; findings and sums are of all. */
const EMITTERS_LISTED_MAX = 1_000
const FINDINGS_MAX = 1_000
/** While the index is a little behind, spans that ended just now are left open; far behind, all are. */
const LAG_ENTRIES_SMALL = 10_000
const LAG_MS = 120_000

export interface EpochReport extends EpochSummary {
  readonly epoch: number
  /** Numbers with an entry, as a share of those with an entry, lost or missing; null before the first. */
  readonly share: number | null
  readonly resends: number
  readonly silent: boolean
}

export interface EmitterReport {
  readonly emitter: string
  readonly system: string
  readonly declaredAt: string
  /** Records its losses count that never had a number. */
  readonly unnumberedLosses: number
  readonly epochCount: number
  readonly epochs: readonly EpochReport[]
  readonly findings: readonly Finding[]
}

export type ReadingVerdict = 'matched' | 'observed_no_record' | 'record_no_observation' | 'indeterminate'

export interface ReconciledReading {
  readonly from: string
  readonly to: string
  /** What the counter says, and what is recorded; null where that cannot be told. */
  readonly value: number
  readonly recorded: number | null
  readonly verdict: ReadingVerdict
}

export interface CounterReport {
  readonly counter: string
  readonly declared: boolean
  readonly source: string | null
  readonly unit: 'calls' | 'tokens' | null
  readonly filter: object
  readonly tolerance: number
  readonly verdicts: Readonly<Record<ReadingVerdict, number>>
  readonly readings: readonly ReconciledReading[]
}

export interface FullCoverage extends Omit<CoverageAnswer, 'emitters'> {
  /** Recorded of what emitters numbered; null while some decisions carry no number, since then nobody can know. */
  readonly share: { readonly recorded: number; readonly declared: number; readonly value: number } | null
  readonly emitters: readonly (Omit<EmitterReport, 'findings' | 'epochs'> & {
    readonly recorded: number
    readonly missing: number
    readonly lost: number
    readonly silent: boolean
  })[]
  readonly counters: readonly CounterReport[]
  readonly findings: readonly Finding[]
}

/** What an answer speaks of: whole systems, or everything. */
export interface Reach {
  readonly restriction: Restriction
  /** Whether all records of a system are within it. */
  reaches(system: string): boolean
  /** Whether everything is. */
  readonly isWhole: boolean
}

/** Every emitter with its latest epochs, as `GET /v1/emitters` lists them. */
export function listedEmitters(emitters: Emitters, now: number, reach: Reach): EmitterReport[] {
  const reports = emitterReports(emitters, now, reach).slice(-EMITTERS_LISTED_MAX)
  return reports.map((report) => ({
    ...report,
    epochs: report.epochs.slice(0, EPOCHS_LISTED_MAX),
    findings: report.findings.slice(0, FINDINGS_MAX),
  }))
}

function emitterReports(emitters: Emitters, now: number, { reaches }: Reach): EmitterReport[] {
  const seen = emitters.all().filter(({ system }) => reaches(system))
  return seen.map((emitter) => reportOf(emitters, emitter, now))
}

function reportOf(emitters: Emitters, emitter: KnownEmitter, now: number): EmitterReport {
  const all = emitters.epochs(emitter)
  const epochs = all.map((epoch, i) => epochReport(epoch, i === 0, now))
  return {
    emitter: emitter.name,
    system: emitter.system,
    declaredAt: isoTime(emitter.declaredAt),
    unnumberedLosses: emitters.unnumberedLosses(emitter.slug),
    epochCount: all.length,
    epochs,
    findings: epochs.flatMap((epoch, i) => findingsOf(emitter.name, epoch, i > 0)),
  }
}

function epochReport({ epoch, tally, resends }: EmitterEpoch, isLatest: boolean, now: number): EpochReport {
  const summary = tally.summary()
  const { recorded, duplicates, forks, missing, lost, intervalMs, closedAt, lastReceivedAt } = summary
  const kept = recorded - duplicates - forks
  const numbered = kept + missing + lost
  const silent =
    isLatest &&
    intervalMs !== null &&
    closedAt === null &&
    now - (lastReceivedAt ?? now) > INTERVALS_OF_SILENCE * intervalMs
  return { epoch, ...summary, share: numbered === 0 ? null : kept / numbered, resends, silent }
}

function findingsOf(name: string, epoch: EpochReport, hasSuccessor: boolean): Finding[] {
  const where = `emitter ${name}, epoch ${epoch.epoch}`
  const silence = `${where}: nothing was heard for more than ${INTERVALS_OF_SILENCE} times the interval it declared`
  return [
    ...epochFindings(where, epoch),
    ...(hasSuccessor ? unclosedFindings(where, epoch) : []),
    ...(epoch.silent ? [finding('gap', 'emitter_silent', silence)] : []),
  ]
}

/** The whole answer: the index's counts, the emitters' numbers, the declared counters held against the records. */
export async function fullCoverage(
  projection: Projection,
  { emitters, counters }: { emitters: Emitters; counters: Counters },
  now: number,
  reach: Reach,
): Promise<FullCoverage> {
  const { status, emitters: _, ...indexed } = await projection.statsCoverage(reach.restriction)
  const reports = emitterReports(emitters, now, reach)
  const reconciled = await reconcile(projection, emitters, counters, now, reach)
  const totals = reports.map(totalsOf)
  const hasGaps = totals.some(({ missing, silent }) => missing > 0 || silent)
  return {
    ...indexed,
    status: hasGaps ? 'gaps' : status,
    share: shareOf(indexed.systems, totals),
    emitters: totals.slice(-EMITTERS_LISTED_MAX),
    counters: reconciled,
    findings: [
      ...reconciled.flatMap(counterFindings),
      ...archivedFindings(projection, reconciled),
      ...reports.flatMap(({ findings }) => findings),
    ].slice(0, FINDINGS_MAX),
  }
}

function totalsOf({ findings: _, epochs, ...report }: EmitterReport): FullCoverage['emitters'][number] {
  const sum = (of: (epoch: EpochReport) => number): number =>
    epochs.reduce((total, epoch) => total + of(epoch), 0)
  return {
    ...report,
    recorded: sum(({ recorded, duplicates, forks }) => recorded - duplicates - forks),
    missing: sum(({ missing }) => missing),
    lost: sum(({ lost }) => lost),
    silent: epochs.some(({ silent }) => silent),
  }
}

function shareOf(
  systems: CoverageAnswer['systems'],
  totals: FullCoverage['emitters'],
): FullCoverage['share'] {
  const isKnown = totals.length > 0 && systems.every(({ unnumberedDecisions }) => unnumberedDecisions === 0)
  if (!isKnown) return null
  const recorded = totals.reduce((total, emitter) => total + emitter.recorded, 0)
  const declared = totals.reduce((total, { missing, lost }) => total + missing + lost, recorded)
  return declared === 0 ? null : { recorded, declared, value: recorded / declared }
}

async function reconcile(
  projection: Projection,
  emitters: Emitters,
  counters: Counters,
  now: number,
  reach: Reach,
): Promise<CounterReport[]> {
  const reports: CounterReport[] = []
  const lag = projection.lag()
  const until = lag === 0 ? now : lag < LAG_ENTRIES_SMALL ? now - LAG_MS : 0
  for (const counter of counters.all().filter((one) => isWithin(one, reach))) {
    const readings = counters.readings(counter.name)
    const counts = await countsFor(projection, emitters, counter, readings)
    reports.push(counterReport(counter, readings, counts, until))
  }
  return reports
}

/** A counter of traffic that its filter does not keep to systems within reach tells of others. */
function isWithin({ declared }: DeclaredCounter, { isWhole, reaches }: Reach): boolean {
  const system = declared?.filter.system
  return isWhole || (system !== undefined && reaches(system))
}

async function countsFor(
  projection: Projection,
  emitters: Emitters,
  { declared }: DeclaredCounter,
  readings: readonly CounterReading[],
): Promise<(SpanCount | undefined)[]> {
  if (!declared) return readings.map(() => undefined)
  const { emitter, ...filter } = declared.filter
  // An emitter nobody heard of has no entries: no slug stands for it.
  const slug = emitter === undefined ? {} : { emitter: emitters.named(emitter)?.slug ?? '-' }
  return projection.countSpans({ ...filter, ...slug }, readings, UNRESTRICTED)
}

/** `until`: spans that end later cannot be told yet. */
function counterReport(
  { name, declared }: DeclaredCounter,
  readings: readonly CounterReading[],
  counts: readonly (SpanCount | undefined)[],
  until: number,
): CounterReport {
  const tolerance = declared?.tolerance ?? 0
  const reconciled = readings.map(({ from, to, value }, i): ReconciledReading => {
    const recorded = counts[i]?.[declared?.unit ?? 'calls'] ?? null
    const verdict = to > until ? 'indeterminate' : verdictOf(value, recorded, tolerance)
    return { from: isoTime(from), to: isoTime(to), value, recorded, verdict }
  })
  const verdicts = { matched: 0, observed_no_record: 0, record_no_observation: 0, indeterminate: 0 }
  for (const { verdict } of reconciled) verdicts[verdict] += 1
  return {
    counter: name,
    declared: declared !== undefined,
    source: declared?.source ?? null,
    unit: declared?.unit ?? null,
    filter: declared?.filter ?? {},
    tolerance,
    verdicts,
    readings: reconciled,
  }
}

function verdictOf(value: number, recorded: number | null, tolerance: number): ReadingVerdict {
  if (recorded === null) return 'indeterminate'
  if (Math.abs(value - recorded) <= value * tolerance) return 'matched'
  return value > recorded ? 'observed_no_record' : 'record_no_observation'
}

function counterFindings({ counter, unit, readings }: CounterReport): Finding[] {
  return readings
    .filter(({ verdict }) => verdict === 'observed_no_record' || verdict === 'record_no_observation')
    .map(({ from, to, value, recorded }) =>
      finding(
        'gap',
        'counter_difference',
        `counter ${counter}: ${value} ${unit ?? ''} from ${from} to ${to}, ${recorded} recorded`,
      ),
    )
}

/** Of each counter the months that could not be compared, because nobody reads them. */
function archivedFindings(projection: Projection, counters: readonly CounterReport[]): Finding[] {
  const archived = (projection.tiers()?.months() ?? []).filter(({ state }) => state === 'archived')
  return counters.flatMap(({ counter, declared, readings }) => {
    const untold = declared ? readings.filter(({ recorded }) => recorded === null) : []
    const months = archived.filter(({ month }) => untold.some((reading) => isIn(month, reading)))
    return months.length === 0
      ? []
      : [
          finding(
            'info',
            'not_checked',
            archivedText(
              counter,
              months.map(({ month }) => month),
            ),
          ),
        ]
  })
}

function isIn(month: string, reading: ReconciledReading): boolean {
  const { from, to } = spanOf(month)
  return Date.parse(reading.from) < to && from < Date.parse(reading.to)
}

function archivedText(counter: string, months: readonly string[]): string {
  const [first, last] = [months[0]!, months.at(-1)!]
  const [named, range] =
    first === last ? [`${first} is`, first] : [`months from ${first} to ${last} are`, `${first}..${last}`]
  return `counter ${counter}: ${named} archived and not compared; deponent restore ${range} brings back what is needed`
}
