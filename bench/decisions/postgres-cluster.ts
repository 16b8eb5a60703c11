/** A PostgreSQL to compare with: one given by address, or one of our own started by a script. */

import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { promisify } from 'node:util'
import pg from 'pg'
import { parentOf } from '../processes.ts'

const run = promisify(execFile)

export interface Cluster {
  url: string
  /** Process id of the postmaster; 0 when it runs elsewhere. */
  pid: number
  /** Version and the settings that matter, for the machine line. */
  description: string
  stop(): Promise<void>
}

/** Settings of our own cluster: generous for this machine, and no checkpoint falls into a run by its clock. */
const SETTINGS = [
  'shared_buffers = 1GB',
  'max_wal_size = 4GB',
  'wal_level = replica',
  'checkpoint_timeout = 15min',
].join('\n')

/**
 * Starts a durable cluster in `folder` by a script with the commands `start`, `env` and `destroy`, which prints its
 * address as DATABASE_URL and obeys PG_DURABLE and PG_EXTRA.
 */
export async function startCluster(script: string, folder: string): Promise<Cluster> {
  mkdirSync(folder, { recursive: true })
  const env = { ...process.env, PG_DURABLE: '1', PG_EXTRA: SETTINGS }
  await run(script, ['start', folder], { env })
  const { stdout } = await run(script, ['env', folder], { env })
  const url = /^DATABASE_URL=(.*)$/m.exec(stdout)?.[1]
  if (url === undefined) throw new Error(`${script} printed no DATABASE_URL`)
  return {
    ...(await connected(url)),
    stop: async () => {
      await run(script, ['destroy', folder], { env })
    },
  }
}

/** Uses a running cluster; it must be durable, and what is in its table `decisions` is dropped. */
export async function useCluster(url: string): Promise<Cluster> {
  return { ...(await connected(url)), stop: async () => {} }
}

async function connected(url: string): Promise<Omit<Cluster, 'stop'>> {
  const [settings] = await query<Record<string, string>>(
    url,
    `
    SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS synchronous_commit, current_setting('full_page_writes') AS full_page_writes,
      current_setting('shared_buffers') AS shared_buffers, pg_backend_pid()::text AS backend`,
  )
  if (settings?.fsync !== 'on' || settings.synchronous_commit !== 'on')
    throw new Error('PostgreSQL is not durable: fsync and synchronous_commit must be on')
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const pid = parentOf(rows[0]?.pid ?? 0)
  await client.end()
  return {
    url,
    pid,
    description: `PostgreSQL ${settings.version} (fsync on, full_page_writes ${settings.full_page_writes}, shared_buffers ${settings.shared_buffers})`,
  }
}

/** A connection of its own; the caller ends it. */
export async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  return client
}

/** One query on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}
