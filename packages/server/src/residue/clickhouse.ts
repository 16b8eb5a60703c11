/** An index on a ClickHouse server: every text in every column of its tables, and what the server may have noted of statements. */
import {
  databaseOfLedger,
  DEFAULT_SETTINGS,
  EngineUnavailable,
  IndexEngine,
  serverOf,
} from '../projection/index.ts'
import { AnswerLost, type IndexClient, StatementRefused } from '../projection/engine/client.ts'
import { isNarrowedOf } from '../projection/database-name.ts'
import type { ResidueTally } from './report.ts'
import type { Sought } from './seeker.ts'

const STORE = 'index on the server'
/** Tables in which a server notes the statements it was sent, if it does. */
const NOTES = new Set([
  'query_log',
  'query_thread_log',
  'query_views_log',
  'text_log',
  'part_log',
  'crash_log',
])

interface Column {
  readonly database: string
  readonly table: string
  readonly name: string
  readonly comment: string
  readonly isText: number
}

export async function searchServer(
  url: string,
  ledgers: readonly string[],
  sought: readonly Sought[],
  tally: ResidueTally,
): Promise<void> {
  const engine = await IndexEngine.start({
    directory: '',
    settings: { ...DEFAULT_SETTINGS, server: serverOf(url) },
  })
  const client = engine.connect()
  try {
    const needles = needlesOf(sought)
    for (const column of await columnsOf(client, ledgers)) await searchColumn(client, column, needles, tally)
  } catch (error) {
    if (
      !(
        error instanceof EngineUnavailable ||
        error instanceof AnswerLost ||
        error instanceof StatementRefused
      )
    )
      throw error
    tally.notLookedAt(`${STORE}: it does not answer, or refuses to`)
  } finally {
    await client.close()
    await engine.stop()
  }
}

/** A text as one of its spellings, of those that can stand in a column of text. */
interface Needle {
  readonly what: string
  readonly bytes: Buffer
}

function needlesOf(sought: readonly Sought[]): Needle[] {
  return sought.flatMap(({ name, spellings }) =>
    spellings.map(({ kind, bytes }) => ({ what: `${name} as ${kind}`, bytes })),
  )
}

/** Every column of an index, its views included, and columns of text in the server's own notes. */
async function columnsOf(client: IndexClient, ledgers: readonly string[]): Promise<Column[]> {
  const columns = await client.select<Column>(
    `SELECT database, table, name, comment, position(type, 'String') > 0 AS isText FROM system.columns
      WHERE database = 'system' OR startsWith(database, 'deponent')`,
  )
  const views = ledgers.map((ledger) => databaseOfLedger(ledger))
  const databases = new Set(views.flatMap((name) => [name, `${name}_index`]))
  return columns.filter(({ database, table, isText }) =>
    database === 'system'
      ? isText && NOTES.has(table)
      : databases.has(database) || views.some((name) => isNarrowedOf(name, database)),
  )
}

async function searchColumn(
  client: IndexClient,
  column: Column,
  needles: readonly Needle[],
  tally: ResidueTally,
): Promise<void> {
  const { database, table, name, comment } = column
  const where = `${database}.${table}, column ${name}`
  tally.looked(STORE, 0)
  const named = needles.filter(({ bytes }) =>
    [name, comment].some((text) => Buffer.from(text).includes(bytes)),
  )
  // A name that says whom the column is of is not repeated.
  tally.found(
    STORE,
    named.map(({ what }) => ({ where: `${database}.${table}`, what: `${what}, in the name of a column` })),
  )
  const holdsText = column.isText && (database === 'system' || database.endsWith('_index'))
  if (holdsText) {
    const found = await foundIn(client, column, needles)
    tally.found(
      STORE,
      found.map(({ what }) => ({ where, what })),
    )
  }
}

/** Which of these stand in a column: one pass over it. */
async function foundIn(
  client: IndexClient,
  { database, table, name }: Column,
  needles: readonly Needle[],
): Promise<Needle[]> {
  // Spelled in hexadecimal: as parameters they would stand in what the server notes of this very statement.
  const sums = needles.map(
    ({ bytes }, i) => `countIf(position(text, unhex('${bytes.toString('hex')}')) > 0) AS n${i}`,
  )
  const [row = {}] = await client.select<Record<string, string>>(
    `SELECT ${sums.join(', ')} FROM (SELECT toString(\`${name}\`) AS text FROM ${database}.${table})`,
    { settings: { max_execution_time: 300 } },
  )
  return needles.filter((_, i) => Number(row[`n${i}`] ?? 0) > 0)
}
