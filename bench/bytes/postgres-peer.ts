/** The same records in the audit table that most people build, `plain` of the comparison of decisions: bytes of a row with its indexes. */

import { connectTo } from '../decisions/postgres-cluster.ts'
import type { Cluster } from '../decisions/postgres-cluster.ts'
import { createTables } from '../decisions/postgres-tables.ts'
import type { Corpus } from './corpora.ts'

const BATCH = 500

/** Whatever of a record has no column; a record that is no decision lies in the same table. */
const INSERT = `INSERT INTO decisions (id, decision_id, at, system, subject, model_id, model_version, trace_id, confidence, input, prediction)
  SELECT id, decision_id, coalesce(at, now()), coalesce(system, ''), coalesce(subject, ''), coalesce(model_id, ''), coalesce(model_version, ''),
         coalesce(trace_id, ''), confidence, coalesce(input, '{}'), prediction
    FROM json_to_recordset($1::json) AS r(id uuid, decision_id text, at timestamptz, system text, subject text, model_id text,
         model_version text, trace_id text, confidence double precision, input jsonb, prediction jsonb)`

export async function bytesPerRow(cluster: Cluster, { records }: Corpus): Promise<number> {
  const client = await connectTo(cluster.url)
  try {
    await client.query(createTables('plain'))
    const rows = records.map(rowOf)
    for (let from = 0; from < rows.length; from += BATCH)
      await client.query(INSERT, [JSON.stringify(rows.slice(from, from + BATCH))])
    await client.query('VACUUM ANALYZE decisions')
    await client.query('CHECKPOINT')
    const { rows: sizes } = await client.query<{ bytes: string }>(
      "SELECT pg_total_relation_size('decisions') AS bytes",
    )
    return Number(sizes[0]?.bytes) / records.length
  } finally {
    await client.end()
  }
}

function rowOf(record: Corpus['records'][number], n: number): object {
  const { kind, emitter: _, ...one } = record as Record<string, unknown>
  const { affectedUserId, confidence, decisionId, inputFeatures, modelId, modelVersion, ...rest } = one
  const { system, timestamp, traceId, ...content } = rest
  return {
    id: idOf(n),
    decision_id: kind === 'decision' && decisionId !== undefined ? decisionId : `${String(kind)}-${n}`,
    at: timestamp,
    system,
    subject: affectedUserId,
    model_id: modelId,
    model_version: modelVersion,
    trace_id: traceId,
    confidence,
    input: inputFeatures,
    prediction: kind === 'decision' ? content : { kind, decisionId, ...content },
  }
}

/** Keys that arrive in order, which suits a B-tree best. */
function idOf(n: number): string {
  return `01970000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
}
