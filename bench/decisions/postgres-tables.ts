/**
 * The tables PostgreSQL is compared with, and the one statement that writes a batch into each.
 *
 * `plain`   an audit table as most people build it: uuid key, the columns one searches by, JSONB, five indexes.
 * `chained` the same with the content encrypted by pgcrypto and every row's hash over the previous one, appended by one
 *           function: rows are sealed before the lock, the chain is computed in memory, one INSERT stores them. This is
 *           the fastest form we found.
 * `trigger` the same as it is usually found: `pgp_sym_encrypt` with its defaults and a row trigger that keeps the chain.
 *
 * A batch travels as one JSON parameter. Of the ways to insert a hundred rows by one prepared INSERT it was the fastest
 * (several VALUES and arrays with `unnest` took a sixth longer or more).
 */

import type { Decision } from './workload.ts'

export type TableKind = 'plain' | 'chained' | 'trigger'

export const TABLE_KINDS: readonly TableKind[] = ['plain', 'chained', 'trigger']

/** What is searched by has a column; the rest is content. Nothing is stored twice. */
const SEARCHED = `id uuid, decision_id text, at timestamptz, system text, subject text, model_id text,
  model_version text, trace_id text, confidence double precision`
const SEARCHED_NAMES = 'id, decision_id, at, system, subject, model_id, model_version, trace_id, confidence'

const TABLE: Record<TableKind, string> = {
  plain: table('', 'input jsonb NOT NULL, prediction jsonb NOT NULL'),
  chained: table('seq bigint NOT NULL, hash bytea NOT NULL,', 'payload bytea NOT NULL'),
  trigger: table('seq bigint NOT NULL, hash bytea NOT NULL,', 'payload bytea NOT NULL'),
}

function table(chain: string, content: string): string {
  return `
    CREATE TABLE decisions (
      ${chain}
      id uuid PRIMARY KEY, decision_id text NOT NULL, at timestamptz NOT NULL, system text NOT NULL, subject text NOT NULL,
      model_id text NOT NULL, model_version text NOT NULL, trace_id text NOT NULL, confidence double precision,
      ${content}, recorded_at timestamptz NOT NULL DEFAULT now());
    CREATE UNIQUE INDEX ON decisions (decision_id);
    CREATE INDEX ON decisions (at);
    CREATE INDEX ON decisions (subject, at);
    CREATE INDEX ON decisions (model_id, model_version, at);
    CREATE INDEX ON decisions (trace_id);`
}

const PGCRYPTO = 'CREATE EXTENSION IF NOT EXISTS pgcrypto;'

const APPEND = `
  CREATE TABLE head (seq bigint NOT NULL, hash bytea NOT NULL);
  INSERT INTO head VALUES (0, decode(repeat('00', 32), 'hex'));
  CREATE FUNCTION append(incoming json, key bytea) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    sealed decisions[];
    one decisions;
    latest head;
  BEGIN
    SELECT array_agg(ROW(0, '', ${SEARCHED_NAMES}, nonce || encrypt_iv(convert_to(payload::text, 'UTF8'), key, nonce, 'aes'),
                         clock_timestamp())::decisions)
      INTO sealed
      FROM (SELECT *, gen_random_bytes(16) AS nonce FROM json_to_recordset(incoming) AS r(${SEARCHED}, payload json) OFFSET 0) AS s;
    SELECT * INTO latest FROM head FOR UPDATE;
    FOR n IN 1 .. array_length(sealed, 1) LOOP
      one := sealed[n];
      one.seq := latest.seq + 1;
      one.hash := latest.hash;
      one.hash := sha256(record_send(one));
      latest.seq := one.seq;
      latest.hash := one.hash;
      sealed[n] := one;
    END LOOP;
    INSERT INTO decisions SELECT * FROM unnest(sealed);
    UPDATE head SET seq = latest.seq, hash = latest.hash;
  END $$;`

const TRIGGER = `
  CREATE UNIQUE INDEX ON decisions (seq);
  CREATE FUNCTION chain() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE latest record;
  BEGIN
    PERFORM pg_advisory_xact_lock(1);
    SELECT seq, hash INTO latest FROM decisions ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(latest.seq, 0) + 1;
    NEW.hash := coalesce(latest.hash, decode(repeat('00', 32), 'hex'));
    NEW.hash := sha256(record_send(NEW));
    RETURN NEW;
  END $$;
  CREATE TRIGGER chain BEFORE INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION chain();`

