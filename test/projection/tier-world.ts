import { DuckDBConnection } from '@duckdb/node-api'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { fileStore } from '../../packages/server/src/platform/file-store.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import {
  type FieldRules,
  type IndexEngine,
  type Restriction,
  UNRESTRICTED,
} from '../../packages/server/src/projection/index.ts'
import { StoredTierStates } from '../../packages/server/src/projection/tiers/stored-states.ts'
import type { TierSettings } from '../../packages/server/src/projection/tiers/tiers.ts'
import { ask, decision, idOf, type Told, World } from './world.ts'

/** All months of the stories are over by now. */
export const FIRST_DAY = Date.UTC(2024, 0, 3)
const DAY_MS = 86_400_000

let worlds = 0

/** A world whose months move to files. */
export class TierWorld extends World {
  readonly storeDirectory = join(this.directory, 'store')
  readonly states = new StoredTierStates(new SqliteStateStore(':memory:'), 'default')
  interruptAt: string | undefined

  settings(further: Partial<TierSettings> = {}): TierSettings {
    return {
      store: fileStore(this.storeDirectory),
      directory: this.storeDirectory,
      ledger: 'default-0123',
      scratch: join(this.directory, 'scratch'),
      disk: realDisk,
      states: this.states,
      isOwner: true,
      hotDays: 30,
      warmDays: 100_000,
      atStep: (step) => {
        if (step === this.interruptAt) throw new Error(`interrupted when ${step}`)
      },
      ...further,
    }
  }

  readonly database = `deponent_t${(worlds += 1)}`

  /** In an engine that may be shared. */
  startTiered(engine: IndexEngine, further: Partial<TierSettings> = {}): Promise<this> {
    const { database } = this
    const tiers = this.settings(further)
    return this.start({ engine, database, tiers, clock: realClock, rules: () => this.rules })
  }

  /** Nothing is sealed by rules until `seal`. */
  rules: FieldRules = rulesThatSeal(0, [])

  /** Seals fields by their pointers, and waits until the index follows. */
  async seal(...pointers: string[]): Promise<void> {
    this.rules = rulesThatSeal(this.rules.version + 1, pointers)
    this.projection.rulesChanged()
    await expect.poll(() => this.projection.followsRules(), { timeout: 60_000 }).toBe(true)
  }

  /** Every file in the store, by its path. */
  stored(): string[] {
    return readdirSync(this.storeDirectory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.storeDirectory.length + 1))
      .toSorted()
  }

  /** Bytes of everything in the store. */
  storedBytes(): Buffer {
    return Buffer.concat(this.stored().map((path) => readFileSync(join(this.storeDirectory, path))))
  }
}

function rulesThatSeal(version: number, pointers: readonly string[]): FieldRules {
  return {
    version,
    touches: () => version > 0,
    sealedUntil: (_, pointer) => (pointers.includes(pointer) ? Number.MAX_SAFE_INTEGER : 0),
    sealedWithinUntil: () => 0,
  }
}

export const personOf = (i: number): string => ((i * 13) % 50).toString(16).padStart(32, '0')

/** Decisions, outcomes, reviews, comments and looks of fifty people in two systems over January and February, and some of today. */
export function story(from: number, count: number): Told[] {
  return Array.from({ length: count }, (_, k): Told => {
    const i = from + k
    const at = new Date(i % 11 === 5 ? Date.now() - i : FIRST_DAY + (i % 40) * DAY_MS + i).toISOString()
    const target = { index: i - 1, id: idOf(i - 1) }
    if (i % 10 === 7) return { kind: 'outcome', record: { outcome: i % 3, at }, target }
    if (i % 10 === 8) return { kind: 'comment', record: { decisionId: `d-${i}`, at } }
    if (i % 10 === 9) return { kind: 'review', record: { verdict: 'override', at, reviewerId: 'r' }, target }
    return decision(
      {
        decisionId: `d-${i}`,
        traceId: `t-${i % 60}`,
        caseId: `user-of-t-${i % 60}`,
        timestamp: at,
        prediction: i % 3 === 0 ? 'high' : { deep: i % 4 },
        confidence: (i % 97) / 100,
        latencyMs: (i % 31) + 0.5,
        costUsd: 0.001 * (i % 7),
        tokenUsage: { input: i % 50, output: 3 },
        inputFeatures: {
          n: i % 400,
          ...(i % 7 === 0 && { [`only ${personOf(i)}`]: i % 2 === 0 }),
          group: `g${(i * 7) % 9}`,
        },
        ...(i % 40 === 0 ? { humanReviewed: true } : {}),
      },
      { system: i % 2 === 0 ? 'even' : 'odd', subject: personOf(i) },
    )
  })
}

