import { type Clock, realClock } from '../platform/clock.ts'
import { DEFAULT_DATABASE } from './database-name.ts'
import type { IndexClient } from './engine/client.ts'
import type { Engine, EngineState } from './engine/engine.ts'
import type { IndexEngine } from './engine/index-engine.ts'
import type { ProjectionFinding } from './findings.ts'
import { NarrowedViews } from './narrowed-views.ts'
import { Projector } from './projector.ts'
import { recordsAbout } from './queries/about.ts'
import { type AccessList, listAccesses } from './queries/accesses.ts'
import { type AggregateAnswer, aggregateDecisions } from './queries/aggregate.ts'
import { coverage, type CoverageAnswer } from './queries/coverage.ts'
import type { SubjectResolver } from './queries/filter.ts'
import type { Ground } from './queries/ground.ts'
import { type LatestAbout, latestAbout } from './queries/labels.ts'
import { type DecisionList, listDecisions } from './queries/list.ts'
import {
  decisionsOutside,
  type ModelUse,
  modelUse,
  type ModelUseAnswer,
  type Period,
} from './queries/model-use.ts'
import {
  entriesNear,
  entriesNumbered,
  entriesOfKind,
  type KindNear,
  latestOfKind,
  type NumberRange,
} from './queries/numbers.ts'
import type { QueryInput } from './queries/parameters.ts'
import { countSpans, type Span, type SpanCount, type SpanFilter } from './queries/spans.ts'
import { FreeSql, type SqlAnswer } from './queries/sql.ts'
import {
  type CompletenessAnswer,
  completenessStats,
  type ConfidenceAnswer,
  confidenceStats,
  overrides,
  type OverridesAnswer,
  usage,
  type UsageAnswer,
} from './queries/stats.ts'
import { countEntries, type EntriesOfTime, findEntries } from './queries/times.ts'
import { type HotSize, hotSize } from './queries/size.ts'
import { systemsOf, type SystemsAnswer } from './queries/systems.ts'
import type { Restriction } from './restriction.ts'
import { namesOf } from './schema.ts'
import { NO_RULES } from './indexable.ts'
import type { FieldRules, PositionStore, ProjectionSource } from './source.ts'
import { IndexStore } from './store.ts'
import { type TierSettings, Tiers } from './tiers/tiers.ts'

export { databaseOfLedger } from './database-name.ts'
export { EngineUnavailable } from './engine/client.ts'
export { EngineStopped } from './engine/engine.ts'
export { IndexEngine } from './engine/index-engine.ts'
export type { ProjectionFinding } from './findings.ts'
export { type AccessList, type ListedAccess, LOOKED_AT_MAX } from './queries/accesses.ts'
export { type AggregateAnswer, isDimension, isMetric } from './queries/aggregate.ts'
export type { CoverageAnswer } from './queries/coverage.ts'
export { QueryError } from './queries/error.ts'
export type { SubjectResolver } from './queries/filter.ts'
export type { LatestAbout } from './queries/labels.ts'
export type { DecisionList } from './queries/list.ts'
export type { ModelUse, Period } from './queries/model-use.ts'
export type { QueryInput } from './queries/parameters.ts'
export { readSql } from './queries/sql-shape.ts'
export type { SqlAnswer } from './queries/sql.ts'
export type { CompletenessAnswer, ConfidenceAnswer, OverridesAnswer, UsageAnswer } from './queries/stats.ts'
export type { Span, SpanCount, SpanFilter } from './queries/spans.ts'
export { type Restriction, UNRESTRICTED } from './restriction.ts'
export { DEFAULT_SETTINGS, type EngineSettings, serverOf } from './settings.ts'
export type { FieldRules, PositionStore, ProjectionSource, SealedField, SourceEntry } from './source.ts'