/** Drops what an earlier run left and creates the empty tables. */
export function createTables(kind: TableKind): string {
  const chain: Record<TableKind, string> = {
    plain: '',
    chained: PGCRYPTO + APPEND,
    trigger: PGCRYPTO + TRIGGER,
  }
  return `
    DROP FUNCTION IF EXISTS append(json, bytea);
    DROP TABLE IF EXISTS decisions CASCADE; DROP TABLE IF EXISTS head; DROP FUNCTION IF EXISTS chain();
    ${TABLE[kind]} ${chain[kind]}`
}

/** One key for all rows: less than the per-person keys of the server, so the comparison favours PostgreSQL. */
export const SEALING_KEY_HEX = '8f3a5c0e7d21b4960af2c8e15b7d93460c1e2f3a4b5d6c7e8f90a1b2c3d4e5f6'

/** The statement that stores a batch; $1 is the batch, $2 the key where there is one. */
export const INSERT: Record<TableKind, string> = {
  plain: `INSERT INTO decisions (${SEARCHED_NAMES}, input, prediction)
    SELECT * FROM json_to_recordset($1::json) AS r(${SEARCHED}, input jsonb, prediction jsonb)`,
  chained: 'SELECT append($1, $2)',
  trigger: `INSERT INTO decisions (${SEARCHED_NAMES}, payload)
    SELECT ${SEARCHED_NAMES}, pgp_sym_encrypt(payload::text, encode($2::bytea, 'hex'))
      FROM json_to_recordset($1::json) AS r(${SEARCHED}, payload json)`,
}

/** The parameters of {@link INSERT} for one batch. */
export function parametersOf(kind: TableKind, batch: readonly Decision[]): (string | Buffer)[] {
  const rows = JSON.stringify(batch.map((decision) => rowOf(kind, decision)))
  return kind === 'plain' ? [rows] : [rows, Buffer.from(SEALING_KEY_HEX, 'hex')]
}

function rowOf(kind: TableKind, decision: Decision): Record<string, unknown> {
  const {
    decisionId,
    timestamp,
    system,
    affectedUserId,
    modelId,
    modelVersion,
    traceId,
    confidence,
    ...content
  } = decision
  const { inputFeatures, ...prediction } = content
  const searched = {
    id: idOf(decision),
    decision_id: decisionId,
    at: timestamp,
    system,
    subject: affectedUserId,
    model_id: modelId,
    model_version: modelVersion,
    trace_id: traceId,
    confidence,
  }
  return kind === 'plain'
    ? { ...searched, input: inputFeatures, prediction }
    : { ...searched, payload: { input: inputFeatures, prediction } }
}

/** A UUIDv7 of the decision's own time: keys that arrive in order, which suits a B-tree best. */
function idOf({ timestamp, traceId }: Decision): string {
  const time = Date.parse(timestamp).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${traceId.slice(0, 3)}-8${traceId.slice(3, 6)}-${traceId.slice(6, 18)}`
}

/** Reads every row back in the shape of {@link StoredRow}; $1 is the key where there is one. */
export const READ_BACK: Record<TableKind, string> = {
  plain: `SELECT ${SEARCHED_NAMES}, input, prediction FROM decisions ORDER BY decision_id`,
  chained: readSealed(
    "convert_from(decrypt_iv(substr(payload, 17), $1, substr(payload, 1, 16), 'aes'), 'UTF8')",
  ),
  trigger: readSealed("pgp_sym_decrypt(payload, encode($1::bytea, 'hex'))"),
}

function readSealed(opened: string): string {
  return `SELECT ${SEARCHED_NAMES}, opened->'input' AS input, opened->'prediction' AS prediction
    FROM (SELECT *, ${opened}::jsonb AS opened FROM decisions) AS d ORDER BY decision_id`
}

export interface StoredRow {
  decision_id: string
  at: Date
  system: string
  subject: string
  model_id: string
  model_version: string
  trace_id: string
  confidence: number
  input: Decision['inputFeatures']
  prediction: Record<string, unknown>
}

/** The decision a row was made of. */
export function decisionOf(row: StoredRow): unknown {
  return {
    decisionId: row.decision_id,
    timestamp: row.at.toISOString(),
    system: row.system,
    affectedUserId: row.subject,
    modelId: row.model_id,
    modelVersion: row.model_version,
    traceId: row.trace_id,
    confidence: row.confidence,
    inputFeatures: row.input,
    ...row.prediction,
  }
}

/** Recomputes the chain: how many rows have another hash than their content and the row before give, and the last number. */
export const CHAIN_FAULTS = `
  SELECT count(*) FILTER (WHERE hash <> wanted)::int AS broken, max(seq)::int AS last
  FROM (SELECT seq, hash, sha256(record_send(ROW(seq, lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER (ORDER BY seq),
    ${SEARCHED_NAMES}, payload, recorded_at)::decisions)) AS wanted FROM decisions) AS c`
