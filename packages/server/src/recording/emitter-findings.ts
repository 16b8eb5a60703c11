/** What the numbers of one emitter and epoch amount to, in findings. Messages name emitters and numbers, never recorded values. */
import { type EpochSummary, type Finding, finding, type Range, type Severity } from '@deponent/format'

/** Runs of missing numbers that get a finding each; what is beyond is counted in one. */
const LISTED_MAX = 100
const KNOWN_REASONS = new Set(['rejected', 'duplicate', 'queue_full', 'unserialisable', 'closed', 'refused'])

/** `where` says whose numbers these are. */
export function epochFindings(where: string, summary: EpochSummary): Finding[] {
  return [
    ...gapFindings(where, summary),
    ...lossFindings(where, summary),
    ...repetitionFindings(where, summary),
    ...chainFindings(where, summary),
  ]
}

/** For an epoch after which another began. */
export function unclosedFindings(where: string, { closedAt }: EpochSummary): Finding[] {
  return closedAt === null
    ? [finding('info', 'emitter_unclosed', `${where}: a later epoch began and this one was never closed`)]
    : []
}

function gapFindings(where: string, { gaps, missing, first, beginning }: EpochSummary): Finding[] {
  const listed = gaps.slice(0, LISTED_MAX)
  const found = listed.map((gap) =>
    finding('gap', 'emitter_gap', `${where}: ${numbers(gap)} never arrived and no loss is declared`),
  )
  const unlisted = missing - listed.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  if (unlisted > 0)
    found.push(finding('gap', 'emitter_gap', `${where}: ${unlisted} more numbers never arrived`))
  if (beginning === 'unknown' && first !== null) {
    const message = `${where}: the first number seen is ${first}; whether others came before it is not known`
    found.push(finding('info', 'emitter_gap', message))
  }
  return found
}

function lossFindings(where: string, { losses }: EpochSummary): Finding[] {
  return losses
    .slice(0, LISTED_MAX)
    .map(({ from, to, reason }) =>
      finding('info', 'emitter_loss', `${where}: ${numbers([from, to])} declared lost (${wordOf(reason)})`),
    )
}

function repetitionFindings(where: string, { forks, forkList, duplicates }: EpochSummary): Finding[] {
  const listed = forkList.slice(0, LISTED_MAX)
  const found = listed.map(({ seq, index }) =>
    finding('gap', 'emitter_fork', `${where}: number ${seq} has more than one entry`, index),
  )
  if (forks > listed.length)
    found.push(finding('gap', 'emitter_fork', `${where}: ${forks - listed.length} more repeated numbers`))
  if (duplicates > 0)
    found.push(
      finding('info', 'emitter_duplicate', `${where}: ${duplicates} entries repeat a number and its content`),
    )
  return found
}

function chainFindings(where: string, { chain, beginning }: EpochSummary): Finding[] {
  if (chain.state !== 'differs') return []
  const severity: Severity = beginning === 'known' ? 'error' : 'gap'
  return [
    finding(severity, 'emitter_head_mismatch', `${where}: a stated head does not follow from its records`),
  ]
}

function numbers([from, to]: Range): string {
  return from === to ? `number ${from}` : `numbers ${from} to ${to}`
}

/** A reason as it may be shown: recorded values are not repeated unless they are one of the documented words. */
function wordOf(reason: string): string {
  return KNOWN_REASONS.has(reason) ? reason : 'another reason'
}
