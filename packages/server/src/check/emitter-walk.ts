/**
 * What the numbers of a ledger's emitters tell: fed with its entries in order and their records where they could be opened, it finds
 * gaps, forks, duplicates, heads that do not follow, epochs that were never closed.
 */
import {
  type CanonicalRecord,
  type Entry,
  EpochTally,
  type EpochSummary,
  type Finding,
  finding,
  type Range,
  type Severity,
} from '@deponent/format'
import { emitterDeclaredIn, linkIn, statementIn } from '../recording/emitter-facts.ts'

/** Runs of missing numbers that get a finding each; what is beyond is counted in one. */
const GAPS_LISTED_MAX = 100

export class EmitterWalk {
  /** By slug, then epoch, in order of first appearance. */
  readonly #tallies = new Map<string, Map<number, EpochTally>>()
  readonly #slugs = new Map<string, string>()

  /** Takes the next entry; `record` when its payload was opened. */
  take(index: number, entry: Entry, record: CanonicalRecord | undefined): void {
    const { emitter, receivedAt } = entry
    if (emitter) {
      const { id, epoch, seq } = emitter
      const link = linkIn(record)
      this.#tally(id, epoch).record({ seq, index, receivedAt, ...(link && { link }) })
    }
    if (!record) return
    const declared = emitterDeclaredIn(entry, record)
    if (declared) this.#slugs.set(declared.name, declared.slug)
    const states = statementIn(entry, record)
    const slug = states && this.#slugs.get(states.name)
    if (slug !== undefined && states?.epoch !== undefined)
      this.#tally(slug, states.epoch).state(states.statement)
  }

  findings(): Finding[] {
    return [...this.#tallies].flatMap(([slug, epochs]) => {
      const summaries = [...epochs].map(([epoch, tally]) => ({
        where: `emitter ${slug}, epoch ${epoch}`,
        summary: tally.summary(),
      }))
      return [
        ...summaries.flatMap(({ where, summary }) => findingsOf(where, summary)),
        ...summaries.slice(0, -1).flatMap(({ where, summary }) => unclosed(where, summary)),
      ]
    })
  }

  #tally(slug: string, epoch: number): EpochTally {
    const epochs = this.#tallies.get(slug) ?? new Map<number, EpochTally>()
    this.#tallies.set(slug, epochs)
    const tally = epochs.get(epoch) ?? new EpochTally()
    epochs.set(epoch, tally)
    return tally
  }
}

function findingsOf(where: string, summary: EpochSummary): Finding[] {
  return [
    ...gapFindings(where, summary),
    ...lossFindings(where, summary),
    ...repetitionFindings(where, summary),
    ...chainFindings(where, summary),
  ]
}

function gapFindings(where: string, { gaps, missing, first, beginning }: EpochSummary): Finding[] {
  const listed = gaps.slice(0, GAPS_LISTED_MAX)
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
    .slice(0, GAPS_LISTED_MAX)
    .map(({ from, to, reason }) =>
      finding('info', 'emitter_loss', `${where}: ${numbers([from, to])} declared lost (${wordOf(reason)})`),
    )
}

function repetitionFindings(where: string, { forks, forkList, duplicates }: EpochSummary): Finding[] {
  const listed = forkList.slice(0, GAPS_LISTED_MAX)
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

function unclosed(where: string, { closedAt }: EpochSummary): Finding[] {
  return closedAt === null
    ? [finding('info', 'emitter_unclosed', `${where}: a later epoch began and this one was never closed`)]
    : []
}

function numbers([from, to]: Range): string {
  return from === to ? `number ${from}` : `numbers ${from} to ${to}`
}

/** A reason as it may be shown: recorded values are not repeated unless they are one of the documented words. */
function wordOf(reason: string): string {
  return KNOWN_REASONS.has(reason) ? reason : 'another reason'
}

const KNOWN_REASONS = new Set(['rejected', 'duplicate', 'queue_full', 'unserialisable', 'closed', 'refused'])
