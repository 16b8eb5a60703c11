/** Batches straight into PostgreSQL by its driver, one prepared statement per batch, each its own durable transaction. */

import pg from 'pg'
import type { Decision } from './workload.ts'
import { INSERT, parametersOf } from './postgres-tables.ts'
import type { TableKind } from './postgres-tables.ts'
import type { Sender } from './sender.ts'

export async function postgresSender(
  url: string,
  table: TableKind,
  batches: readonly Decision[][],
  connections: number,
): Promise<Sender> {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    min: connections,
    idleTimeoutMillis: 0,
  })
  const parameters = batches.map((batch) => parametersOf(table, batch))
  const opened = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
  for (const client of opened) client.release()
  return {
    send: async (n) => {
      await pool.query({ name: 'append', text: INSERT[table], values: parameters[n] ?? [] })
      return { retries: 0 }
    },
    close: () => pool.end(),
  }
}