/** What of the records somebody may see who may not see all of them. */
export const RESTRICTIONS: readonly Restriction[] = [
  UNRESTRICTED,
  {
    boxes: [{ systems: ['even', 'default'], from: FIRST_DAY + 10 * DAY_MS }, { systems: ['odd'] }],
    except: [personOf(3), personOf(4)],
    withholds: (name) => name === 'confidence',
  },
]

const FROM = new Date(FIRST_DAY + 12 * DAY_MS).toISOString()
const TO = new Date(FIRST_DAY + 33 * DAY_MS).toISOString()

/** Every kind of question, to everybody who may ask it. */
export async function answers(world: World): Promise<unknown[]> {
  const given: unknown[] = []
  for (const restriction of RESTRICTIONS) given.push(await answersTo(world, restriction))
  return given
}

async function answersTo({ projection }: World, restriction: Restriction): Promise<unknown> {
  const list = (parameters: Record<string, string>) => projection.list(ask(parameters), restriction)
  const aggregate = (parameters: Record<string, string>) => projection.aggregate(ask(parameters), restriction)
  const sql = (statement: string) => projection.sql(statement, restriction)
  const first = await list({ limit: '10' })
  return {
    first,
    second: first.next === null ? null : await list({ limit: '40', cursor: first.next }),
    oldest: await list({ order: 'at', limit: '25' }),
    month: await list({ from: FROM, to: TO, limit: '1000' }),
    byId: await list({ decisionId: 'd-41' }),
    byTrace: await list({ traceId: 't-1' }),
    bySubject: await list({ subject: personOf(5) }),
    byOutcome: await list({ outcome: '1' }),
    byReview: await list({ reviewed: 'true' }),
    byFeature: await list({ 'feature.group': 'g7' }),
    search: await list({ q: 'd-10' }),
    grouped: await aggregate({ by: 'month,prediction', metrics: 'count,sum(costUsd),p95(latencyMs)' }),
    outcomes: await aggregate({ by: 'outcome,overridden' }),
    part: await aggregate({ by: 'system', from: FROM, to: TO }),
    features: await aggregate({ by: 'feature.group' }),
    completeness: await projection.statsCompleteness(ask(), restriction),
    usage: await projection.statsUsage(ask(), restriction),
    overrides: await projection.statsOverrides(ask(), restriction),
    systems: await projection.systems(restriction),
    about: await projection.about(16, restriction),
    coverage: await projection.statsCoverage(restriction),
    spans: await projection.countSpans({ system: 'even' }, [{ from: Date.parse(FROM), to: Date.parse(TO) }], {
      ...restriction,
      withholds: () => false,
    }),
    sql: await sql('SELECT * FROM decisions ORDER BY index'),
    sqlOthers: await sql(
      'SELECT * FROM (SELECT index, outcome FROM outcomes UNION ALL SELECT index, basis FROM reviews UNION ALL SELECT index, kind FROM records) ORDER BY index',
    ),
    sqlJoin: await sql(
      'SELECT d.system, count() FROM decisions AS d JOIN reviews AS r ON r.decisionIndex = toInt64(d.index) GROUP BY d.system ORDER BY d.system',
    ),
  }
}

/** Rows of Parquet files as DuckDB reads them, which we did not write. */
export async function readParquet(pattern: string, sql = 'SELECT * FROM files'): Promise<unknown[]> {
  const connection = await DuckDBConnection.create()
  try {
    await connection.run(
      `CREATE VIEW files AS SELECT * FROM read_parquet('${pattern}', hive_partitioning = true, union_by_name = true)`,
    )
    const reader = await connection.runAndReadAll(sql)
    return reader.getRowObjectsJson()
  } finally {
    connection.closeSync()
  }
}

/** What columns of the files of a world are said to hold, beyond what they are stored as. */
export async function logicalTypes(world: TierWorld): Promise<string> {
  const pattern = `${world.storeDirectory}/warm/*/*/*/*/*.parquet`
  const sql = `SELECT DISTINCT logical_type FROM parquet_schema('${pattern}')`
  return JSON.stringify(await readParquet(pattern, sql))
}

/** All that the files of a world say, as one text. */
export async function parquetTexts(world: TierWorld): Promise<string> {
  const tables = ['decisions', 'outcomes', 'reviews', 'records']
  const rows = tables.map((table) =>
    readParquet(`${world.storeDirectory}/warm/*/*/table=${table}/*/*.parquet`),
  )
  return JSON.stringify(await Promise.all(rows))
}
