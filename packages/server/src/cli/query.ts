import { Command } from 'commander'
import { note, print } from '../platform/terminal.ts'
import { connect, type ConnectionOptions, jsonOf, mustBeDirectory } from './connection.ts'
import { withConnection, withLedger } from './options.ts'
import { table } from './table.ts'

interface Answer {
  columns: { name: string }[]
  rows: unknown[][]
  truncated: boolean
}

function named(columns: Answer['columns'], row: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ name }, i) => [name, row[i]]))
}

export const query = withLedger(withConnection(new Command('query')))
  .description('run one read-only SQL query on the index')
  .argument('<sql>', 'the query')
  .addHelpText(
    'after',
    '\nExample:\n  deponent query "SELECT modelId, count() FROM decisions GROUP BY modelId"',
  )
  .action(async (sql: string, options: ConnectionOptions & { json?: boolean }) => {
    if (options.url === undefined) await mustBeDirectory(options.data)
    const connection = await connect(options)
    try {
      const answer = jsonOf(await connection.post('/v1/sql', JSON.stringify({ sql }))) as Answer
      if (options.json) print(JSON.stringify(answer))
      else print(table(answer.rows.map((row) => named(answer.columns, row))))
      if (answer.truncated) note('there is more than one answer may hold')
    } finally {
      await connection.close()
    }
  })
