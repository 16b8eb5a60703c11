/** Puts a trace that was rolled up into the ledger: first its decisions, then beside each the spans and log records it was made of. */
import type { JsonObject, RecordKind } from '@deponent/format'
import type { Judgement } from '../ingest/otlp/dialects/judgements.ts'
import type { KnownSpan, RolledDecision, RolledTrace } from '../ingest/otlp/roll-up.ts'
import { thinDecision } from '../ingest/otlp/thin-decision.ts'
import { judgementsInLog, logRecord, spanRecord } from '../ingest/otlp/trace-records.ts'
import type { Envelope, RecordError } from '../recording/envelope.ts'
import type { RecordReader } from '../recording/reader.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Submission } from '../recording/submission.ts'
import type { RecordedDecision, RecordedTrace } from './recorded-traces.ts'

export interface RecordsTraces {
  readonly recorder: Pick<Recorder, 'record' | 'findDecisions' | 'seenTelemetry'>
  /** What is in the ledger already. */
  readonly reader: Pick<RecordReader, 'one'>
  /** The id of an entry, and the name of its system. */
  entryAt(index: number): Promise<{ readonly id: string; readonly system: string }>
  /** Told of what could not be recorded after all, by its code; never a value. */
  onRefused(code: string): void
}

/**
 * Records what is new of a trace; what was recorded before stays as it is. `earlier`: what is remembered of it, which is brought up to
 * date. @throws as `Recorder.record` when nothing can be recorded now
 */
export async function recordTrace(
  to: RecordsTraces,
  rolled: RolledTrace,
  earlier: RecordedTrace,
): Promise<void> {
  const decisions = await placeDecisions(to, rolled.decisions, earlier)
  const isLate = (owner: string): boolean => !decisions.has(owner)
  for (const [spanId, decision] of decisions) earlier.decisions.set(spanId, decision)
  for (const subject of rolled.subjects) earlier.subjects.add(subject)
  const submissions = restOf(to, rolled, { earlier, isLate })
  const { errors, receipts } = await record(to, submissions)
  for (const { code } of errors) to.onRefused(code)
  for (const { index } of [...decisions.values(), ...receipts]) earlier.entries.add(index)
  const superseded = supersededIn(rolled)
  // What was known of a span stays: a piece of it that comes late does not change what it is.
  for (const node of [...rolled.nodes, ...earlier.known.values()])
    earlier.known.set(node.spanId, withoutDecision(node, superseded))
}

function supersededIn({ decisions, absorbed }: RolledTrace): Set<string> {
  return new Set([
    ...decisions.flatMap(({ supersedes }) => supersedes),
    ...absorbed.map(({ decisionId }) => decisionId),
  ])
}

function withoutDecision(node: KnownSpan, superseded: ReadonlySet<string>): KnownSpan {
  const { decisionId, ...rest } = node
  return decisionId !== undefined && superseded.has(decisionId) ? rest : node
}

/** Decisions that one links to as superseded; more do not fit into a record. */
const SUPERSEDES_MAX = 1_000

/** Records those that are new; gives where each is, by its span. */
async function placeDecisions(
  to: RecordsTraces,
  decisions: readonly RolledDecision[],
  { decisions: recorded, entryIds, erased }: RecordedTrace,
): Promise<Map<string, RecordedDecision>> {
  const placed = new Map<string, RecordedDecision>()
  let left: RolledDecision[] = []
  for (const decision of decisions) {
    const { record, spanId, supersedes } = decision
    const known = recorded.get(spanId)
    if (known) place(decision, known)
    if (known || erased.has(spanId)) continue
    const ids = supersedes.flatMap((name) => entryIds.get(name) ?? [])
    left.push({ ...decision, record: withLinks(record, ids.slice(0, SUPERSEDES_MAX)) })
  }
  // What does not fit is said in fewer words; its spans have all of them.
  for (const isLast of [false, true]) {
    const { receipts, errors } = await record(
      to,
      left.map(({ record }, position) => submission('decision', position, record)),
    )
    for (const { position, index, id } of receipts) place(left[position]!, { index, id })
    const refused: RolledDecision[] = []
    for (const error of errors) {
      const decision = left[error.position]!
      const known = await knownAs(to, decision, error)
      if (known) place(decision, known)
      else if (error.code === 'erased') erased.add(decision.spanId)
      else if (isLast) to.onRefused(error.code)
      else refused.push({ ...decision, record: thinDecision(decision.record, error.code) })
    }
    left = refused
    if (left.length === 0) break
  }
  return placed

  function place({ spanId, decisionId }: RolledDecision, decision: RecordedDecision): void {
    placed.set(spanId, decision)
    entryIds.set(decisionId, decision.id)
  }
}