export interface ProjectionOptions {
  /** Started by the caller, shared with other projections, and stopped by the caller after them. */
  readonly engine: IndexEngine
  /** Name of this index's databases, its own in the engine: that of `databaseOfLedger`. */
  readonly database?: string
  readonly source: ProjectionSource
  readonly positions: PositionStore
  /** A field's values left the index for good. Called at least once for each; must not wait for the projection. */
  readonly onFieldSealed: (system: string, field: string) => void | Promise<void>
  /** Pseudonyms behind the `subject` of a question, which is a subject id or a handle. */
  readonly resolveSubject?: SubjectResolver
  /** What is sealed beyond what records say of themselves; nothing when absent. Asked again and again. */
  readonly rules?: () => FieldRules
  readonly clock?: Clock
  /** It stands in for another index of this ledger, which could not be opened. */
  readonly isSubstitute?: boolean
  /** Where rows go when their month is over; they stay in the tables when absent. */
  readonly tiers?: TierSettings
}

/** What was to be erased is gone from this index, but may be in the one it stands in for. */
export class IndexOutOfReach extends Error {
  constructor() {
    super('the index of this directory is not open; it may hold what was to be erased')
  }
}

/** What others than the index itself do with months that lie in files. */
export type ShownTiers = Pick<
  Tiers,
  'damaged' | 'hotDays' | 'months' | 'release' | 'restoration' | 'restore' | 'warmDays'
>

export interface ProjectionHealth {
  readonly engine: EngineState
  /** Entries in the index. */
  readonly position: number
  /** Durable entries that are not yet in it. */
  readonly lag: number
  /** What keeps it from going on; '' while it goes on. */
  readonly trouble: string
  /** Findings since the start. */
  readonly findings: number
}

const HANDLE = /^[0-9a-f]{32}$/
const STOP_MS_MAX = 5_000
const OPEN_MS_MAX = 10_000

/** The searchable side of a ledger: derived from it, disposable, and never in its way. */
export class Projection {
  readonly #engine: Engine
  readonly #client: IndexClient
  readonly #projector: Projector
  readonly #ground: Ground
  readonly #freeSql: FreeSql
  readonly #clock: Clock
  readonly #resolveSubject: SubjectResolver
  readonly #isSubstitute: boolean
  readonly #tiers: Tiers | undefined

