/** Imports as a person types them, against a real server. What becomes of the rows of each source is in test/ingest. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fixture } from '../ingest/imported.ts'
import { noPostgres, Postgres } from '../servers/postgres.ts'
import { serverSuite } from '../servers/server-suite.ts'
import { newPlace, runCommand, ServerProcess } from './server-process.ts'

interface Answer {
  code: number
  stderr: string
  lines: number
  records: number
  recorded: number
  duplicates: number
  rejected: number
  errors: { file?: string; line: number; code: string }[]
  format: string
  mapping?: object
  fidelity?: { decisions: number; complete: number; fields: { field: string; present: number }[] }
  importId?: string
}

let server: ServerProcess
let files: string

async function run(args: readonly string[], input?: string): Promise<Answer> {
  const to = ['--url', server.url, '--key', server.key, '--json']
  const { code, stdout, stderr } = await runCommand(['import', ...args, ...to], input)
  return { ...(JSON.parse(stdout === '' ? '{}' : stdout) as Answer), code, stderr }
}

async function recorded(id: string): Promise<{ kind: string; record: Record<string, unknown> }> {
  const response = await server.fetch(`/v1/decisions/${id}`, { headers: { 'Deponent-Purpose': 'test' } })
  return (await response.json()) as { kind: string; record: Record<string, unknown> }
}

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(files, name)
  await writeFile(path, content)
  return path
}

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'deponent-import-'))
  server = await ServerProcess.start(await newPlace())
})
afterAll(() => server.stop())

describe('a table nobody has mapped', () => {
  test('is not recorded by a guess; a dry run prints one, and what the source does not tell', async () => {
    const refused = await run([fixture('scores.csv')])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/--mapping.*--dry-run guesses/)])
    const dry = await run([fixture('scores.csv'), '--dry-run'])
    expect(dry).toMatchObject({ code: 0, lines: 2, records: 4, recorded: 0, rejected: 0, format: 'csv' })
    expect(dry.fidelity).toMatchObject({ decisions: 2, complete: 6 })
    const shown = await runCommand(['import', fixture('scores.csv'), '--dry-run'])
    expect(shown.stdout).toMatch(/^lawfulBasis +0 of 2 +high\/1 +GDPR Art\. 6$/m)
    const mapping = await written('mapping.json', JSON.stringify(dry.mapping))
    const set = ['--set', 'system=credit', '--set', 'lawfulBasis=contract']
    const first = await run([fixture('scores.csv'), '--mapping', mapping, ...set])
    expect(first).toMatchObject({ code: 0, recorded: 4, duplicates: 0 })
    expect((await recorded('1')).record).toMatchObject({
      modelId: 'credit',
      system: 'credit',
      basis: 'asserted',
      lawfulBasis: 'contract',
      prediction: 'high',
      confidence: 0.7,
      humanReviewed: true,
      inputFeatures: { age: 41, income: 52_000.5 },
      metadata: { branch: 'north' },
    })
    // What is no decision too.
    expect(await run([fixture('scores.csv'), '--mapping', mapping, ...set])).toMatchObject({
      code: 0,
      recorded: 0,
      duplicates: 4,
    })
  })
})

describe('an import', () => {
  const row = (id: number): object => ({ decision_id: `own-${id}`, model_id: 'm', prediction: id })

  test('is recorded with what its source did not tell, unless it brought nothing new', async () => {
    const path = await written(
      'own.jsonl',
      [row(1), row(2), 7].map((line) => JSON.stringify(line)).join('\n'),
    )
    const first = await run([path])
    expect(first).toMatchObject({
      code: 1,
      recorded: 2,
      rejected: 1,
      errors: [{ line: 3, code: 'wrong_type' }],
    })
    const { kind, record } = await recorded(first.importId!)
    expect(kind).toBe('import')
    expect(record).toMatchObject({
      source: 'own.jsonl',
      sourceDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      format: 'jsonl',
      rows: 3,
      recorded: 2,
      rejected: 1,
      errors: [{ line: 3, code: 'wrong_type' }],
      fidelity: { profile: 'critical/1', decisions: 2 },
    })
    expect(await run([path])).not.toHaveProperty('importId')
  })

  test('that was interrupted goes on where it is started again', async () => {
    const lines = Array.from({ length: 1_200 }, (_, i) => JSON.stringify({ modelId: 'm', prediction: i }))
    await run([await written('rows.jsonl', lines.slice(0, 700).join('\n'))])
    const whole = await run([await written('rows.jsonl', lines.join('\n'))])
    expect(whole).toMatchObject({ code: 0, recorded: 500, duplicates: 700 })
  })

  test('takes rows without a name for the same only where they say the same in the same place', async () => {
    const twice = `${JSON.stringify({ modelId: 'unnamed', prediction: 1 })}\n`.repeat(2)
    expect(await run([await written('unnamed.jsonl', twice)])).toMatchObject({ recorded: 2, duplicates: 0 })
    expect(await run([await written('unnamed.jsonl', twice)])).toMatchObject({ recorded: 0, duplicates: 2 })
  })

  test('reads what is compressed, several files as one, and names the file of a bad line', async () => {
    const paths = [
      await written('a.jsonl.gz', gzipSync(JSON.stringify(row(11)))),
      await written('b.jsonl.zst', zstdCompressSync(`${JSON.stringify(row(12))}\n{`)),
      await written('c.json', JSON.stringify([row(13), row(14)], undefined, 2)),
    ]
    const answer = await run(paths)
    expect(answer).toMatchObject({ code: 1, recorded: 4, rejected: 1 })
    expect(answer.errors).toMatchObject([{ file: 'b.jsonl.zst', line: 2, code: 'bad_json' }])
  })

  test('of a compressed file that ends too early says so and keeps what was read', async () => {
    const lines = Array.from({ length: 12_000 }, (_, i) => JSON.stringify(row(1_000 + i))).join('\n')
    const cut = gzipSync(lines).subarray(0, -2_000)
    const answer = await run([await written('cut.jsonl.gz', cut)])
    expect(answer.code).toBe(1)
    expect(answer.errors.at(-1)).toMatchObject({ code: 'bad_encoding' })
    expect(answer.recorded).toBeGreaterThan(1_000)
  })

  test('refuses a format nobody knows, and says which there are', async () => {
    const { code, stderr } = await run([fixture('scores.csv'), '--format', 'horoscope'])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/auto, csv, jsonl.*ai_audit_logs/)])
  })
})

describe('every source', () => {
  test.each([
    [['sagemaker.jsonl', '--set', 'modelId=credit']],
    [['bedrock.jsonl']],
    [['azureml-inputs.jsonl', 'azureml-outputs.jsonl']],
    [['databricks.jsonl']],
    [['vertex.jsonl']],
    [['litellm.jsonl']],
    [['mlflow.jsonl']],
    [['openlineage.jsonl']],
    [['cloudevents.jsonl']],
    [['cloudtrail.json']],
    [['azure-monitor.jsonl']],
    [['cloud-audit-logs.jsonl']],
  ])('is recorded once, however often it is imported: %s', async (args) => {
    const typed = args.map((arg) => (/\.jsonl?$/.test(arg) ? fixture(arg) : arg))
    const first = await run([...typed, '--set', 'system=sources'])
    expect([first.recorded, first.duplicates]).toEqual([first.records, 0])
    expect(first.recorded).toBeGreaterThan(0)
    const again = await run([...typed, '--set', 'system=sources'])
    expect(again).toMatchObject({ recorded: 0, duplicates: first.recorded, rejected: first.rejected })
  })
})

test('Parquet that another program wrote comes in row by row, numbers to their last digit', async () => {
  const path = join(files, 'scores.parquet')
  const connection = await (await DuckDBInstance.create()).connect()
  await connection.run(`COPY (
    SELECT 'p-' || i AS decision_id, 'credit' AS model_id, 9007199254740993 + i AS score_id, (i % 16) / 16 AS probability,
      TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(i) AS decided_at, {'income': i, 'tags': ['a', 'b']} AS features,
      CASE WHEN i % 2 = 0 THEN 'high' ELSE 'low' END AS prediction
    FROM range(6000) AS numbers(i) ORDER BY i) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`)
  connection.closeSync()
  const { mapping } = await run([path, '--dry-run'])
  const answer = await run([path, '--mapping', await written('parquet.json', JSON.stringify(mapping))])
  expect(answer).toMatchObject({ code: 0, format: 'parquet', lines: 6_000, recorded: 6_000, rejected: 0 })
  const { record } = await recorded('p-5999')
  expect(record).toMatchObject({
    timestamp: '2026-01-01T01:39:59.000Z',
    prediction: 'low',
    confidence: 0.9375,
    inputFeatures: { income: 5_999, tags: ['a', 'b'] },
    metadata: { score_id: '9007199254746992' },
    coerced: ['/metadata/score_id'],
  })
}, 120_000)

serverSuite('a table in PostgreSQL', noPostgres, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await Postgres.start()
    await postgres.psql('-c', await readFile(fixture('ai_audit_logs.sql'), 'utf8'))
  })
  afterAll(() => postgres.stop())

  test('comes in through psql, as JSON or as CSV, as the same decisions', async () => {
    const asJson = await postgres.psql('-c', 'SELECT row_to_json(t) FROM ai_audit_logs t ORDER BY id')
    const first = await run(['-', '--set', 'system=credit'], asJson)
    expect(first).toMatchObject({ code: 0, recorded: 2, rejected: 0, format: 'ai_audit_logs' })
    expect(first.stderr).toContain('columns model_id and id')
    expect((await recorded('ai_audit_logs-1')).record).toEqual({
      decisionId: 'ai_audit_logs-1',
      basis: 'asserted',
      system: 'credit',
      timestamp: '2026-03-01T09:00:00.250Z',
      timestampSource: '2026-03-01T09:00:00.25+00:00',
      modelId: 'credit',
      modelVersion: '4',
      userId: 'clerk-1',
      input: { income: 52_000, note: 'two\nlines, "quoted"' },
      prediction: 'declined',
      confidence: 0.8125,
      explanation: { topFeatures: [{ feature: 'income', importance: 0.5 }] },
      humanOverride: true,
      latencyMs: 41,
      metadata: { ai_audit_logs: { ledger_number: '12345678901234567890', record_hash: 'a1' } },
      coerced: ['/metadata/ai_audit_logs/ledger_number'],
    })
    const asCsv = await postgres.psql('-c', '\\copy (SELECT * FROM ai_audit_logs) TO STDOUT CSV HEADER')
    const dry = await run(['-', '--dry-run'], asCsv)
    expect(dry).toMatchObject({ code: 0, records: 2, rejected: 0, format: 'ai_audit_logs' })
  })
})
