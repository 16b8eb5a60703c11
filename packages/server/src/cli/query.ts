import { Command } from 'commander'
import { print } from '../platform/terminal.ts'
import { connect, type ConnectionOptions, jsonOf } from './connection.ts'
import { withConnection } from './options.ts'
import { table } from './table.ts'

export const query = withConnection(new Command('query'))
  .description('run one read-only SQL query on the index')
  .argument('<sql>', 'the query')
  .addHelpText('after', '\nExample:\n  deponent query "SELECT modelId, count() FROM decisions GROUP BY modelId"')
  .action(async (sql: string, options: ConnectionOptions & { json?: boolean }) => {
    const connection = await connect(options)
    try {
      const answer = jsonOf(await connection.post('/v1/sql', JSON.stringify({ sql }))) as { rows: Record<string, unknown>[] }
      if (options.json) print(JSON.stringify(answer))
      else print(table(answer.rows))
    } finally {
      await connection.close()
    }
  })