/** What was recorded under this name before: by an earlier attempt, when less of the trace was there. */
async function knownAs(
  { recorder, entryAt }: RecordsTraces,
  { decisionId, system }: RolledDecision,
  { code }: RecordError,
): Promise<RecordedDecision | undefined> {
  if (code !== 'id_conflict') return undefined
  for (const index of await recorder.findDecisions(decisionId, system)) {
    const entry = await entryAt(index)
    // The name may be the id of an entry, of whatever system.
    if (entry.system === system) return { index, id: entry.id }
  }
  return undefined
}

interface Around {
  readonly earlier: RecordedTrace
  isLate(owner: string): boolean
}

/** Spans, log records and the judgements that came with them. */
function restOf(to: RecordsTraces, rolled: RolledTrace, { earlier, isLate }: Around): Submission[] {
  const submissions: Submission[] = []
  const joined = new Map(rolled.absorbed.map(({ by, decisionId }) => [by, decisionId]))
  const add = (kind: RecordKind, record: JsonObject, about?: RecordedDecision): void => {
    const value = about && kind === 'score' ? withLinks(record, [about.id], 'partOf') : record
    submissions.push(submission(kind, submissions.length, value, about?.index))
  }
  const standingOf = (
    owner: string | undefined,
    about: RecordedDecision | undefined,
    own: readonly string[],
  ) => ({
    isLate: owner !== undefined && about !== undefined && isLate(owner),
    // With a decision it is sealed as that is, and for whom it names itself where that is about nobody; without, for everybody the trace is about.
    subjects: about ? own : [...new Set([...own, ...earlier.subjects])],
  })
  const isNew = (kind: RecordKind, record: JsonObject): boolean =>
    !to.recorder.seenTelemetry(kind, record.system as string, record.sourceDigest as string)
  /** In the system of who says it, which need not be that of the decision. */
  const addJudgements = (
    judgements: readonly Judgement[],
    { system }: JsonObject,
    about: RecordedDecision | undefined,
  ): void => {
    if (about) for (const judgement of judgements) add('score', { ...judgement, system: system! }, about)
  }
  /** What would be sealed for people of whom one was erased. */
  const isOfErased = (about: RecordedDecision | undefined, own: readonly string[]): boolean => {
    const isOf = about === undefined && own.length === 0 && earlier.isErasedInPart
    if (isOf) to.onRefused('erased')
    return isOf
  }
  for (const { span, mapped, owner } of rolled.spans) {
    if (owner !== undefined && earlier.erased.has(owner)) continue
    const about = owner === undefined ? undefined : earlier.decisions.get(owner)
    const own = mapped.subjectId === undefined ? [] : [mapped.subjectId]
    const record = spanRecord(span, mapped, standingOf(owner, about, own))
    if (!isNew('trace.span', record) || isOfErased(about, own)) continue
    const absorbed = owner === undefined ? undefined : joined.get(owner)
    const entryId = absorbed === undefined ? undefined : earlier.entryIds.get(absorbed)
    if (owner !== undefined) joined.delete(owner)
    add('trace.span', entryId === undefined ? record : withLinks(record, [entryId]), about)
    addJudgements(mapped.judgements, record, about)
  }
  for (const { log, owner } of rolled.logs) {
    if (owner !== undefined && earlier.erased.has(owner)) continue
    const about = owner === undefined ? undefined : earlier.decisions.get(owner)
    const record = logRecord(log, standingOf(owner, about, []))
    if (!isNew('trace.log', record) || isOfErased(about, [])) continue
    add('trace.log', record, about)
    addJudgements(judgementsInLog(log), record, about)
  }
  return submissions
}

/** Records of one request at most. */
const TOGETHER_MAX = 1_000

async function record(
  { recorder }: RecordsTraces,
  submissions: readonly Submission[],
): Promise<Pick<Envelope, 'receipts' | 'errors'>> {
  const whole: Pick<Envelope, 'receipts' | 'errors'> = { receipts: [], errors: [] }
  for (let from = 0; from < submissions.length; from += TOGETHER_MAX) {
    const { receipts, errors } = await recorder.record(submissions.slice(from, from + TOGETHER_MAX))
    whole.receipts.push(...receipts)
    whole.errors.push(...errors)
  }
  return whole
}

function submission(kind: RecordKind, position: number, value: JsonObject, about?: number): Submission {
  return {
    kind,
    position,
    reading: { value, coerced: [], faults: [] },
    ...(about !== undefined && { about }),
  }
}

function withLinks(record: JsonObject, ids: readonly string[], rel = 'supersedes'): JsonObject {
  if (ids.length === 0) return record
  const links = Array.isArray(record.links) ? record.links : []
  return { ...record, links: [...links, ...ids.map((id) => ({ rel, id }))] }
}
