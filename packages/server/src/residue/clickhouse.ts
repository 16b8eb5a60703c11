/** An index on a ClickHouse server: every text in every column of its tables, and what the server may have noted of statements. */
import {
  databaseOfLedger,
  DEFAULT_SETTINGS,
  EngineUnavailable,
  IndexEngine,
  serverOf,
} from '../projection/index.ts'
import { AnswerLost, type IndexClient, StatementRefused } from '../projection/engine/client.ts'
import type { ResidueTally } from './report.ts'
import type { Sought } from './seeker.ts'

const STORE = 'index on the server'
/** Tables in which a server notes the statements it was sent, if it does. */
const NOTES = ['query_log', 'query_thread_log', 'query_views_log', 'text_log', 'part_log', 'crash_log']

interface Column {
  readonly database: string
  readonly table: string
  readonly name: string
  readonly comment: string
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
    for (const column of await columnsOf(client, ledgers)) await searchColumn(client, column, sought, tally)
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

/** Columns that may hold text: of the tables of each ledger, and of the server's own notes. */
async function columnsOf(client: IndexClient, ledgers: readonly string[]): Promise<Column[]> {
  const columns = await client.select<Column>(
    `SELECT database, table, name, comment FROM system.columns
      WHERE (type LIKE '%String%' OR comment != '') AND (database = 'system' OR startsWith(database, 'deponent'))`,
  )
  const databases = new Set(ledgers.map((ledger) => `${databaseOfLedger(ledger)}_index`))
  return columns.filter(({ database, table }) =>
    database === 'system' ? NOTES.includes(table) : databases.has(database),
  )
}

async function searchColumn(
  client: IndexClient,
  { database, table, name, comment }: Column,
  sought: readonly Sought[],
  tally: ResidueTally,
): Promise<void> {
  const where = `${database}.${table}, column ${name}`
  tally.looked(STORE, 0)
  for (const { name: who, spellings } of sought) {
    const texts = spellings.filter(({ bytes }) => bytes.equals(Buffer.from(bytes.toString())))
    for (const { kind, bytes } of texts) {
      const text = bytes.toString()
      const isNamed = comment.includes(text)
      // Spelled in hexadecimal: as a parameter it would stand in what the server notes of this very statement.
      const [row] = await client.select<{ found: string }>(
        `SELECT count() AS found FROM ${database}.${table}
          WHERE position(toString(\`${name}\`), unhex('${bytes.toString('hex')}')) > 0 LIMIT 1`,
        { settings: { max_execution_time: 300 } },
      )
      if (isNamed || Number(row?.found ?? 0) > 0) tally.found(STORE, [{ where, what: `${who} as ${kind}` }])
    }
  }
}