  private constructor(options: ProjectionOptions) {
    const { engine, source, positions, onFieldSealed, clock = realClock } = options
    const names = { ...namesOf(options.database ?? DEFAULT_DATABASE), isTiered: options.tiers !== undefined }
    this.#engine = engine.engine
    this.#client = engine.connect()
    const views = new NarrowedViews(this.#client, names)
    this.#tiers = options.tiers && new Tiers(options.tiers, this.#client, names, clock)
    const store = new IndexStore(this.#client, names, views, clock, this.#tiers)
    const { rules = () => NO_RULES } = options
    this.#projector = new Projector({
      source,
      positions,
      store,
      engine: this.#engine,
      clock,
      rules,
      onFieldSealed,
    })
    this.#ground = {
      client: this.#client,
      names,
      position: () => this.#projector.position(),
      catalogue: () => this.#projector.catalogue(),
      files: () => this.#tiers?.spans() ?? [],
      archived: () => this.#tiers?.archived() ?? [],
      reading: (question) => this.#tiers?.read(question) ?? question(),
    }
    this.#tiers?.take({
      position: () => this.#projector.position(),
      features: () => this.#projector.catalogue().named(),
      exclusively: (task) => this.#projector.exclusively(task),
    })
    this.#freeSql = new FreeSql(this.#ground, views)
    this.#clock = clock
    this.#isSubstitute = options.isSubstitute ?? false
    this.#resolveSubject = options.resolveSubject ?? ((text) => (HANDLE.test(text) ? [text] : []))
  }

  /** Brings the index to its position and follows the ledger. */
  static async start(options: ProjectionOptions): Promise<Projection> {
    const projection = new Projection(options)
    try {
      await projection.#openWithin(OPEN_MS_MAX)
      return projection
    } catch (error) {
      await projection.stop()
      throw error
    }
  }

  /** An index that takes long to open, or a server that is away, is no reason to keep anybody from recording. */
  async #openWithin(ms: number): Promise<void> {
    const opened = this.#projector.start()
    // Whoever asks too early is told so by `ask`; a stop before the index was open concerns nobody else.
    opened.catch(() => {})
    await this.#within(ms, opened)
  }

  /** Leaves the engine to the others. */
  async stop(): Promise<void> {
    // The batch under way may end if it can; an engine that is away must not hold up the stop.
    const stopped = this.#projector.stop()
    if (this.#engine.state === 'ready') await this.#within(STOP_MS_MAX, stopped)
    await this.#client.close()
    await stopped
  }

  /** No month moves between building a question and its answer. */
  #asOne<T>(question: () => Promise<T>): Promise<T> {
    return this.#ground.reading(question)
  }

  /** Waits for `work`, but no longer than `ms`; leaves no timer behind that would hold up the end of the process. */
  #within(ms: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve)
      const done = () => {
        cancel()
        resolve()
      }
      work.then(done, done)
    })
  }

  /** `GET /v1/decisions`. */
  list(input: QueryInput, restriction: Restriction): Promise<DecisionList> {
    return this.#asOne(() => listDecisions(this.#ground, input, this.#resolveSubject, restriction))
  }

  /** `GET /v1/aggregate`. */
  aggregate(input: QueryInput, restriction: Restriction): Promise<AggregateAnswer> {
    return this.#asOne(() => aggregateDecisions(this.#ground, input, this.#resolveSubject, restriction))
  }

  /** `POST /v1/sql`: one read-only statement over the views decisions, outcomes, reviews and records. */
  sql(statement: string, restriction: Restriction): Promise<SqlAnswer> {
    return this.#freeSql.run(statement, restriction)
  }

  /** Indices of the records about a decision, in ledger order. */
  about(index: number, restriction: Restriction): Promise<number[]> {
    return recordsAbout(this.#ground, index, restriction)
  }

  /** The latest outcome and reviews of each of these decisions, by the index of the decision. */
  latestAbout(
    targets: readonly number[],
    size: number,
    restriction: Restriction,
  ): Promise<Map<number, LatestAbout>> {
    return this.#asOne(() => latestAbout(this.#ground, targets, size, restriction))
  }

  /** Every system that recorded, with the class of its fields. */
  systems(restriction: Restriction): Promise<SystemsAnswer> {
    return systemsOf(this.#ground, restriction)
  }

  /** Has the index follow the rules as they are now. */
  rulesChanged(): void {
    this.#projector.rulesChanged()
  }

  /** Whether nothing is in the index any more that the rules keep out of it. */
  followsRules(): boolean {
    return this.#projector.followsRules()
  }

  /** Input features a system reported, and whether they took too many values to be in the index. */
  fieldsOf(system: string): { name: string; sealed: boolean }[] {
    return this.#projector.catalogue().fieldsOf(system)
  }

  /** Input features of a system whose values are sealed only. */
  sealedFields(system: string): string[] {
    const fields = this.#projector.catalogue().fieldsOf(system)
    return fields.flatMap(({ name, sealed }) => (sealed ? [name] : []))
  }

  statsCoverage(restriction: Restriction): Promise<CoverageAnswer> {
    return coverage(this.#ground, restriction)
  }

  /** Decisions and tokens recorded in each span of time. */
  countSpans(
    filter: SpanFilter,
    spans: readonly Span[],
    restriction: Restriction,
  ): Promise<(SpanCount | undefined)[]> {
    return countSpans(this.#ground, filter, spans, restriction)
  }

  /** Indices of the entries that carry these numbers, in ledger order. */
  entriesNumbered(range: NumberRange, limit: number, restriction: Restriction): Promise<number[]> {
    return entriesNumbered(this.#ground, range, limit, restriction)
  }

  /** Indices of the entries of kinds that begin so, in ledger order. */
  entriesOfKind(beginning: string, limit: number, restriction: Restriction): Promise<number[]> {
    return entriesOfKind(this.#ground, beginning, limit, restriction)
  }

  /** The same, the last ones where there are more. */
  latestOfKind(beginning: string, limit: number, restriction: Restriction): Promise<number[]> {
    return latestOfKind(this.#ground, beginning, limit, restriction)
  }

  /** Indices of the entries of one kind, the nearest in time first; those of archived months are among them. */
  entriesNear(near: KindNear, limit: number, restriction: Restriction): Promise<number[]> {
    return entriesNear(this.#ground, near, limit, restriction)
  }

  /** Which versions of all models, or of one, decided, where and when. */
  modelUse(modelId: string | undefined, restriction: Restriction): Promise<ModelUseAnswer> {
    return this.#asOne(() => modelUse(this.#ground, modelId, restriction))
  }

  /** How many decisions of such a use were made at no time of these periods; null where so few were, or were not. */
  decisionsOutside(
    use: ModelUse,
    periods: readonly Period[],
    restriction: Restriction,
  ): Promise<number | null> {
    return this.#asOne(() => decisionsOutside(this.#ground, use, periods, restriction))
  }

  /** How many entries a system has of these kinds from before a time; those that were erased not counted. */
  countEntries(of: EntriesOfTime): Promise<number> {
    return countEntries(this.#ground, of)
  }

  /** Their indices, ascending, from `from` on; at most `limit`. */
  findEntries(of: EntriesOfTime, from: number, limit: number): Promise<number[]> {
    return findEntries(this.#ground, of, from, limit)
  }

  statsCompleteness(input: QueryInput, restriction: Restriction): Promise<CompletenessAnswer> {
    return this.#asOne(() => completenessStats(this.#ground, input, this.#resolveSubject, restriction))
  }

  statsUsage(input: QueryInput, restriction: Restriction): Promise<UsageAnswer> {
    return this.#asOne(() => usage(this.#ground, input, this.#resolveSubject, restriction))
  }

  statsConfidence(input: QueryInput, restriction: Restriction): Promise<ConfidenceAnswer> {
    return this.#asOne(() => confidenceStats(this.#ground, input, this.#resolveSubject, restriction))
  }

  statsOverrides(input: QueryInput, restriction: Restriction): Promise<OverridesAnswer> {
    return this.#asOne(() => overrides(this.#ground, input, this.#resolveSubject, restriction))
  }

  /** Who looked at what; `of`: at any of these entries, by id. Whether the caller may know is for the caller's side to say. */
  accesses(input: QueryInput, of?: readonly string[]): Promise<AccessList> {
    return listAccesses(this.#ground, input, this.#resolveSubject, of)
  }

  /** Drops the index and fills it again; resolves when every entry known at the call is in it. */
  reindex(): Promise<void> {
    return this.#projector.reindex()
  }

  /**
   * Removes all that the index knows of these entries but that there are such. Call it when their payloads are gone; it resolves when no
   * part of the index on disk holds any of it, and may be called again at any time. Entries not indexed yet are no matter. Of `left`, which
   * are among them, a part is left, and is indexed again.
   * @throws PartsRemain · IndexOutOfReach · ProjectorStopped, and what the engine says: call it again.
   */
  async erase(indices: readonly number[], left: readonly number[] = []): Promise<void> {
    await this.#projector.erase(indices, left)
    if (this.#isSubstitute) throw new IndexOutOfReach()
  }

  /** Moves the rows of every month whose time has come, and gives those months. */
  moveMonths(): Promise<string[]> {
    return this.#tiers?.moveDue() ?? Promise.resolve([])
  }

  /** Where rows lie that are not in the tables; undefined when all of them are. */
  tiers(): ShownTiers | undefined {
    return this.#tiers
  }

  /** Rows in the tables of what records say, and the bytes these take on disk. */
  hotSize(): Promise<HotSize> {
    return hotSize(this.#ground)
  }

  /** Compares block counts with the ledger now, writes damaged blocks again and gives their numbers. */
  check(): Promise<number[]> {
    return this.#projector.check()
  }

  /** Resolves when the entry is in the index. @throws ProjectorStopped */
  visible(index: number): Promise<void> {
    return this.#projector.visible(index)
  }

  /** Number of entries in the index. */
  position(): number {
    return this.#projector.position()
  }

  /** Durable entries that are not yet in the index. */
  lag(): number {
    return this.#projector.lag()
  }

  health(): ProjectionHealth {
    const { state } = this.#engine
    return {
      engine: state,
      position: this.position(),
      lag: this.lag(),
      // Not the engine's own words, which may quote what it worked on: everybody may ask how the index does.
      trouble: this.#projector.trouble() || (state === 'ready' ? '' : `the index engine is ${state}`),
      findings: this.#projector.findings.count(),
    }
  }

  findings(): readonly ProjectionFinding[] {
    return this.#projector.findings.list()
  }
}
