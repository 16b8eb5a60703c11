import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { QueryError, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { type ForeignNames, guardedSql } from '../../packages/server/src/projection/queries/sql.ts'
import {
  textOfTokens,
  tokensOf,
  UnreadableSql,
} from '../../packages/server/src/projection/queries/sql-text.ts'
import { ask, decision, idOf, T0, World } from './world.ts'

const world = new World()
const sql = (text: string) => world.projection.sql(text, UNRESTRICTED)
const FOREIGN: ForeignNames = {
  own: 'deponent',
  databases: new Set(['system', 'information_schema', 'default', 'deponent_index', 'secrets']),
  functions: new Set(['file', 'sleep', 'hostname', 'initializeaggregation']),
}

beforeAll(async () => {
  world.source.add(
    decision({
      decisionId: "it's 1",
      timestamp: new Date(T0).toISOString(),
      prediction: 'high',
      confidence: 0.25,
      latencyMs: 12.5,
      costUsd: 0.002,
      inputFeatures: { race: 'Other', age: 42 },
    }),
    decision({
      timestamp: new Date(T0 + 1000).toISOString(),
      prediction: 7,
      inputFeatures: { race: 'Asian', age: 30 },
    }),
    { kind: 'outcome', record: { outcome: 1 }, target: { index: 0, id: idOf(0) } },
    { kind: 'review', record: { verdict: 'override' }, target: { index: 0, id: idOf(0) } },
    { kind: 'model.deployed', record: { modelId: 'm', modelVersion: '3' } },
  )
  await world.start()
  await world.indexed()
})

afterAll(() => world.destroy())

describe('free SQL', () => {
  test('reads the views under the names the API uses, with plain values', async () => {
    const answer =
      await sql(`SELECT index, decisionId, at, system, prediction, confidence, latencyMs, costUsd,
      \`feature.race\`, "feature.age", overridden, status FROM decisions ORDER BY index`)
    expect(answer).toEqual({
      columns: [
        { name: 'index', type: 'UInt64' },
        { name: 'decisionId', type: 'Nullable(String)' },
        { name: 'at', type: "DateTime64(3, 'UTC')" },
        { name: 'system', type: 'LowCardinality(String)' },
        { name: 'prediction', type: 'LowCardinality(Nullable(String))' },
        { name: 'confidence', type: 'Nullable(Float64)' },
        { name: 'latencyMs', type: 'Nullable(Float64)' },
        { name: 'costUsd', type: 'Nullable(Float64)' },
        { name: 'feature.race', type: 'LowCardinality(Nullable(String))' },
        { name: 'feature.age', type: 'LowCardinality(Nullable(String))' },
        { name: 'overridden', type: 'Bool' },
        { name: 'status', type: 'LowCardinality(Nullable(String))' },
      ],
      rows: [
        [
          0,
          "it's 1",
          '2026-01-10 00:00:00.000',
          'default',
          'high',
          0.25,
          12.5,
          0.002,
          'Other',
          '42',
          false,
          'ok',
        ],
        [1, null, '2026-01-10 00:00:01.000', 'default', '7', null, null, null, 'Asian', '30', false, 'ok'],
      ],
      truncated: false,
      asOf: { size: 5 },
    })
  })

  test.each([
    ['SELECT count() FROM decisions', [[2]]],
    ['select COUNT(*) from decisions;', [[2]]],
    [
      'SELECT d.index, o.outcome FROM decisions AS d LEFT JOIN outcomes o ON o.decisionIndex = toInt64(d.index) ORDER BY 1',
      [
        [0, '1'],
        [1, null],
      ],
    ],
    ['WITH recent AS (SELECT * FROM decisions WHERE confidence > 0) SELECT count() FROM recent', [[1]]],
    ["SELECT decisionId FROM decisions WHERE decisionId = 'it''s 1' -- a comment\n", [["it's 1"]]],
    ["SELECT decisionId FROM decisions WHERE decisionId = 'it\\'s 1' /* ; DROP TABLE x */", [["it's 1"]]],
    [
      'SELECT `feature.race`, quantile(0.5)(toFloat64OrNull(`feature.age`)) FROM decisions GROUP BY 1 ORDER BY 1',
      [
        ['Asian', 30],
        ['Other', 42],
      ],
    ],
    ['SELECT kind, modelId, modelVersion FROM records', [['model.deployed', 'm', '3']]],
    ['SELECT inDecision, overridden FROM reviews', [[false, true]]],
    ["SELECT countIf(at >= toDateTime64('2026-01-10 00:00:01', 3, 'UTC')) FROM decisions", [[1]]],
    ['SELECT index IN (SELECT decisionIndex FROM outcomes) FROM decisions ORDER BY index', [[1], [0]]],
    ['SELECT CAST(1 AS Nullable(UInt64)), 2::Decimal(10,2), [1,2][1], (3,4).2', [[1, 2, 1, 4]]],
    ['SELECT row_number() OVER (PARTITION BY system ORDER BY at DESC) FROM decisions ORDER BY 1', [[1], [2]]],
    ['SELECT CASE WHEN confidence > 0.1 THEN 1 ELSE -1 END FROM decisions ORDER BY index', [[1], [-1]]],
    [
      'SELECT arrayMap(x -> x + 1, [1, 2]), sumIf(1, 1 = 1), uniqExactIf(index, true) FROM decisions',
      [[[2, 3], 2, 2]],
    ],
    ['(SELECT 1) UNION ALL SELECT 1', [[1], [1]]],
    ['SELECT toUInt64(18446744073709551615)', [['18446744073709551615']]],
    ['DESCRIBE TABLE records', expect.arrayContaining([])],
    ['SHOW TABLES', [['decisions'], ['outcomes'], ['records'], ['reviews']]],
  ])('answers %s', async (text, rows) => {
    expect((await sql(text)).rows).toEqual(rows)
  })

  test('explains a question', async () => {
    expect((await sql('EXPLAIN SELECT count() FROM decisions')).rows.length).toBeGreaterThan(0)
    expect((await sql('EXPLAIN PLAN SELECT count() FROM decisions')).rows.length).toBeGreaterThan(0)
  })

  test('cuts a long answer and says so', async () => {
    const many = 'SELECT arrayJoin(range(10000)) AS n'
    expect(await sql(many)).toMatchObject({ truncated: false })
    const cut = await sql('SELECT arrayJoin(range(20000)) AS n')
    expect(cut).toMatchObject({ truncated: true })
    expect(cut.rows).toHaveLength(10_000)
  })

  test('says where a statement is wrong without quoting a value', async () => {
    const error: unknown = await sql("SELECT toUInt8('Martha') FROM decisions").catch(
      (failure: unknown) => failure,
    )
    expect(error).toMatchObject({ code: 'bad_sql', came: 'CANNOT_PARSE_TEXT' })
    expect(String(error)).not.toContain('Martha')
  })

  test('ends a statement that takes too long or too much', async () => {
    const numbers = '(SELECT arrayJoin(range(500000)) AS n)'
    const long = `SELECT sum(a.n * b.n) FROM ${numbers} AS a CROSS JOIN ${numbers} AS b`
    await expect(sql(long)).rejects.toMatchObject({ code: 'time_limit' })
    const large = `SELECT groupArray(concat(leftPad('', 10000, 'x'), toString(n))) FROM ${numbers}`
    await expect(sql(large)).rejects.toMatchObject({ code: 'memory_limit' })
    expect((await sql('SELECT 1')).rows).toEqual([[1]])
  }, 180_000)
})

/** Everything here must be refused before the engine sees it. */
const ESCAPES = [
  '',
  ';',
  'DROP TABLE decisions',
  'INSERT INTO outcomes SELECT * FROM outcomes',
  'WITH 1 AS x INSERT INTO decisions SELECT x',
  'SET readonly = 0',
  'SYSTEM SHUTDOWN',
  'KILL QUERY WHERE 1',
  "BACKUP TABLE decisions TO File('x')",
  'USE system',
  'SELECT 1; DROP TABLE decisions',
  'SELECT 1;;',
  'SELECT 1 PARALLEL WITH DROP TABLE decisions',
  "SELECT * FROM file('/etc/passwd', 'LineAsString')",
  "SELECT file('/etc/passwd')",
  "SELECT FILE('/etc/passwd')",
  "SELECT file /* */ ('/etc/passwd')",
  "SELECT file -- x\n('/etc/passwd')",
  "SELECT `file`('/etc/passwd')",
  'SELECT "file" (\'/etc/passwd\')',
  "SELECT f\u00EDle('/etc/passwd')",
  "SELECT 'a' ('/etc/passwd')",
  "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
  "WITH x -> file(x) AS f SELECT f('/etc/passwd')",
  "SELECT decisions.file('/etc/passwd')",
  "SELECT arrayMap(file, ['/etc/passwd'])",
  "SELECT arrayMap(`file`, ['/etc/passwd'])",
  "SELECT arrayMap(FILE, ['/etc/passwd'])",
  "WITH file AS f SELECT arrayMap(f, ['/etc/passwd'])",
  'SELECT * APPLY(file) FROM decisions',
  "SELECT COLUMNS('.*') FROM decisions",
  "SELECT * FROM '/etc/passwd'",
  "SELECT * FROM decisions JOIN '/etc/passwd' ON 1",
  "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
  "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV', 'a String')",
  "SELECT * FROM remote('127.0.0.1', system, one)",
  "SELECT * FROM cluster('default', system.one)",
  "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
  "SELECT * FROM sqlite('/tmp/x', 'y')",
  "SELECT * FROM executable('id', 'CSV', 'a String')",
  "SELECT * FROM input('a String')",
  "SELECT * FROM eval('SELECT 1')",
  'SELECT * FROM view(SELECT 1)',
  "SELECT * FROM merge('system', '.*')",
  'SELECT * FROM numbers(1000000000000)',
  'SELECT * FROM generateRandom()',
  "SELECT * FROM dictionary('x')",
  "SELECT dictGet('a', 'b', 1)",
  "SELECT joinGet('a', 'b', 1)",
  'SELECT sleep(3)',
  'SELECT hostName()',
  'SELECT currentUser()',
  "SELECT getSetting('readonly')",
  "SELECT catboostEvaluate('/etc/passwd', 1)",
  "SELECT initializeAggregation('count', 1)",
  "SELECT aiGenerate('x')",
  'SELECT * FROM system.users',
  'SELECT * FROM SYSTEM.users',
  'SELECT * FROM system . users',
  'SELECT * FROM system/**/.users',
  'SELECT * FROM `system`.users',
  'SELECT * FROM "system"."users"',
  'SELECT * FROM `system.users`',
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM deponent_index.decisions',
  'SELECT * FROM decisions, secrets.people',
  'SELECT 1 AS secrets FROM secrets.people',
  'SELECT 1 IN secrets.people',
  'SELECT 1 IN (secrets.people)',
  'SELECT in(1, secrets.people)',
  'SELECT * FROM `SECRETS`.people',
  "SELECT 1 INTO OUTFILE '/tmp/x'",
  "SELECT 1 INTO/**/OUTFILE '/tmp/x'",
  'SELECT 1 FORMAT Null',
  'SELECT 1 SETTINGS max_execution_time = 0',
  'SELECT 1 FROM (SELECT 1 SETTINGS readonly = 0)',
  'SELECT {x:String}',
  'SELECT @@version',
  'SELECT $$file$$',
  'SELECT $heredoc$x$heredoc$',
  'SELECT \u2018a\u2019',
  'SELECT 1 # comment',
  "SELECT 'a\0'; DROP TABLE decisions",
  "SELECT '\\x41'",
  "SELECT 'unclosed",
  'SELECT `unclosed',
  'SELECT "a`b"',
  'SELECT /* unclosed',
  '/* SELECT */ DROP TABLE decisions',
  'EXPLAIN',
  'EXPLAIN DROP TABLE decisions',
  'EXPLAIN AST DROP TABLE decisions',
  "EXPLAIN TABLE OVERRIDE mysql('a', 'b', 'c', 'd', 'e')",
  'EXPLAIN EXPLAIN SELECT 1',
  'SELECT * FROM (EXPLAIN SELECT 1)',
  "SELECT * FROM (DESCRIBE TABLE file('/etc/passwd'))",
  "DESCRIBE TABLE file('/etc/passwd', 'LineAsString')",
  'DESCRIBE system.users',
  'SHOW CREATE TABLE decisions',
  'SHOW GRANTS',
  'SHOW PROCESSLIST',
  `SELECT ${'('.repeat(100)}1${')'.repeat(100)}`,
  'SELECT 1)',
  `SELECT ${'1,'.repeat(20_000)}1`,
]

describe('the fence before the engine', () => {
  test('knows every function the engine has, and takes none of their names for a column of ours', async () => {
    for (const view of ['decisions', 'outcomes', 'reviews', 'records']) {
      const { columns } = await sql(`SELECT * FROM ${view} LIMIT 1`)
      const names = columns.map(({ name }) => `"${name}"`).join(', ')
      expect(await sql(`SELECT ${names} FROM ${view} LIMIT 1`)).toMatchObject({ columns })
    }
    for (const reader of ['file', 'FILE', 'hostName', 'catboostEvaluate']) {
      const call = sql(`SELECT arrayMap(${reader}, ['/etc/passwd'])`)
      await expect(call).rejects.toMatchObject({ code: 'sql_not_allowed' })
    }
  })

  test.each(ESCAPES)('refuses %s', (text) => {
    expect(() => guardedSql(text, FOREIGN)).toThrow(QueryError)
  })

  test('lets through what it writes, unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (value) => {
        fc.pre(!value.includes('\0'))
        const text = `SELECT count() FROM decisions WHERE decisionId = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
        const guarded = guardedSql(text, FOREIGN)
        expect(guardedSql(guarded, FOREIGN)).toBe(guarded)
        expect(tokensOf(guarded).at(-1)).toEqual({ type: 'string', text: value })
      }),
    )
  })

  test('never throws anything but its refusal, and never lets a second statement through', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '`',
      '\\',
      ';',
      '--',
      '/*',
      '*/',
      '(',
      ')',
      '.',
      ' ',
      '\n',
      'SELECT',
      'file',
      'FROM',
      'system',
      'decisions',
      '$$',
      '{a:b}',
      '0x',
      '1',
      'INTO',
      '\0',
      'é',
      '’',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = `SELECT ${pieces.join('')}`
        try {
          const guarded = guardedSql(text, FOREIGN)
          expect(textOfTokens(tokensOf(guarded))).toBe(guarded)
          expect(guarded.replaceAll(/'(?:[^'\\]|\\.)*'|`[^`]*`/g, '')).not.toMatch(
            /;|--|\/\*|\bfile\s*\(|\bsystem\s*\.|\binto\b/i,
          )
        } catch (error) {
          expect(error).toBeInstanceOf(QueryError)
          expect(error).not.toBeInstanceOf(UnreadableSql)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

test('questions and free SQL leave no trace in each other', async () => {
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const { items } = await world.projection.list(
        ask({ decisionId: i % 2 === 0 ? "it's 1" : 'nobody' }),
        UNRESTRICTED,
      )
      expect(items).toHaveLength(i % 2 === 0 ? 1 : 0)
      expect((await sql(`SELECT ${i}`)).rows).toEqual([[i]])
    }),
  )
})
