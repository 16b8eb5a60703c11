/** PostgreSQL as a target: one of the tables, reached by its driver or through a minimal HTTP server. */

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import { query } from './postgres-cluster.ts'
import type { Cluster } from './postgres-cluster.ts'
import { CHAIN_FAULTS, createTables, decisionOf, READ_BACK, SEALING_KEY_HEX } from './postgres-tables.ts'
import type { StoredRow, TableKind } from './postgres-tables.ts'
import type { Footprint, Running, Target } from './target.ts'
import type { Decision } from './workload.ts'

const DESCRIPTION: Record<TableKind, string> = {
  plain: 'audit table, JSONB, primary key and five indexes',
  chained: 'the same, AES by pgcrypto and a row hash chain, appended by one function (tuned)',
  trigger: 'the same, pgp_sym_encrypt and a row hash chain kept by a trigger (usual)',
}

/** The table reached by the driver: the client talks PostgreSQL's own protocol, nothing in between. */
export function postgresTarget(cluster: Cluster, table: TableKind): Target {
  return {
    name: `postgres-${table}`,
    description: `PostgreSQL, ${DESCRIPTION[table]}`,
    start: async () => {
      await empty(cluster, table)
      return running(cluster, table, { destination: { protocol: 'postgres', url: cluster.url, table } })
    },
  }
}

/** The same table behind `postgres-front.ts`: what an application team would build in an afternoon. */
export function postgresFrontTarget(cluster: Cluster, table: TableKind, connections: number): Target {
  return {
    name: `postgres-${table}-http`,
    description: `as postgres-${table}, behind a minimal node:http server`,
    start: async () => {
      await empty(cluster, table)
      const { front, url } = await startFront(cluster, table, connections)
      const base = running(cluster, table, { destination: { protocol: 'http', url, token: '' } })
      const stop = (): Promise<Footprint> => {
        front.kill()
        return base.stop()
      }
      return { ...base, pids: [...base.pids, front.pid ?? 0], stop }
    },
  }
}

async function empty(cluster: Cluster, table: TableKind): Promise<void> {
  await query(cluster.url, createTables(table))
  await query(cluster.url, 'CHECKPOINT')
}

function running(cluster: Cluster, table: TableKind, { destination }: Pick<Running, 'destination'>): Running {
  return {
    destination,
    pids: [cluster.pid],
    follows: false,
    check: (sent) => check(cluster, table, sent),
    stop: () => footprint(cluster),
  }
}

async function startFront(
  cluster: Cluster,
  table: TableKind,
  connections: number,
): Promise<{ front: ChildProcess; url: string }> {
  const front = fork(new URL('postgres-front.ts', import.meta.url), [cluster.url, table, String(connections)])
  const [url] = (await once(front, 'message')) as [string]
  return { front, url }
}

/** Every row is read back, opened where it is sealed, and compared with what was sent; a chain is recomputed. */
async function check(cluster: Cluster, table: TableKind, sent: readonly Decision[]): Promise<string> {
  const key = table === 'plain' ? [] : [Buffer.from(SEALING_KEY_HEX, 'hex')]
  const rows = await query<StoredRow>(cluster.url, READ_BACK[table], key)
  const wanted = sent.toSorted((a, b) => (a.decisionId < b.decisionId ? -1 : 1))
  if (rows.length !== wanted.length) throw new Error(`${rows.length} rows stored, ${wanted.length} sent`)
  const wrong = rows.findIndex((row, n) => !isDeepStrictEqual(decisionOf(row), wanted[n]))
  if (wrong >= 0) throw new Error(`row ${wrong} is not what was sent`)
  if (table === 'plain') return `${rows.length} rows read back equal`
  await checkChain(cluster, rows.length)
  return `${rows.length} rows opened and equal, chain recomputed`
}

async function checkChain(cluster: Cluster, rows: number): Promise<void> {
  const [chain] = await query<{ broken: number; last: number }>(cluster.url, CHAIN_FAULTS)
  if (chain?.broken !== 0 || chain.last !== rows) throw new Error('the chain does not hold')
}

/** After VACUUM and CHECKPOINT. */
async function footprint(cluster: Cluster): Promise<Footprint> {
  await query(cluster.url, 'VACUUM ANALYZE decisions')
  await query(cluster.url, 'CHECKPOINT')
  const [size] = await query<{ rows: number; indexes: number }>(
    cluster.url,
    `SELECT pg_table_size('decisions')::float / count(*) AS rows, pg_indexes_size('decisions')::float / count(*) AS indexes
       FROM decisions`,
  )
  return {
    bytesPerRecord: { table: size?.rows, indexes: size?.indexes },
    besides: 'its write-ahead log, which is reused',
  }
}
