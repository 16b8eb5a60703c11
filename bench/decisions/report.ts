/** The results as a Markdown page: the machine, one row per target, what lies behind the figures. */

import { machineLine } from '../machine.ts'
import type { Machine } from '../machine.ts'
import { median } from '../quantiles.ts'
import type { RunResult } from './run.ts'

export interface Results {
  machine: Machine
  peer: string
  /** How the load was offered, in words. */
  load: string
  /** At a fixed pace everybody has the same rate, and a ratio says nothing. */
  isPaced: boolean
  /** JSON text of one record, on average. */
  rawBytesPerRecord: number
  descriptions: Record<string, string>
  runs: RunResult[]
}

const OURS = 'deponent'

export function markdown(results: Results): string {
  const targets = Object.keys(results.descriptions)
  return [
    machineLine(results.machine, results.peer),
    '',
    results.load,
    '',
    '| target | records/s (min-max) | deponent ÷ it | ack ms p50 / p95 / p99 | CPU µs per record, target / client | memory MiB | bytes per record |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...targets.map((target) => row(results, target)),
    '',
    ...targets.flatMap((target) => notes(results, target)),
    '',
    othersNote(results),
  ].join('\n')
}

function row(results: Results, target: string): string {
  const runs = runsOf(results, target)
  const rates = runs.map((run) => run.recordsPerSecond)
  const latency = (['p50', 'p95', 'p99'] as const).map((q) =>
    median(runs.map((run) => run.latencyMs[q])).toFixed(1),
  )
  const cells = [
    target,
    `${whole(median(rates))} (${whole(Math.min(...rates))}-${whole(Math.max(...rates))})`,
    ratio(results, target),
    latency.join(' / '),
    `${whole(median(runs.map(targetCpuMicros)))} / ${whole(median(runs.map((run) => (run.clientCpuSeconds * 1e6) / run.records)))}`,
    whole(median(runs.map((run) => run.used.own.memoryMiB + run.used.descendants.memoryMiB))),
    totalBytes(runs),
  ]
  return `| ${cells.join(' | ')} |`
}

/** Ratio of our rate to the target's, round by round, then the median: what disturbs the machine disturbs both. */
function ratio(results: Results, target: string): string {
  const ours = runsOf(results, OURS)
  const theirs = runsOf(results, target)
  if (target === OURS || ours.length === 0 || results.isPaced) return ''
  const ratios = theirs.flatMap((run, round) =>
    ours[round] === undefined ? [] : [ours[round].recordsPerSecond / run.recordsPerSecond],
  )
  return median(ratios).toFixed(2)
}

function notes(results: Results, target: string): string[] {
  const runs = runsOf(results, target)
  const last = runs.at(-1)
  if (last === undefined) return []
  return [
    `- **${target}**: ${results.descriptions[target]}. Checked: ${last.checked}. ${byteNote(results, last)}${cpuNote(last)}${lagNote(last)}`,
  ]
}

/** A benchmark on a busy machine measures the neighbours too: say how busy they were. */
function othersNote({ runs }: Results): string {
  const shares = runs.map((run) => run.othersShare * 100)
  return `Other work took ${whole(median(shares))} % of the machine during a run (median; at most ${whole(Math.max(...shares))} %).`
}

function byteNote(results: Results, run: RunResult): string {
  const parts = Object.entries(run.footprint.bytesPerRecord).map(
    ([name, bytes]) => `${name} ${bytes === undefined ? 'not yet written' : whole(bytes)}`,
  )
  const total = bytesOf(run)
  const share =
    total === undefined
      ? ''
      : `; ${whole((100 * total) / results.rawBytesPerRecord)} % of the raw JSON (${whole(results.rawBytesPerRecord)})`
  return `Bytes per record: ${parts.join(', ')}${share}; besides ${run.footprint.besides}.`
}

function cpuNote(run: RunResult): string {
  const micros = (seconds: number): string => whole((seconds * 1e6) / run.records)
  return ` CPU µs per record: first process ${micros(run.used.own.cpuSeconds)}, those below it ${micros(run.used.descendants.cpuSeconds)}.`
}

function lagNote({ followed, retries }: RunResult): string {
  const asked = retries > 0 ? ` Asked the client to come back later ${retries} times.` : ''
  if (followed === null) return asked
  const { visible, checkpoint } = followed
  return `${asked} Visible in a query after ${whole(visible.p50)} ms (p50), ${whole(visible.p99)} ms (p99), all ${whole(visible.drainMs)} ms after the last ack; in a signed checkpoint after ${whole(checkpoint.p50)} / ${whole(checkpoint.p99)} ms.`
}

function totalBytes(runs: RunResult[]): string {
  const known = runs.map(bytesOf).filter((bytes) => bytes !== undefined)
  return known.length === 0 ? 'run too short' : whole(median(known))
}

/** All parts together; undefined when one is not known. */
function bytesOf({ footprint }: RunResult): number | undefined {
  const parts = Object.values(footprint.bytesPerRecord)
  return parts.reduce<number | undefined>(
    (total, part) => (total === undefined || part === undefined ? undefined : total + part),
    0,
  )
}

function targetCpuMicros(run: RunResult): number {
  return ((run.used.own.cpuSeconds + run.used.descendants.cpuSeconds) * 1e6) / run.records
}

function runsOf(results: Results, target: string): RunResult[] {
  return results.runs.filter((run) => run.target === target)
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
